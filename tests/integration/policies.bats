#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the configuration makes of real logins: one slot for a device, contests and locks, trial runs, what a refusal
# says, and reloading all that while people log in.

bats_require_minimum_version 1.5.0
load ../support/suite

already='This account is already logged in from 127\.0\.0\.[0-9] \(sshd\) since [0-9]{2}:[0-9]{2}\.'
contested='Its logins kept ending each other, so for a while none of them can be ended\.'
locked='This account is locked because its logins kept ending each other; an administrator can unlock it\.'

setup_file() {
    add_accounts alice bob
    pam_services sshd login su-l
    test_service solo-test
    head --bytes=20000000 /dev/zero >"$HOST_DIR/file"
    install -m 644 "$HOST_DIR/file" /home/alice/file
    serve
    start_sshd
}

setup() {
    # Devices, as the address that each connects from.
    laptop=(-o BindAddress=127.0.0.1)
    phone=(-o BindAddress=127.0.0.2)
    tablet=(-o BindAddress=127.0.0.3)
    mark_test
}

teardown() {
    show_failed_test
    log_everyone_out
    if [[ -e $HOST_DIR/anew ]]; then
        anew ''
        rm "$HOST_DIR/anew"
    fi
    [[ $(</etc/solo/solo.conf) == '' ]] || reconfigure ''
}

# anew TEXT: the same as reconfigure, and solod knows of no contest before; nor does it in the next test.
anew() {
    touch "$HOST_DIR/anew"
    stop_solod
    rm -f /var/lib/solo/sessions.db*
    configure "$1"
    start_solod
}

# refused CMD...: the login is refused in the account phase: status 255, the reason on stderr, nothing on stdout.
refused() {
    run --separate-stderr "$@"
    assert_status 255
    assert_output ""
    # shellcheck disable=SC2154 # bats assigns stderr.
    [[ $stderr =~ $already ]] || fail "expected on stderr: $already" "found: $stderr"
}

# gets_in CMD...: the login is granted.
gets_in() {
    run "$@" echo in
    assert_status 0
    assert_output in
}

# transfer_in TAG CMD...: alice begins to copy a file so slowly that it lasts; returns once that is a session.
transfer_in() {
    local before
    before=$(count_sessions alice)
    background "$@"
    started "$1" has_sessions $((before + 1)) alice
}

# slots_held: the slots that alice's sessions hold, each once, as "0 1".
slots_held() {
    sqlite3 -separator ' ' /var/lib/solo/sessions.db \
        "SELECT DISTINCT slot FROM session WHERE account = 'alice' AND ended IS NULL ORDER BY slot" | xargs
}

# --- one slot for a device --------------------------------------------------------------------------------------------

@test "a device's shell, scp, sftp and rsync share its slot, and another device gets in when the last is gone" {
    local left tag
    reconfigure $'[Policy]\nCountBy=origin'
    echo "get file $HOST_DIR/sftp" >"$HOST_DIR/batch"
    ssh_in alice shell "${laptop[@]}"
    transfer_in scp scp -l 8 "${SSH_OPTIONS[@]}" "${laptop[@]}" "$HOST_DIR/file" alice@127.0.0.1:up
    transfer_in sftp sftp -l 8 -b "$HOST_DIR/batch" "${SSH_OPTIONS[@]}" "${laptop[@]}" alice@127.0.0.1
    transfer_in rsync rsync --bwlimit=1 -e "${SSH[*]} ${laptop[*]}" alice@127.0.0.1:file "$HOST_DIR/rsync"
    assert_equal 0 "$(slots_held)"
    left=4
    for tag in shell rsync scp sftp; do
        refused ssh_as alice "${phone[@]}" echo in
        stop "$tag"
        wait_until 5 has_sessions $((--left)) alice
    done
    gets_in ssh_as alice "${phone[@]}"
}

@test "who supersedes a device ends all that shares its slot before getting in" {
    local sessions session copying
    reconfigure $'[Policy]\nCountBy=origin\nOnConflict=supersede'
    ssh_background alice shell "${laptop[@]}" \
        'setsid sleep 1001 & nohup sleep 1002 >/dev/null 2>&1 & echo in $$; exec sleep 1000'
    started shell grep -q in "$HOST_DIR/shell.out"
    transfer_in scp scp -l 8 "${SSH_OPTIONS[@]}" "${laptop[@]}" "$HOST_DIR/file" alice@127.0.0.1:up
    copying=$(pgrep -P "$(pid_of scp)")
    sessions=$(soloctl list --account alice | awk 'NR > 1 { print $1 }')
    # Who gets in looks at once for what else runs as alice.
    run ssh_as alice "${phone[@]}" \
        'ps -u alice -o pid=,args= | grep -vE "sshd: alice@notty|ps -u|grep -v|bash -c"'
    assert_output ""
    assert_equal 255 "$(status_of shell)"
    wait_until 5 gone "$copying" # the ssh that scp runs
    assert_equal 2 "$(wc -w <<<"$sessions")"
    for session in $sessions; do
        is_over "$session" superseded
    done
}

@test "a connection that is killed leaves the others of its device alone" {
    local first
    reconfigure $'[Policy]\nCountBy=origin'
    ssh_in alice one "${laptop[@]}"
    first=$(session_of alice)
    ssh_in alice two "${laptop[@]}"
    kill -KILL "$(field Leader "$first")"
    wait_until 5 is_over "$first" leader-exited
    gone "$(shell_of one)"
    assert_running two
    run ! gone "$(shell_of two)"
    assert_equal 0 "$(slots_held)"
    refused ssh_as alice "${phone[@]}" echo in
    gets_in ssh_as alice "${laptop[@]}"
}

@test "with MaxSessions=2 two devices get in with all their connections, and a third one does not" {
    reconfigure $'[Policy]\nCountBy=origin\nMaxSessions=2'
    ssh_in alice one "${laptop[@]}"
    ssh_in alice two "${phone[@]}"
    ssh_in alice three "${laptop[@]}"
    gets_in ssh_as alice "${phone[@]}"
    assert_equal '0 1' "$(slots_held)"
    refused ssh_as alice "${tablet[@]}" echo in
    stop one
    wait_until 5 has_sessions 2 alice
    refused ssh_as alice "${tablet[@]}" echo in
    stop three
    wait_until 5 has_sessions 1 alice
    gets_in ssh_as alice "${tablet[@]}"
}

@test "with CountBy=origin for sshd alone a login by another service does not share the device's slot" {
    reconfigure $'[Service sshd]\nCountBy=origin'
    ssh_in alice one "${laptop[@]}"
    gets_in ssh_as alice "${laptop[@]}"
    run "${LOGIN[@]}" --rhost=127.0.0.1
    assert_status 1
    [[ $output =~ $already ]] || fail "$output"
}

@test "each local terminal is a device of its own, and su -l from inside joins" {
    reconfigure $'[Policy]\nCountBy=origin'
    echo "echo '$ACCOUNT_PASSWORD' | su -l alice -c 'echo joined'; exec sleep 1000" >/home/alice/join
    background one login_as alice sh join
    started one grep -q joined "$HOST_DIR/one.out"
    assert_equal 1 "$(count_sessions alice)"
    assert_equal login "$(field Service "$(session_of alice)")"
    run login_as alice echo in
    assert_status 1
    [[ $output =~ already\ logged\ in\ from\ (/dev/)?pts/[0-9]+\ \(login\) ]] || fail "$output"
    run ssh_as alice echo in
    assert_status 255
    soloctl end "$(session_of alice)"
    run login_as alice echo in
    assert_status 0
}

# --- contests ---------------------------------------------------------------------------------------------------------

# watch_in TAG: watches as root; returns once an event is seen.
watch_in() {
    background "$1" soloctl --json watch
    wait_until 10 sees_a_login "$1"
}

sees_a_login() {
    "${LOGIN[@]}" --account bob >/dev/null
    grep -q '"kind":"opened"' "$HOST_DIR/$1.out"
}

# seen TAG KIND TEXT: it has shown an event of that kind with that text.
seen() { grep "\"kind\":\"$2\"" "$HOST_DIR/$1.out" | grep -F -e "$3" || fail "no $2 with $3 in:" "$(stdout_of "$1")"; }

# taken_by RHOST: a login of alice from there is granted; superseded are those before it.
taken_by() { "${LOGIN[@]}" --rhost="$1"; }

# contest: ends with one superseding too many, of ContestLimit=1; the tag of who is in by then is `two`.
contest() {
    login_in one --rhost=10.0.0.1
    login_in two --rhost=10.0.0.2
    status_of one
    run taken_by 10.0.0.3
    assert_status 1
    assert_output $'account PAM_SUCCESS\nopen PAM_PERM_DENIED'
}

@test "two people who supersede each other are stopped after ContestLimit, told why, and the administrator knows" {
    local holder
    anew $'[Policy]\nOnConflict=supersede\nContestLimit=2'
    watch_in watch
    ssh_in alice one "${laptop[@]}"
    ssh_in alice two "${phone[@]}"
    ssh_in alice three "${laptop[@]}"
    assert_equal 255 "$(status_of one)"
    assert_equal 255 "$(status_of two)"
    holder=$(session_of alice)
    # The session phase finds out, and says nothing where it could spoil an output.
    run ssh_as alice "${phone[@]}" echo in
    assert_status 254
    assert_output ""
    assert_journal 'auth(priv)?\.alert solod: contested: alice: its logins .*; for 5min none of them can end another'
    assert_journal "solod: refused: alice from 127\.0\.0\.2 \(sshd\): $already $contested"
    wait_until 5 seen watch contested 'alice: its logins keep ending each other'
    # Whoever comes now is told.
    already="$already $contested" refused ssh_as alice "${phone[@]}" echo in
    already="$already $contested" refused ssh_as alice "${laptop[@]}" echo in
    assert_running three
    assert_equal active "$(field State "$holder")"
    assert_equal 1 "$(grep -c '"kind":"contested"' "$HOST_DIR/watch.out")"
    # Whoever finds a free slot gets in.
    stop three
    wait_until 5 no_sessions alice
    gets_in ssh_as alice "${phone[@]}"
}

@test "after ContestHold a login supersedes again" {
    anew $'[Policy]\nOnConflict=supersede\nContestLimit=1\nContestHold=1s'
    contest
    wait_until 10 taken_by 10.0.0.3
    assert_equal 0 "$(status_of two)"
    assert_journal 'alice: its logins keep ending each other; for 1s none of them can end another'
}

@test "supersedings that are further apart than ContestWindow are no contest" {
    anew $'[Policy]\nOnConflict=supersede\nContestLimit=1\nContestWindow=1ms'
    login_in one --rhost=10.0.0.1
    login_in two --rhost=10.0.0.2
    login_in three --rhost=10.0.0.1
    login_in four --rhost=10.0.0.2
    assert_equal 1 "$(count_sessions alice)"
    [[ $(tail --bytes="+$(($(cat "$HOST_DIR/mark") + 1))" "$HOST_DIR/journal") != *contested:* ]]
}

@test "with ContestAction=lock all sessions end, and nobody but who needs no slot gets in, even after a restart" {
    local signal
    anew $'[Policy]\nOnConflict=supersede\nContestLimit=1\nContestAction=lock'
    ssh_in alice one "${laptop[@]}"
    ssh_in alice two "${phone[@]}"
    run ssh_as alice "${laptop[@]}" echo in
    assert_status 254
    assert_equal 255 "$(status_of two)"
    wait_until 5 no_sessions alice
    is_over "$(last_session_of alice)" terminated
    assert_journal 'auth(priv)?\.alert solod: contested: alice: .* the account is locked.* soloctl unlock ACCOUNT'
    for signal in TERM KILL; do
        already=$locked refused ssh_as alice "${laptop[@]}" echo in
        stop_solod "$signal"
        start_solod
    done
    already=$locked refused ssh_as alice "${laptop[@]}" echo in
    gets_in ssh_as bob
    gets_in ssh_as root
    reconfigure $'[Policy]\nExemptUsers=root alice'
    gets_in ssh_as alice
}

@test "soloctl unlock, by root alone, ends the hold of a contest at once, and a lock" {
    local action
    for action in refuse lock; do
        anew $'[Policy]\nOnConflict=supersede\nContestLimit=1\n'"ContestAction=$action"
        contest
        run setpriv --reuid alice --clear-groups soloctl unlock alice
        assert_status 1
        assert_output_has 'permission denied'
        run taken_by 10.0.0.3
        assert_status 1
        run soloctl explain --account alice --service solo-test --rhost 10.0.0.3
        assert_status 1
        assert_output_has 'A login of alice through solo-test from 10.0.0.3 would be refused.'
        [[ $action == refuse ]] || assert_output_has '[Policy] ContestAction (/etc/solo/solo.conf:4) says so.'
        assert_output_has 'soloctl unlock alice'
        run soloctl unlock alice
        assert_status 0
        assert_output 'alice is not locked (any more).'
        run taken_by 10.0.0.3
        assert_status 0
    done
}

# --- trial runs -------------------------------------------------------------------------------------------------------

@test "in a trial run everybody gets in and is told nothing, and the log says what would have been, by which rule" {
    local conflict would
    local -A words=([refuse]='refuse this login' [supersede]='end that session' [ask]='ask whether to end that session')
    for conflict in refuse supersede ask; do
        anew $'[Policy]\nEnforce=no\n'"OnConflict=$conflict"
        watch_in watch
        ssh_in alice one "${laptop[@]}"
        run --separate-stderr ssh_as alice "${phone[@]}" echo in
        assert_status 0
        assert_output in
        assert_equal '' "$stderr"
        run ssh_by keyboard-interactive alice "${phone[@]}" echo in
        assert_output in
        assert_running one
        would="Enforce=yes would ${words[$conflict]}: [Policy] OnConflict (/etc/solo/solo.conf:3)."
        wait_until 5 seen watch would_refuse "$would"
        assert_journal "solod: would_refuse: alice from 127\.0\.0\.2 \(sshd\), .*$already ${would//[][()]/.}"
        assert_equal '' "$(field Slot "$(last_session_of alice)")"
        log_everyone_out
    done
}

@test "a trial run for one person is one for them alone" {
    reconfigure $'[User alice]\nEnforce=no'
    ssh_in alice one
    gets_in ssh_as alice
    ssh_in bob two
    refused ssh_as bob echo in
}

@test "in a trial run nobody is held or locked out of a contest" {
    local number
    anew $'[Policy]\nEnforce=no\nOnConflict=supersede\nContestLimit=1\nContestAction=lock'
    for number in 1 2 3 4; do
        login_in "trial$number" --rhost="10.0.0.$number"
    done
    assert_equal 4 "$(count_sessions alice)"
    log_everyone_out
    # An account that is locked is not, as long as the trial lasts.
    anew $'[Policy]\nOnConflict=supersede\nContestLimit=1\nContestAction=lock'
    contest
    run taken_by 10.0.0.1
    assert_status 1
    reconfigure $'[User alice]\nEnforce=no'
    gets_in ssh_as alice
    assert_journal "would_refuse: alice .*: $locked Enforce=yes would refuse this login"
}

# --- what a refusal says ----------------------------------------------------------------------------------------------

@test "Message is filled in with the account, the holder and since when, unless that is not revealed" {
    reconfigure $'[Policy]\nMessage=Hello {account}: {holder}, {since}.'
    ssh_in alice one
    already='Hello alice: 127\.0\.0\.1 \(sshd\), [0-9]{2}:[0-9]{2}.' refused ssh_as alice echo in
    reconfigure $'[Policy]\nRevealHolder=no\nMessage=Hello {account}: {holder}, {since}.'
    already='logged in\. Hello alice: elsewhere, earlier\.' refused ssh_as alice echo in
    [[ $stderr != *127.0.0.1\ \(* ]] || fail "$stderr"
}

# --- reloading --------------------------------------------------------------------------------------------------------

# stampede_until_enough: 32 log in to one account at once, time and again.
stampede_until_enough() {
    while "${STAMPEDE[@]}" refuse --processes 32 --rounds 5; do
        [[ ! -e $HOST_DIR/enough ]] || return 0
    done
    return 1
}

@test "while the configuration is reloaded over and over, right and wrong, every login is decided as it should be" {
    local text i
    background stampede stampede_until_enough
    for i in 1 2 3 4; do
        for text in '' $'[Policy]\nMaxSessions=none' $'[User alice]\nGraceTime=1s' '[Policy' '[Daemon]'; do
            reconfigure "$text"
        done
    done
    touch "$HOST_DIR/enough"
    wait_until 60 ended stampede
    assert_equal 0 "$(status_of stampede)" || fail "$(stdout_of stampede)" "$(stderr_of stampede)"
    run grep -vc ': 1 granted, 31 refused$' "$HOST_DIR/stampede.out"
    assert_output 0
    grep -c ': 1 granted, 31 refused$' "$HOST_DIR/stampede.out"
    assert_journal 'solod: .*solo.conf:2: .*MaxSessions'
}
