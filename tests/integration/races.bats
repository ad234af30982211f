#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Many logins at once. What must hold is checked by tests/support/stampede.cpp, in every round.

bats_require_minimum_version 1.5.0
load ../support/suite

database=/var/lib/solo/sessions.db

setup_file() {
    add_accounts alice bob
    test_service solo-test timeout=60
    serve
}

# assert_never_two: no two sessions on record held the same slot of an account at the same time.
assert_never_two() {
    assert_equal 0 "$(sqlite3 "$database" "
        SELECT count(*) FROM (SELECT opened < lag(ended) OVER (PARTITION BY account, slot ORDER BY id) AS overlaps
                              FROM session WHERE slot IS NOT NULL) WHERE overlaps")"
}

@test "of 64 processes that log in to one account at once exactly one is granted, in each of 20 rounds" {
    run "${STAMPEDE[@]}" refuse --processes 64 --rounds 20
    assert_status 0
    assert_equal 20 "$(grep -c ': 1 granted, 63 refused$' <<<"$output")"
    assert_equal 20 "$(sqlite3 "$database" "SELECT count(*) FROM session WHERE reason = 'logout'")"
    assert_never_two
}

@test "under supersede each of 64 is gone before the next is granted, and one survives, in each of 20 rounds" {
    local before
    before=$(sqlite3 "$database" 'SELECT count(*) FROM session')
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    run "${STAMPEDE[@]}" supersede --processes 64 --rounds 20
    assert_status 0
    assert_equal 20 "$(grep -c ': 64 granted, 0 refused$' <<<"$output")"
    assert_equal "1260 20" "$(sqlite3 -separator ' ' "$database" "
        SELECT count(*) FILTER (WHERE reason = 'superseded'), count(*) FILTER (WHERE reason = 'logout')
        FROM (SELECT reason FROM session ORDER BY id LIMIT -1 OFFSET $before)")"
    assert_never_two
}

@test "with MaxSessions=3 three of 64 are granted" {
    reconfigure $'[Policy]\nMaxSessions=3'
    run "${STAMPEDE[@]}" refuse --granted 3 --processes 64 --rounds 3
    assert_status 0
    assert_equal 3 "$(grep -c ': 3 granted, 61 refused$' <<<"$output")"
    assert_never_two
}

@test "64 accounts that log in at once are all granted" {
    run "${STAMPEDE[@]}" accounts --account guest --processes 64 --rounds 3
    assert_status 0
    assert_equal 3 "$(grep -c ': 64 granted, 0 refused$' <<<"$output")"
}

@test "bob does not wait while alice's new login waits for an old one that ignores SIGTERM" {
    local before took
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=5s'
    login_in one --deaf
    background two "${LOGIN[@]}" --hold
    wait_until 5 is_ending alice
    before=${EPOCHREALTIME/./}
    run "${LOGIN[@]}" --account bob
    took=$(((${EPOCHREALTIME/./} - before) / 1000))
    assert_status 0
    ((took < 1000)) || fail "bob waited $took ms"
    assert_equal ending "$(field State "$(session_of alice)")"
    run grep ^open "$HOST_DIR/two.out"
    assert_status 1
    stop one KILL
    started two grep -q '^open PAM_SUCCESS' "$HOST_DIR/two.out"
    assert_running two
}

@test "a login that gives up waiting ends nobody afterwards" {
    local session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=30s'
    login_in one --deaf
    background two "${LOGIN[@]}" --hold
    background three "${LOGIN[@]}" --hold
    wait_until 5 is_ending alice
    stop two KILL
    stop one KILL
    started three grep -q '^open PAM_SUCCESS' "$HOST_DIR/three.out"
    session=$(session_of alice)
    assert_equal "$session" "$(sed -n 's/^id //p' "$HOST_DIR/three.out")"
    assert_running three
}

@test "a login that takes over from one that had to be killed stays until it logs out, in each of 20 rounds" {
    local before
    before=$(sqlite3 "$database" 'SELECT count(*) FROM session')
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=20ms'
    run "${STAMPEDE[@]}" takeover --rounds 20
    assert_status 0
    assert_equal "logout|20 superseded|20" "$(sqlite3 "$database" "
        SELECT reason, count(*) FROM (SELECT reason FROM session ORDER BY id LIMIT -1 OFFSET $before)
        GROUP BY reason ORDER BY reason" | xargs)"
}

# restart_often: ends solod in each way and starts it again, until somebody says that it is enough.
restart_often() {
    local signal
    until [[ -e $HOST_DIR/enough ]]; do
        for signal in KILL TERM; do
            stop_solod "$signal"
            start_solod
            echo "$signal" >>"$HOST_DIR/restarts"
        done
    done
}

@test "logins go on while solod is killed, stopped and started again all the time, and each is on record once" {
    local before rounds=0
    before=$(sqlite3 "$database" 'SELECT count(*) FROM session')
    : >"$HOST_DIR/restarts"
    background restarts restart_often
    until (($(grep -c . "$HOST_DIR/restarts") >= 10)); do
        run "${STAMPEDE[@]}" accounts --account person --processes 16 --rounds 1
        assert_status 0
        rounds=$((rounds + 1))
    done
    touch "$HOST_DIR/enough"
    assert_equal 0 "$(status_of restarts)"
    wait_until 5 no_sessions
    assert_equal "ended|logout|$((rounds * 16))" "$(sqlite3 "$database" "
        SELECT state, reason, count(*) FROM (SELECT * FROM session ORDER BY id LIMIT -1 OFFSET $before)
        WHERE reason <> 'unconfirmed' GROUP BY state, reason")"
    assert_never_two
}
