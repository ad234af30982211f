# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of soloctl(1) for bash. Needs no package besides.

# A field of the live sessions that the caller sees: id or account. What is no plain word is left out.
_soloctl_sessions() {
    soloctl "${socket[@]}" --json list 2>/dev/null | sed -n "s/^ *\"$1\": \"\([A-Za-z0-9_.@-]*\)\".*/\1/p"
}

_soloctl_accounts() { compgen -u; _soloctl_sessions account; }

# PAM's services, without what is included in them and what packages leave behind.
_soloctl_services() {
    local file
    for file in /etc/pam.d/*; do
        file=${file##*/}
        [[ $file == @(common-*|other|*.dpkg-*|*\~|\*) ]] || printf '%s\n' "$file"
    done
}

# Those that have lines of Solo.
_soloctl_wired() { grep -lsE '^[^#]*pam_solo\.so' /etc/pam.d/* | sed 's|.*/||; /\.dpkg-\|~$/d'; }

# What may follow an option of that name; status 1 where it takes no value.
_soloctl_value() {
    case $1 in
    --account) _soloctl_accounts ;;
    --service) _soloctl_services ;;
    --rhost) compgen -A hostname ;;
    --socket | --config)
        compopt -o filenames 2>/dev/null
        compgen -f -- "$2"
        ;;
    --message | --ttl | -n | --limit) ;;
    *) return 1 ;;
    esac
}

_soloctl_options() {
    printf '%s\n' -h --help --json --socket
    case $1 in
    '') echo --version ;;
    list) printf '%s\n' --account --all -n --limit ;;
    history) printf '%s\n' --account -n --limit ;;
    end) printf '%s\n' --account --message ;;
    explain) printf '%s\n' --account --service --rhost ;;
    enable) echo --dry-run ;;
    disable) printf '%s\n' --all --dry-run ;;
    config) echo --config ;;
    open) printf '%s\n' --account --service --rhost --ttl --takeover ;;
    esac
}

_soloctl_arguments() {
    case $1 in
    '') printf '%s\n' list show history end watch status metrics validate explain config unlock open renew close enable disable doctor ;;
    show | end | validate | renew | close) _soloctl_sessions id ;;
    unlock) _soloctl_accounts ;;
    enable) _soloctl_services ;;
    disable) _soloctl_wired ;;
    esac
}

_soloctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    # bash takes --account=alice for three words.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    local i command='' argument='' candidates
    local -a socket=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case ${COMP_WORDS[i]} in
        --socket | --account | --service | --rhost | --config | --message | --ttl | -n | --limit)
            local option=${COMP_WORDS[i++]}
            [[ ${COMP_WORDS[i]} != = ]] || ((++i))
            [[ $option != --socket ]] || socket=(--socket "${COMP_WORDS[i]}")
            ;;
        -* | =) ;;
        *) if [[ $command ]]; then argument=${COMP_WORDS[i]}; else command=${COMP_WORDS[i]}; fi ;;
        esac
    done

    if ! candidates=$(_soloctl_value "$prev" "$cur"); then
        if [[ $cur == -* ]]; then
            candidates=$(_soloctl_options "$command")
        elif [[ ! $argument || $command == @(enable|disable) ]]; then
            candidates=$(_soloctl_arguments "$command")
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$cur")
}

complete -F _soloctl soloctl
