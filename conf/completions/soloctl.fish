# SPDX-License-Identifier: MIT
#
# Completion of soloctl(1) for fish.

# Of the live sessions that the caller sees, ID and account with a tab between them. What is no plain word is left out.
function __soloctl_list
    set -l words (commandline -opc)
    set -l socket
    if set -l at (contains -i -- --socket $words); and test $at -lt (count $words)
        set socket --socket $words[(math $at + 1)]
    else if set -l word (string match -- '--socket=*' $words)
        set socket $word[1]
    end
    set -l account
    for line in (soloctl $socket --json list 2>/dev/null)
        if string match -qr '^ *"account":' -- $line
            set account (string replace -rf '^ *"account": "([A-Za-z0-9_.@-]*)".*' '$1' -- $line)
        else if set -l id (string replace -rf '^ *"id": "([0-9a-f-]*)".*' '$1' -- $line)
            printf '%s\t%s\n' $id "$account"
        end
    end
end

function __soloctl_accounts
    __fish_complete_users
    __soloctl_list | string replace -rf '.*\t(.+)' '$1'
end

# PAM's services, without what is included in them and what packages leave behind.
function __soloctl_services
    for file in /etc/pam.d/*
        string match -rv '^(common-.*|other|.*\.dpkg-.*|.*~)$' -- (string replace -r '.*/' '' -- $file)
    end
end

# Those that have lines of Solo.
function __soloctl_wired
    grep -lsE '^[^#]*pam_solo\.so' /etc/pam.d/* | string replace -r '.*/' '' | string match -rv '\.dpkg-|~$'
end

function __soloctl_is
    __fish_seen_subcommand_from $argv
end

# An argument is still to come: the last word is the command or an option without a value.
function __soloctl_wants
    __fish_seen_subcommand_from $argv
    and not string match -qr -- '^(--account|--message|--socket)$' (commandline -opc)[-1]
    and not string match -qr -- '^[0-9a-f]{8}-' (commandline -opc)
end

set -l commands list show history end watch status metrics validate explain config unlock open renew close enable disable doctor

complete -c soloctl -f
complete -c soloctl -s h -l help -d 'Show the options and exit'
complete -c soloctl -l json -d 'Print JSON'
complete -c soloctl -l socket -rF -d 'Where solod listens'

set -l first "not __soloctl_is $commands"
complete -c soloctl -n $first -l version -d 'Show the version and exit'
complete -c soloctl -n $first -a list -d 'Show who is logged in'
complete -c soloctl -n $first -a show -d 'Show all that is known of one session'
complete -c soloctl -n $first -a history -d 'Show who was logged in, and why sessions are over'
complete -c soloctl -n $first -a end -d 'End a session, or all sessions of an account'
complete -c soloctl -n $first -a watch -d 'Show what happens, as it happens'
complete -c soloctl -n $first -a status -d 'Show how solod is doing'
complete -c soloctl -n $first -a metrics -d 'Print counters and measures as OpenMetrics text'
complete -c soloctl -n $first -a validate -d 'Tell whether a session is active, and if not, why'
complete -c soloctl -n $first -a explain -d 'Tell what would happen to a login, and which rule says so'
complete -c soloctl -n $first -a config -d 'Show the configuration and where each value comes from'
complete -c soloctl -n $first -a unlock -d 'Let an account log in again whose logins kept ending each other'
complete -c soloctl -n $first -a open -d 'Open a leased session, which lasts until it is not renewed'
complete -c soloctl -n $first -a renew -d 'Make a leased session last another while'
complete -c soloctl -n $first -a close -d 'Close a leased session'
complete -c soloctl -n $first -a enable -d 'Have services ask solod'
complete -c soloctl -n $first -a disable -d 'Have services ask solod no more'
complete -c soloctl -n $first -a doctor -d 'Look for what is wrong with the set-up'

complete -c soloctl -n '__soloctl_wants show end validate renew close' -a '(__soloctl_list)'
complete -c soloctl -n '__soloctl_wants unlock' -a '(__soloctl_accounts)'
complete -c soloctl -n '__soloctl_is enable' -a '(__soloctl_services)'
complete -c soloctl -n '__soloctl_is disable' -a '(__soloctl_wired)'
complete -c soloctl -n '__soloctl_is enable disable' -l dry-run -d 'Only show the change'
complete -c soloctl -n '__soloctl_is disable' -l all -d 'Every service that has a line'
complete -c soloctl -n '__soloctl_is list' -l all -d 'Sessions that are over, too'
complete -c soloctl -n '__soloctl_is list history' -s n -l limit -x -d 'Only the newest so many'
complete -c soloctl -n '__soloctl_is list history end explain open' -l account -xa '(__soloctl_accounts)' -d 'The account'
complete -c soloctl -n '__soloctl_is end' -l message -x -d 'Shown on the terminal'
complete -c soloctl -n '__soloctl_is explain open' -l service -xa '(__soloctl_services)' -d 'Through which service'
complete -c soloctl -n '__soloctl_is explain open' -l rhost -xa '(__fish_print_hostnames)' -d 'From where'
complete -c soloctl -n '__soloctl_is open' -l ttl -x -d 'How long it lasts from each renewal, in seconds'
complete -c soloctl -n '__soloctl_is open' -l takeover -d 'End the session in the way, where OnConflict=ask would ask'
complete -c soloctl -n '__soloctl_is config' -l config -rF -d 'Read this file'
