#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# How sessions end, by themselves and by force: who is gone then, who stays, and what the person is told.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_accounts alice bob
    pam_services sshd su-l
    test_service solo-test
    install_stubborn alice
    serve
    start_sshd
}

# --- the login program is killed --------------------------------------------------------------------------------------

@test "the slot of a login program that is killed is free within 50 ms (median of 21)" {
    local median
    run "${STAMPEDE[@]}" killed --rounds 21
    assert_status 0
    echo "# ${lines[-1]}" >&3
    median=${lines[-1]//[!0-9.]/}
    ((${median%.*} < 50)) || fail "$output"
    is_over "$(soloctl list --all --account alice --limit 2 | awk 'NR == 2 { print $1 }')" leader-exited
}

@test "the shell that a killed sshd leaves behind is ended, with a terminal and without" {
    local session shell option
    for option in -T -tt; do
        ssh_in alice one "$option"
        session=$(session_of alice)
        shell=$(shell_of one)
        run gone "$shell"
        assert_status 1
        kill -KILL "$(field Leader "$session")"
        wait_until 5 is_over "$session" leader-exited
        gone "$shell"
        assert_equal 255 "$(status_of one)"
    done
}

@test "with OnLeaderExit=release the shell that a killed sshd leaves behind stays, and the slot is free" {
    local session
    reconfigure $'[Policy]\nOnLeaderExit=release'
    ssh_in alice one
    session=$(session_of alice)
    kill -KILL "$(field Leader "$session")"
    wait_until 5 is_over "$session" leader-exited
    ssh_in alice two
    run gone "$(shell_of one)"
    assert_status 1
}

@test "a login program that exits without closing its session frees its slot" {
    run "${LOGIN[@]}" --no-close
    assert_status 0
    wait_until 5 no_sessions
    is_over "$(last_session_of alice)" leader-exited
}

# --- supersede --------------------------------------------------------------------------------------------------------

@test "all that a superseded login has started is gone before the new one is granted" {
    local option session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=300ms'
    for option in -T -tt; do
        stubborn_in "one$option" "$option"
        session=$(session_of alice)
        run ssh_as alice 'ps -u alice -o stat=,args= | grep -v ^Z | grep -E " (sleep 100[1-5]$|bash stubborn)"'
        assert_status 1
        assert_output ""
        is_over "$session" superseded
        gone "$(shell_of "one$option")"
        assert_equal 255 "$(status_of "one$option")"
        wait_until 5 no_sessions
    done
}

@test "a login program that ignores SIGTERM is killed after the grace time, and not before" {
    local before after session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=500ms'
    login_in one --deaf
    session=$(session_of alice)
    before=${EPOCHREALTIME/./}
    run "${LOGIN[@]}"
    after=${EPOCHREALTIME/./}
    assert_status 0
    assert_equal 137 "$(status_of one)"
    is_over "$session" superseded
    ((after - before >= 500000)) || fail "after $((after - before)) µs"
}

@test "nobody waits for the grace time when the session is gone earlier" {
    local before
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=30s'
    ssh_in alice one -tt
    before=${EPOCHREALTIME/./}
    run ssh_as alice echo in
    assert_status 0
    ((${EPOCHREALTIME/./} - before < 10000000))
}

@test "a superseded person reads on their terminal who logs them out" {
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one -tt
    run ssh_as alice echo in
    assert_status 0
    assert_equal 255 "$(status_of one)"
    run stdout_of one
    assert_output_has "You are logged out: this account logged in from 127.0.0.1 (sshd)."
    # A command's output is not spoilt where there is no terminal.
    wait_until 5 no_sessions
    ssh_in alice two
    run ssh_as alice echo in
    assert_equal 255 "$(status_of two)"
    run stdout_of two
    assert_output "in $(shell_of two)"
}

@test "superseding su -l ends nothing of the session that it was started in" {
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=500ms'
    ssh_background root outer 'echo outer in; su -l alice -c "echo inner in; exec sleep 1000"; echo back; exec sleep 1001'
    started outer grep -q 'inner in' "$HOST_DIR/outer.out"
    run ssh_as alice echo in
    assert_status 0
    started outer grep -q back "$HOST_DIR/outer.out"
    assert_equal 1 "$(count_sessions root)"
    is_over "$(soloctl list --all --account alice --limit 2 | awk 'NR == 2 { print $1 }')" superseded
    assert_running outer
}

# --- ordinary logout --------------------------------------------------------------------------------------------------

@test "what a person leaves running on purpose survives the logout, and later sessions and their end" {
    local job first
    # shellcheck disable=SC2016 # The shell of the login expands it.
    job=$(ssh_as alice 'nohup sleep 1006 >/dev/null 2>&1 & echo $!')
    wait_until 5 no_sessions
    first=$(last_session_of alice)
    is_over "$first" logout
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=300ms'
    ssh_in alice one
    ssh_in alice two
    assert_equal 255 "$(status_of one)"
    run gone "$job"
    assert_status 1
}

# --- soloctl end ------------------------------------------------------------------------------------------------------

@test "the owner ends their own session, from elsewhere and from inside" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    run setpriv --reuid alice --clear-groups soloctl end "$session"
    assert_status 0
    assert_output "Ended $session of alice (sshd)."
    is_over "$session" terminated
    assert_equal 255 "$(status_of one)"
    gone "$(shell_of one)"
    # shellcheck disable=SC2016 # The shell of the login expands it.
    run ssh_as alice 'soloctl end "$SOLO_SESSION_ID"'
    assert_status 255
    wait_until 5 no_sessions
    is_over "$(last_session_of alice)" terminated
}

@test "nobody but root ends the session of somebody else" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    run setpriv --reuid bob --clear-groups soloctl end "$session"
    assert_status 1
    assert_output_has "permission denied"
    assert_equal active "$(field State "$session")"
    assert_running one
    run soloctl end "$session"
    assert_status 0
    is_over "$session" terminated
    assert_equal 255 "$(status_of one)"
}

@test "soloctl end --account ends all sessions of an account, and tells their terminals why" {
    reconfigure $'[Policy]\nMaxSessions=2'
    ssh_in alice one -tt
    ssh_in alice two
    ssh_in bob three
    run soloctl end --account alice --message 'The lab closes now.'
    assert_status 0
    assert_equal 2 "${#lines[@]}"
    assert_equal 255 "$(status_of one)"
    assert_equal 255 "$(status_of two)"
    run stdout_of one
    assert_output_has "The lab closes now."
    assert_running three
    run soloctl end --account alice
    assert_status 0
    assert_output "alice has no session to end."
}

@test "what is ended ends whole, also where it ignores SIGTERM" {
    reconfigure $'[Policy]\nGraceTime=300ms'
    stubborn_in one -tt
    run soloctl end "$(session_of alice)"
    assert_status 0
    run programs_of alice
    assert_output ""
}

@test "a session that is over is ended again without harm" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    soloctl end "$session"
    ssh_in alice two
    run soloctl end "$session"
    assert_status 0
    assert_output_has "$session of alice (sshd) was over already, since "
    assert_running two
}

# --- text that a client chose -----------------------------------------------------------------------------------------

evil=$'evil\e]0;pwned\a\r\nforged: line\xc2\x9b31m'
escaped='evil\x1b]0;pwned\x07\x0d\x0aforged: line\xc2\x9b31m'

# assert_clean TEXT: has no control character but line feeds, and shows the client's text escaped.
assert_clean() {
    [[ $1 == *"$escaped"* ]] || fail "expected: $escaped" "found: $1"
    ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f\x9b]' <<<"$1" || fail "control characters in: ${1@Q}"
}

@test "control characters in a client's names come out escaped in soloctl, in the log and in what people are told" {
    local text
    login_in one --rhost "$evil" --ruser "$evil" --tty "$evil"
    assert_clean "$(soloctl list)"
    for text in 'Remote host' 'Remote user' Terminal; do
        assert_clean "$(field "$text" "$(session_of alice)")"
    done
    run "${LOGIN[@]}"
    assert_status 1
    assert_clean "$(grep '^says: ' <<<"$output")"
    # The journal escapes what it receives, so this looks at what solod writes itself.
    assert_clean "$(stderr_of solod)"
    assert_journal 'pam_solo\(solo-test:account\): alice refused'
    ! grep 'forged: line' "$HOST_DIR/journal" | grep -v 'evil' || fail "a line of the log is forged"
}

@test "control characters in the name of a successor's host come out escaped on the terminal" {
    local notice
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    ssh_in alice one -tt
    run "${LOGIN[@]}" --rhost "$evil"
    assert_status 0
    assert_equal 255 "$(status_of one)"
    notice=$(stdout_of one | tr -d '\r')
    assert_clean "$notice"
}

@test "control characters in the words of soloctl end come out escaped on the terminal" {
    ssh_in alice one -tt
    soloctl end "$(session_of alice)" --message "$evil"
    assert_equal 255 "$(status_of one)"
    assert_clean "$(stdout_of one | tr -d '\r')"
}
