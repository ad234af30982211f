#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Limits in time, on real terminals of real logins: MaxLifetime, IdleTimeout and HistoryTime, and what people are told.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_accounts alice bob
    pam_service sshd
    serve
    start_sshd
}

# silent_in TAG: alice logs in on a terminal that takes no messages.
silent_in() {
    # shellcheck disable=SC2016 # The shell of the login expands it.
    ssh_background alice "$1" -tt 'mesg n; echo in $$; exec sleep 1000'
    started "$1" grep -q in "$HOST_DIR/$1.out"
}

# --- people are told --------------------------------------------------------------------------------------------------

@test "a terminal that takes no messages shows only those of root's soloctl end" {
    silent_in one
    su -s /bin/bash alice -c "soloctl end '$(session_of alice)' --message 'said by alice'"
    assert_equal 255 "$(status_of one)"
    run stdout_of one
    assert_output_lacks 'said by alice'

    silent_in two
    soloctl end "$(session_of alice)" --message 'said by root'
    assert_equal 255 "$(status_of two)"
    run stdout_of two
    assert_output_has 'said by root'
}

# --- MaxLifetime and IdleTimeout --------------------------------------------------------------------------------------

# shows TAG TEXT [COUNT]: its terminal has shown TEXT so often (once).
shows() { (($(grep -c "$2" "$HOST_DIR/$1.out") >= ${3:-1})) || fail "$(stdout_of "$1")"; }

# typist_in TAG: alice logs in on a terminal; what `type` is given is what she types.
typist_in() {
    mkfifo "$HOST_DIR/$1.keys"
    background "$1" sh -c 'exec "$@" <"$0"' "$HOST_DIR/$1.keys" "${SSH[@]}" -tt -o BatchMode=yes alice@127.0.0.1 \
        'echo in; exec cat'
    exec {keys}>"$HOST_DIR/$1.keys"
    started "$1" grep -q in "$HOST_DIR/$1.out"
}

# booted_for SECONDS: by CLOCK_BOOTTIME.
booted_for() { awk -v seconds="$1" '{ exit $1 < seconds }' /proc/uptime; }

@test "a session that reaches MaxLifetime is told so before, and ended" {
    local session
    reconfigure $'[Policy]\nMaxLifetime=4s'
    ssh_in alice one -tt
    session=$(session_of alice)
    assert_equal 255 "$(status_of one)"
    wait_until 5 is_over "$session" expired
    run stdout_of one
    assert_output_has 'You will be logged out in 2 seconds: your session reaches its longest time then.'
    assert_output_has 'You are logged out: your session has reached its longest time.'
}

@test "a session that reached MaxLifetime while solod was down is ended when it starts" {
    local session began
    reconfigure $'[Policy]\nMaxLifetime=2s'
    ssh_in alice one -tt
    session=$(session_of alice)
    stop_solod
    read -r began _ </proc/uptime
    wait_until 10 booted_for "$((${began%.*} + 3))"
    assert_running one
    start_solod
    assert_equal 255 "$(status_of one)"
    wait_until 5 is_over "$session" expired
    run stdout_of one
    assert_output_has 'You are logged out: your session has reached its longest time.'
}

@test "an idle session is told so before, and ended; input after that keeps it" {
    local session keys
    reconfigure $'[Policy]\nIdleTimeout=3s'
    typist_in one
    session=$(session_of alice)
    wait_until 30 shows one 'You have been idle for .*; you will be logged out in 2 seconds.'
    echo hello >&"$keys"
    # It is told again, which nobody is whose session has ended.
    wait_until 30 shows one 'You have been idle for ' 2
    assert_running one
    wait_until 30 is_over "$session" idle
    assert_equal 255 "$(status_of one)"
    run stdout_of one
    assert_output_has 'You are logged out: you have been idle for 3 seconds.'
    exec {keys}>&-
}

@test "a session without a terminal has no idle timeout" {
    local keys
    reconfigure $'[Policy]\nMaxSessions=2\nIdleTimeout=2s'
    ssh_in alice quiet
    typist_in other
    wait_until 30 ended other
    assert_running quiet
    exec {keys}>&-
}

@test "with Enforce=no nobody is ended for being idle" {
    local keys
    reconfigure $'[Policy]\nEnforce=no\nIdleTimeout=1s'
    typist_in trial
    # bob, who is idle after alice, is ended.
    reconfigure $'[Policy]\nIdleTimeout=1s'
    ssh_in bob one -tt
    wait_until 30 ended one
    assert_running trial
    run stdout_of trial
    assert_output_lacks 'You have been idle'
    exec {keys}>&-
}

# --- HistoryTime ------------------------------------------------------------------------------------------------------

# has_history COUNT: so many ended sessions are on record, and soloctl status says so.
has_history() {
    assert_equal "$1" "$(soloctl --json list --all | jq 'select(.state == "ended") | .id' | wc -l)"
    assert_equal "$1" "$(soloctl --json status | jq .history)"
}

@test "a session that ended longer than HistoryTime ago is forgotten" {
    local before
    before=$(soloctl --json status | jq .history)
    ssh_as alice true
    ssh_as alice true
    wait_until 5 has_history $((before + 2))
    stop_solod
    sqlite3 /var/lib/solo/sessions.db "UPDATE session SET id = x'01000000000070008000000000000001', opened = 1, ended = 2
        WHERE id = (SELECT max(id) FROM session)"
    start_solod
    wait_until 5 has_history $((before + 1))
    run soloctl show 01000000-0000-7000-8000-000000000001
    assert_status 1
}

@test "a shorter HistoryTime applies from the reload on, and to no session that lives" {
    ssh_as alice true
    ssh_in alice one
    reconfigure $'[Daemon]\nHistoryTime=1s'
    wait_until 10 has_history 0
    has_sessions 1 alice
    stop one
    wait_until 10 no_sessions
    wait_until 10 has_history 0
}
