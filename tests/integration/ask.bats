#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# OnConflict=ask: who is asked, what the answers do, and who cannot be asked; through real sshd, login(1) and su(1).

bats_require_minimum_version 1.5.0
load ../support/suite

already='alice is logged in from 127\.0\.0\.1 \(sshd\) since [0-9]{2}:[0-9]{2}\.'
question="$already End that session\\? \\[y/N\\] "
# These tests are a contest.
ask=$'[Policy]\nOnConflict=ask\nContestLimit=1000'

setup_file() {
    add_accounts alice bob
    pam_services sshd login su-l
    test_service solo-test
    cp -r /etc/pam.d "$HOST_DIR/"
    # answer ANSWER GATE CMD...: logs in with the password, waits for the file GATE when asked, gives ANSWER and stays.
    cat >"$HOST_DIR/answer" <<'END'
lassign $argv answer gate
set timeout 20
spawn -noecho {*}[lrange $argv 2 end]
expect "Password:" { send "$env(ACCOUNT_PASSWORD)\r" } timeout { exit 124 } eof { exit [lindex [wait] 3] }
expect {
    "y/N] " { while {![file exists $gate]} { after 10 }; send -- $answer; exp_continue }
    -re {\$ } { send "env; echo in \$((6 * 7)); exec sleep 1000\r" }
    timeout { exit 124 }
    eof { exit [lindex [wait] 3] }
}
set timeout -1
expect eof
exit [lindex [wait] 3]
END
    configure "$ask"
    start_solod
    start_sshd
}

setup() {
    export ACCOUNT_PASSWORD
    gate=$HOST_DIR/gate
    rm -f "$gate"
    mark_test
}

teardown() {
    show_failed_test
    log_everyone_out
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
    [[ $(</etc/solo/solo.conf) == "$ask" ]] || reconfigure "$ask"
}

# asked_by HOW TAG ANSWER [GATE]: alice logs in by HOW as TAG, and answers.
asked_by() {
    local command
    case $1 in
        key) command=("${SSH[@]}" -tt alice@127.0.0.1) ;;
        ssh) command=("${SSH[@]}" -tt -o PreferredAuthentications=keyboard-interactive alice@127.0.0.1) ;;
        login) command=(login alice) ;;
        su) command=(setpriv --reuid bob --regid bob --init-groups su -l alice) ;;
    esac
    background "$2" expect "$HOST_DIR/answer" "$3" "${4:-/}" "${command[@]}"
}

# is_asked TAG: the question is on the terminal.
is_asked() { grep -Eq "$question" "$HOST_DIR/$1.out"; }

# is_in TAG: it has a shell.
is_in() { grep -q 'in 42' "$HOST_DIR/$1.out"; }

# stays TAG SESSION: the first login is as it was.
stays() {
    assert_running "$1"
    assert_equal active "$(field State "$2")"
    assert_equal 1 "$(count_sessions alice)"
    assert_no_journal "solod: (superseding|ending).*$2"
}

# --- who is asked -----------------------------------------------------------------------------------------------------

@test "a person who says yes gets in, and the first login is gone" {
    local how first
    for how in ssh login su; do
        ssh_in alice one
        first=$(session_of alice)
        asked_by "$how" two $'y\r'
        started two is_in two
        is_asked two
        assert_equal 1 "$(grep -Ec 'is logged in' "$HOST_DIR/two.out")"
        assert_equal 255 "$(status_of one)"
        is_over "$first" superseded
        assert_equal 1 "$(count_sessions alice)"
        assert_equal "$(session_of alice)" "$(field 'Superseded by' "$first")"
        # Nothing of the consent is left in the environment of the session.
        grep -q "^SOLO_SESSION_ID=$(session_of alice)" "$HOST_DIR/two.out"
        run ! grep SOLO_TAKEOVER "$HOST_DIR/two.out"
        log_everyone_out
    done
}

@test "any other answer is a no: the login is refused with the reason, and the first one stays" {
    local how answer first
    ssh_in alice one
    first=$(session_of alice)
    # The last one is the end of the input.
    for answer in $'\r' $'no\r' $'N\r' $'yess\r' $'\xff\r' $'\004'; do
        for how in ssh login; do
            asked_by "$how" two "$answer"
            [[ $(status_of two) == @(1|255) ]]
            is_asked two
            assert_equal 2 "$(grep -Eo "$already" "$HOST_DIR/two.out" | wc -l)"
            run ! is_in two
        done
    done
    stays one "$first"
}

@test "a person who goes away while being asked ends nobody" {
    local how first
    ssh_in alice one
    first=$(session_of alice)
    for how in ssh login; do
        asked_by "$how" two y "$gate"
        started two is_asked two
        pkill -KILL -P "$(pid_of two)"
        touch "$gate"
        wait_until 10 ended two
        rm "$gate"
    done
    # So does sshd with who takes too long.
    stop_sshd
    start_sshd 'LoginGraceTime 3'
    asked_by ssh two $'y\r' "$gate"
    started two is_asked two
    wait_until 10 gone "$(pgrep --newest -f '^sshd: alice \[pam\]')"
    touch "$gate"
    assert_equal 255 "$(status_of two)"
    stop_sshd
    start_sshd
    stays one "$first"
}

@test "a person may think for longer than solod may take to answer" {
    local how
    for how in sshd login; do
        pam_service "$how" timeout=1
    done
    for how in ssh login; do
        ssh_in alice one
        asked_by "$how" two $'y\r' "$gate"
        started two is_asked two
        sleep 1.1 # Time itself is what this is about.
        touch "$gate"
        started two is_in two
        rm "$gate"
        log_everyone_out
    done
}

@test "a yes finds nobody to end where the first login has gone meanwhile" {
    local first
    ssh_in alice one
    first=$(session_of alice)
    asked_by ssh two $'y\r' "$gate"
    started two is_asked two
    stop one
    wait_until 5 no_sessions alice
    touch "$gate"
    started two is_in two
    is_over "$first" logout
}

@test "of two people who both say yes one stays, and at no moment were there two" {
    local first
    ssh_in alice one
    first=$(session_of alice)
    asked_by ssh two $'y\r' "$gate"
    asked_by login three $'y\r' "$gate"
    started two is_asked two
    started three is_asked three
    touch "$gate"
    # One of them ends the first login, the other ends that one.
    assert_equal 255 "$(status_of one)"
    wait_until 20 one_of_the_two_is_left
    is_over "$first" superseded
    wait_until 5 has_sessions 1 alice
    assert_equal 0 "$(sqlite3 /var/lib/solo/sessions.db "SELECT count(*) FROM session a JOIN session b ON a.id < b.id
        WHERE a.account = 'alice' AND b.account = 'alice' AND b.opened < coalesce(a.ended, 9e18) AND a.opened < coalesce(b.ended, 9e18)")"
}

one_of_the_two_is_left() {
    { ended two && is_in three && ! ended three; } || { ended three && is_in two && ! ended two; }
}

@test "the question has the site's own words, and with RevealHolder=no not where the holder is" {
    reconfigure "$ask"$'\nRevealHolder=no\nMessage=Call 42, {account}.'
    ssh_in alice one
    asked_by login two $'n\r'
    assert_equal 1 "$(status_of two)"
    grep -q 'alice is logged in\. Call 42, alice\. End that session? \[y/N\] ' "$HOST_DIR/two.out"
    assert_equal 2 "$(grep -c 'Call 42, alice' "$HOST_DIR/two.out")"
}

@test "who logs in with a key is asked where keyboard-interactive follows" {
    stop_sshd
    start_sshd 'AuthenticationMethods publickey,keyboard-interactive'
    asked_by key one $'n\r'
    started one is_in one
    run ! is_asked one
    asked_by key two $'y\r'
    started two is_in two
    is_asked two
    assert_equal 255 "$(status_of one)"
    stop_sshd
    start_sshd
}

# --- who cannot be asked ----------------------------------------------------------------------------------------------

# refused CMD...: as ssh says it: status 255, the reason on stderr, no question, and nothing on stdout.
refused() {
    run --separate-stderr "$@"
    [[ $status == 255 || $status == 1 ]] || fail "status $status"
    assert_output ""
    # shellcheck disable=SC2154 # bats assigns stderr.
    [[ $stderr =~ $already && $stderr != *'y/N'* ]] || fail "expected on stderr: $already" "found: $stderr"
}

@test "where nobody can be asked a login is refused with the reason, and the first one stays" {
    local first
    ssh_in alice one
    first=$(session_of alice)
    refused ssh_as alice echo in
    refused ssh_as alice -tt
    refused ssh_as alice -N
    refused ssh_by password alice echo in
    refused scp "${SSH_OPTIONS[@]}" /etc/passwd alice@127.0.0.1:refused
    refused sftp -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 <<<'-put /etc/passwd refused'
    [[ ! -e /home/alice/refused ]]
    stays one "$first"
}

@test "a login that the session phase finds occupied is refused, as nobody was asked" {
    local first
    ssh_in alice one
    first=$(session_of alice)
    run "${LOGIN[@]}" --no-account
    assert_status 1
    assert_output 'open PAM_PERM_DENIED'
    stays one "$first"
}

# --- a yes that nobody gave -------------------------------------------------------------------------------------------

@test "a yes cannot be brought along in an environment" {
    local first
    # All that lets a person set variables, and earlier than it should stand.
    sed -i '1i auth required pam_env.so user_readenv=1' /etc/pam.d/sshd
    sed -i '0,/^session.*pam_solo/s//session required pam_env.so user_readenv=1\n&/' /etc/pam.d/sshd
    stop_sshd
    start_sshd 'AcceptEnv *' 'PermitUserEnvironment yes'
    ssh_in alice one
    first=$(session_of alice)
    echo 'SOLO_TAKEOVER=1' | tee /home/alice/.ssh/environment >/home/alice/.pam_environment
    refused ssh_as alice -o SetEnv=SOLO_TAKEOVER=1 echo in
    SOLO_TAKEOVER=1 refused ssh_as alice -o SendEnv=SOLO_TAKEOVER echo in
    refused ssh_by password alice -o SetEnv=SOLO_TAKEOVER=1 echo in
    asked_by ssh two $'n\r'
    assert_equal 255 "$(status_of two)"
    rm /home/alice/.ssh/environment /home/alice/.pam_environment
    stop_sshd
    start_sshd
    stays one "$first"
}
