#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who is let in: through real sshd, scp, sftp, login(1) and su(1), as solo.conf says it; and what soloctl shows of it.

bats_require_minimum_version 1.5.0
load ../support/suite

already='This account is already logged in from 127\.0\.0\.1 \(sshd\) since [0-9]{2}:[0-9]{2}\.'

setup_file() {
    add_accounts alice bob carol
    groupadd contractors
    usermod --append --groups contractors carol
    useradd --no-create-home --home-dir /home/alice --shell /bin/bash --non-unique --uid "$(id --user alice)" alicia
    # A wrong password would cost two seconds.
    sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth
    pam_services sshd login su-l
    test_service solo-test
    serve
    start_sshd
}

# refused CMD...: the login is refused as ssh says it: status 255, the reason on stderr, and nothing on stdout.
refused() {
    run --separate-stderr "$@"
    assert_status 255
    assert_output ""
    # shellcheck disable=SC2154 # bats assigns stderr.
    [[ $stderr =~ $already ]] || fail "expected on stderr: $already" "found: $stderr"
}

# --- refuse -----------------------------------------------------------------------------------------------------------

@test "a second login by ssh is refused with status 255 and told why, and the first one stays" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    refused ssh_as alice echo in
    assert_journal 'authpriv\.notice sshd\[[0-9]+\]: pam_solo\(sshd:account\): alice refused by \[Policy\] OnConflict (.*): This'
    assert_journal "authpriv\.notice solod: refused: alice from 127\.0\.0\.1 \(sshd\): $already"
    assert_running one
    assert_equal "$session" "$(session_of alice)"
    assert_equal 1 "$(count_sessions)"
}

@test "logging out frees the slot" {
    ssh_in alice one
    stop one
    wait_until 5 no_sessions
    run ssh_as alice echo in
    assert_status 0
    assert_output in
}

@test "a command that is over leaves no session behind" {
    local round
    for round in 1 2 3; do
        run ssh_as alice echo "$round"
        assert_status 0
        wait_until 5 no_sessions
        assert_equal logout "$(field Reason "$(last_session_of alice)")"
    done
}

@test "another account is not concerned" {
    ssh_in alice one
    ssh_in bob two
    assert_running one
    assert_equal 2 "$(count_sessions)"
}

@test "two names of one uid are one account" {
    ssh_in alicia one
    assert_equal 1 "$(count_sessions alice)"
    refused ssh_as alice echo in
}

@test "root gets in any number of times, is on record and takes no slot" {
    ssh_in root one
    ssh_in root two
    assert_equal 2 "$(count_sessions root)"
    assert_equal '' "$(field Slot "$(session_of root)")"
    stop one
    stop two
}

@test "the session's id is in the environment of the login" {
    # shellcheck disable=SC2016 # The shell of the login expands it.
    run ssh_as alice 'echo $SOLO_SESSION_ID'
    assert_status 0
    assert_output "$(last_session_of alice)"
}

@test "Message is told after the reason, and RevealHolder=no keeps where the holder is" {
    reconfigure $'[Policy]\nRevealHolder=no\nMessage=Call 42 if that was not you.'
    ssh_in alice one
    run --separate-stderr ssh_as alice echo in
    assert_status 255
    [[ $stderr == *"This account is already logged in. Call 42 if that was not you."* ]] || fail "$stderr"
}

# --- supersede --------------------------------------------------------------------------------------------------------

@test "with OnConflict=supersede the new login gets in, and the first one is logged out" {
    local first
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    first=$(session_of alice)
    ssh_in alice two
    assert_equal 255 "$(status_of one)"
    assert_running two
    assert_equal 1 "$(count_sessions alice)"
    assert_equal ended "$(field State "$first")"
    assert_equal superseded "$(field Reason "$first")"
    assert_equal "$(session_of alice)" "$(field 'Superseded by' "$first")"
}

@test "a wrong password ends nobody's session" {
    local session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    session=$(session_of alice)
    ACCOUNT_PASSWORD=wrong run ssh_by password alice echo in
    assert_status 5
    ACCOUNT_PASSWORD=wrong run ssh_by keyboard-interactive alice echo in
    assert_status 5
    assert_running one
    assert_equal active "$(field State "$session")"
    assert_no_journal "solod: (superseding|ending).*$session"
}

@test "a second factor that fails ends nobody's session, though the account phase has run" {
    local session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    session=$(session_of alice)
    stop_sshd
    start_sshd 'AuthenticationMethods keyboard-interactive,publickey' 'LogLevel DEBUG1'
    make_key stranger_key
    run sshpass -p "$ACCOUNT_PASSWORD" ssh -i "$HOST_DIR/stranger_key" "${SSH_OPTIONS[@]/$HOST_DIR\/client_key/$HOST_DIR\/stranger_key}" \
        alice@127.0.0.1 echo in
    stop_sshd
    start_sshd
    assert_status 255
    assert_output_has 'Permission denied (publickey).'
    assert_journal 'sshd.*Partial keyboard-interactive/pam for alice'
    assert_running one
    assert_equal active "$(field State "$session")"
    assert_no_journal "solod: (superseding|ending).*$session"
}

# --- policy -----------------------------------------------------------------------------------------------------------

@test "with MaxSessions=2 two logins get in and a third one is refused" {
    reconfigure $'[Policy]\nMaxSessions=2'
    ssh_in alice one
    ssh_in alice two
    refused ssh_as alice echo in
    assert_equal 2 "$(count_sessions alice)"
    stop one
    wait_until 5 has_sessions 1 alice
    ssh_in alice three
}

@test "a section for a user holds for that user alone" {
    reconfigure $'[User alice]\nMaxSessions=2'
    ssh_in alice one
    ssh_in alice two
    ssh_in bob three
    refused ssh_as bob echo in
}

@test "a section for a group holds for its members alone" {
    reconfigure $'[Group contractors]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    refused ssh_as alice echo in
    ssh_in carol two
    run ssh_as carol echo in
    assert_status 0
    assert_output in
    assert_equal 255 "$(status_of two)"
}

@test "a section for a service holds for that service alone" {
    reconfigure $'[Service solo-test]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    refused ssh_as alice echo in
    run "${LOGIN[@]}"
    assert_status 0
    assert_equal 255 "$(status_of one)"
}

@test "an exempt user logs in as often as they like" {
    reconfigure $'[Policy]\nExemptUsers=root bob'
    ssh_in bob one
    ssh_in bob two
    ssh_in alice three
    refused ssh_as alice echo in
    assert_equal 2 "$(count_sessions bob)"
}

@test "a member of an exempt group logs in as often as they like" {
    reconfigure $'[Policy]\nExemptGroups=contractors'
    ssh_in carol one
    ssh_in carol two
    assert_equal 2 "$(count_sessions carol)"
}

@test "with Enforce=no a second login gets in, and the log says what would have happened" {
    reconfigure $'[Policy]\nEnforce=no'
    ssh_in alice one
    run ssh_as alice echo in
    assert_status 0
    assert_output in
    assert_running one
    assert_journal "authpriv\.notice solod: would_refuse: alice from 127\.0\.0\.1 \(sshd\).*$already"
}

# --- services that are no login ---------------------------------------------------------------------------------------

@test "su without -l, sudo and cron are not counted, and work while the account is logged in" {
    local service
    pam_service su
    ssh_in alice one
    run su alice -c 'echo in'
    assert_status 0
    assert_output in
    for service in sudo cron systemd-user; do
        test_service "$service"
        run "${LOGIN[@]}" --service "$service"
        assert_status 0
        assert_output $'account PAM_SUCCESS\nopen PAM_SUCCESS\nid \nclose PAM_SUCCESS'
    done
    assert_equal 1 "$(count_sessions)"
    assert_equal sshd "$(field Service "$(last_session_of alice)")"
}

@test "su -l is a login: it holds the slot" {
    background one su -l alice -c 'echo in; exec sleep 1000'
    started one grep -q in "$HOST_DIR/one.out"
    assert_equal su-l "$(field Service "$(session_of alice)")"
    run --separate-stderr ssh_as alice echo in
    assert_status 255
    [[ $stderr == *"This account is already logged in from "*"su-l"* ]] || fail "$stderr"
}

@test "su -l is refused while the account is logged in" {
    ssh_in alice one
    run --separate-stderr su -l alice -c 'echo in'
    assert_status 1
    assert_output ""
    [[ $stderr =~ $already ]] || fail "$stderr"
    assert_running one
}

@test "su -l to oneself from inside one's own session joins that session" {
    local session
    run ssh_as alice "printf '%s\n' '$ACCOUNT_PASSWORD' | su -l alice -c 'echo joined'"
    assert_status 0
    assert_output_has joined
    wait_until 5 no_sessions
    assert_equal sshd "$(field Service "$(last_session_of alice)")"
    # From inside somebody else's session it is a login like any other.
    ssh_in alice one
    run ssh_as bob "printf '%s\n' '$ACCOUNT_PASSWORD' | su -l alice -c 'echo joined'"
    assert_status 1
    assert_output_lacks joined
}

@test "login(1) holds the slot, and shows its terminal" {
    login_as alice 'sleep 1000' >"$HOST_DIR/terminal" 3>&- &
    wait_until 5 session_of alice
    assert_equal login "$(field Service "$(session_of alice)")"
    [[ $(field Terminal "$(session_of alice)") == *pts/* ]]
    run --separate-stderr ssh_as alice echo in
    assert_status 255
    [[ $stderr =~ already\ logged\ in\ from\ (/dev/)?pts/[0-9]+\ \(login\)\ since ]] || fail "$stderr"
    soloctl end "$(session_of alice)"
    wait $! || true
}

@test "login(1) is refused while the account is logged in, and says why on the terminal" {
    ssh_in alice one
    run login_as alice 'echo in'
    assert_status 1
    [[ $output =~ $already ]] || fail "$output"
    assert_running one
}

# --- ssh in all its forms ---------------------------------------------------------------------------------------------

@test "logins with a password and with keyboard-interactive get in, and are refused with the reason" {
    local method
    for method in password keyboard-interactive; do
        run ssh_by "$method" alice echo in
        assert_status 0
        assert_output in
        wait_until 5 no_sessions
    done
    ssh_in alice one
    for method in password keyboard-interactive; do
        run ssh_by "$method" alice echo in
        [[ $status != 0 && $output =~ $already ]] || fail "$method: status $status" "$output"
    done
    assert_running one
}

@test "what scp and sftp carry arrives as it was, with no stray text" {
    local file=$HOST_DIR/file
    head --bytes=100000 /dev/urandom >"$file"
    run scp "${SSH_OPTIONS[@]}" "$file" alice@127.0.0.1:up
    assert_status 0
    assert_output ""
    wait_until 5 no_sessions
    cmp "$file" /home/alice/up
    run scp -O "${SSH_OPTIONS[@]}" alice@127.0.0.1:up "$file.down"
    assert_status 0
    assert_output ""
    wait_until 5 no_sessions
    cmp "$file" "$file.down"
    run --separate-stderr sftp -q -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 <<<"-get up $file.sftp"
    assert_status 0
    assert_output "sftp> -get up $file.sftp"
    assert_equal "" "$stderr"
    cmp "$file" "$file.sftp"
}

@test "a login that supersedes gets no stray text into scp, sftp or a command's output" {
    local file=$HOST_DIR/file
    head --bytes=100000 /dev/urandom >"$file"
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    run scp "${SSH_OPTIONS[@]}" "$file" alice@127.0.0.1:superseding
    assert_status 0
    assert_output ""
    cmp "$file" /home/alice/superseding
    assert_equal 255 "$(status_of one)"
    ssh_in alice two
    run --separate-stderr sftp -q -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 <<<"-get superseding $file.sftp"
    assert_status 0
    assert_output "sftp> -get superseding $file.sftp"
    cmp "$file" "$file.sftp"
    ssh_in alice three
    run --separate-stderr ssh_as alice echo in
    assert_status 0
    assert_output in
}

@test "scp and sftp that are refused write nothing to standard output and no file" {
    ssh_in alice one
    run --separate-stderr scp "${SSH_OPTIONS[@]}" /etc/passwd alice@127.0.0.1:refused
    assert_output ""
    [[ $status != 0 && $stderr =~ $already && ! -e /home/alice/refused ]] || fail "status $status" "$stderr"
    run --separate-stderr sftp -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 <<<"put /etc/passwd refused"
    assert_output ""
    [[ $status != 0 && $stderr =~ $already && ! -e /home/alice/refused ]] || fail "status $status" "$stderr"
    assert_running one
}

@test "a login that only the session phase refuses gets no stray text, and no shell" {
    # As it happens when two logins pass the account phase at the same time.
    sed -i '/^account requisite pam_solo/d' /etc/pam.d/sshd
    ssh_in alice one
    run --separate-stderr ssh_as alice echo in
    assert_status 254
    assert_output ""
    run --separate-stderr scp "${SSH_OPTIONS[@]}" /etc/passwd alice@127.0.0.1:refused
    assert_output ""
    [[ $status != 0 && ! -e /home/alice/refused ]]
    assert_journal 'pam_solo\(sshd:session\): alice refused by'
    assert_running one
    wait_until 5 has_sessions 1 alice
}

@test "ssh -N is a login" {
    ssh_background alice one -N
    wait_until 5 session_of alice
    refused ssh_as alice echo in
    stop one
    wait_until 5 no_sessions
}

@test "a login by ssh -N is refused too" {
    ssh_in alice one
    refused ssh_as alice -N
}

@test "several channels of one ssh connection are one login" {
    local control=$HOST_DIR/control
    background master ssh -o ControlMaster=yes -o ControlPath="$control" "${SSH_OPTIONS[@]}" -o BatchMode=yes -N \
        alice@127.0.0.1
    started master test -S "$control"
    background one ssh -o ControlPath="$control" -F none alice@127.0.0.1 'echo in; exec sleep 1000'
    started one grep -q in "$HOST_DIR/one.out"
    run ssh -o ControlPath="$control" -F none alice@127.0.0.1 echo in
    assert_status 0
    assert_output in
    assert_running one
    assert_equal 1 "$(count_sessions alice)"
    refused ssh_as alice echo in
}

# --- soloctl ----------------------------------------------------------------------------------------------------------

@test "soloctl list and show say who is logged in, since when and from where" {
    local session leader
    run soloctl list
    assert_status 0
    assert_output "No sessions."
    ssh_in alice one
    session=$(session_of alice)
    leader=$(pgrep -f '^sshd: alice \[priv\]')
    run soloctl list
    assert_status 0
    assert_equal 2 "${#lines[@]}"
    [[ ${lines[0]} =~ ^ID\ +ACCOUNT\ +STATE\ +SERVICE\ +FROM\ +SINCE\ +LEADER$ ]] || fail "$output"
    [[ ${lines[1]} =~ ^$session\ +alice\ +active\ +sshd\ +127\.0\.0\.1\ +[0-9:]{8}\ +$leader$ ]] || fail "$output"
    run soloctl show "$session"
    assert_status 0
    assert_equal "$leader" "$(field Leader "$session")"
    assert_equal 127.0.0.1 "$(field 'Remote host' "$session")"
    assert_equal "$(id --user alice)" "$(field UID "$session")"
    assert_equal solo-test "$(field Host "$session")"
    assert_equal 0 "$(field Slot "$session")"
}

@test "everyone sees their own sessions only, and root sees all" {
    local session
    ssh_in alice one
    ssh_in bob two
    session=$(session_of alice)
    run setpriv --reuid alice --clear-groups soloctl list
    assert_equal 2 "${#lines[@]}"
    assert_output_has "$session"
    run setpriv --reuid bob --clear-groups soloctl list
    assert_equal 2 "${#lines[@]}"
    assert_output_lacks alice
    run setpriv --reuid bob --clear-groups soloctl show "$session"
    assert_status 1
    assert_output_has "permission denied"
    run soloctl list
    assert_equal 3 "${#lines[@]}"
}

@test "soloctl validate says whether a session is active, and if not, why" {
    local session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one
    session=$(session_of alice)
    run soloctl validate "$session"
    assert_status 0
    assert_output "The session is active (active)."
    ssh_in alice two
    run soloctl validate "$session"
    assert_status 1
    assert_output "The session is not active: ended (superseded): The session was superseded by a login from 127.0.0.1 (sshd)."
}

@test "soloctl status counts what has happened" {
    local before
    counts() { soloctl status | awk '$1 == "Sessions" { print $2 } $1 == "Logins" { print $2, $4, $6 }' | xargs; }
    read -ra before <<<"$(counts)"
    ssh_in alice one
    refused ssh_as alice echo in
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice two
    run soloctl status
    assert_status 0
    assert_equal "$((before[0] + 1)) $((before[1] + 2)) $((before[2] + 1)) $((before[3] + 1))" "$(counts)"
}

@test "soloctl exits with 3 where there is no daemon, with 2 for a wrong usage, with 1 for an unknown session" {
    run soloctl --socket /run/nowhere.sock list
    assert_status 3
    run soloctl lost
    assert_status 2
    run soloctl show 01900000-0000-7000-8000-000000000001
    assert_status 1
}
