#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What bash, zsh and fish offer when TAB is typed after a soloctl command, from the files as they are installed.

bats_require_minimum_version 1.5.0
load ../support/suite

shells=(bash zsh fish)

setup_file() {
    add_account alice
    test_service solo-test
    cp /etc/pam.d/solo-test /etc/pam.d/solo-test.dpkg-old
    serve
}

# What each shell offers at the end of LINE, a line each.
bash_offers() {
    bash --norc -c '
        shopt -s extglob
        source /usr/share/bash-completion/completions/soloctl
        # As readline takes the line apart: at blanks, and around each =.
        read -ra COMP_WORDS <<<"${1//=/ = }"
        [[ $1 != *[\ =] || $1 == *= ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _soloctl
        printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}
# shellcheck disable=SC2154 # host.bash assigns support_dir.
zsh_offers() { "$support_dir/zsh_offers" "$1"; }
# shellcheck disable=SC2016 # fish expands it.
fish_offers() { HOME=$HOST_DIR fish --private -c 'complete -C $argv[1]' "$1" | cut -f 1; }

# offers LINE CANDIDATE...: each shell offers exactly these.
offers() {
    local line=$1 shell
    shift
    for shell in "${shells[@]}"; do
        assert_equal "$shell: $(printf '%s\n' "$@" | sort)" "$shell: $("${shell}_offers" "$line" | sort)"
    done
}

# options COMMAND...: the options that --help lists, and the two that stand with every command.
options() {
    soloctl "$@" --help | sed -nE 's/^ +((-[a-z]),)?(--[a-z-]+).*/\2 \3/p'
    echo --json --socket
}

commands() { soloctl --help | awk '/^Subcommands:/ { inside = 1; next } inside && NF { print $1 }'; }

@test "every shell offers every command" {
    # shellcheck disable=SC2046 # A word each.
    offers 'soloctl ' $(commands)
    offers 'soloctl --json sh' show
}

@test "every shell offers every option of every command, and no other" {
    local command
    # shellcheck disable=SC2046 # A word each.
    for command in $(commands); do
        offers "soloctl $command -" $(options "$command" | tr ' ' '\n' | sort -u)
    done
}

@test "every shell offers the live sessions where an id is wanted, and no second one" {
    local one command
    login_in one --account alice
    one=$(session_of alice)
    for command in show end validate renew close; do
        offers "soloctl $command ${one:0:4}" "$one"
    done
    offers "soloctl end $one 0"
    offers "soloctl list ${one:0:4}"
}

@test "every shell asks the solod that the line names" {
    local one
    login_in one --account alice
    one=$(session_of alice)
    offers "soloctl --socket /nowhere show ${one:0:4}"
    ln -s sessions.sock /run/solo/other.sock
    offers "soloctl --socket /run/solo/other.sock show ${one:0:4}" "$one"
    offers "soloctl --socket=/run/solo/other.sock end ${one:0:4}" "$one"
}

@test "every shell offers accounts, of the host and of the sessions" {
    local command
    login_in one --account alien
    for command in 'end --account' 'open --account' unlock; do
        offers "soloctl $command ali" alice alien
    done
    run bash_offers "soloctl explain --account=alic" # of one word of the shell
    assert_output alice
    run zsh_offers "soloctl explain --account=alic"
    assert_output alice
    run fish_offers "soloctl explain --account=alic" # of the whole
    assert_output --account=alice
}

@test "every shell offers the services of PAM, and no left-over" {
    offers 'soloctl explain --service solo' solo-test
    offers 'soloctl open --service common-'
}

@test "every shell offers services to enable, one after the other, and to disable those that are" {
    offers 'soloctl enable solo' solo-test
    offers 'soloctl enable login ssh' sshd
    offers 'soloctl disable s' solo-test
    offers 'soloctl disable ssh'
}

@test "every shell offers files for a configuration and a socket" {
    mkdir "$HOST_DIR/place"
    cd "$HOST_DIR/place"
    touch some.conf
    offers 'soloctl config --config so' some.conf
    offers 'soloctl --socket so' some.conf
}

@test "nothing is offered for a text or a number" {
    offers 'soloctl end --message s'
    offers 'soloctl list -n 1'
    offers 'soloctl open --ttl 1'
}
