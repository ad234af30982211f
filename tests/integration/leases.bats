#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Leased sessions beside real logins, through soloctl: who gets the slot, who is told what, and when it is free again.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_accounts alice bob
    pam_service sshd
    serve
    start_sshd
}

teardown() {
    local id
    show_failed_test
    for id in $(soloctl --json list | json '[s["id"] for s in value if "leader" not in s]'); do
        soloctl close "$id"
    done
    log_everyone_out
    [[ $(</etc/solo/solo.conf) == '' ]] || reconfigure ''
}

# json EXPRESSION: what a Python expression makes of the JSON `value` on standard input; lists a line an element.
json() {
    python3 -c 'import json, sys
value = json.load(sys.stdin)
result = eval(sys.argv[1])
print(*result, sep="\n") if isinstance(result, list) else print(result)' "$1"
}

# lease ACCOUNT [TTL]: opens one; its id.
lease() {
    soloctl --json open --account "$1" --service portal --rhost 10.0.0.7 --ttl "${2:-600}" | json 'value["id"]'
}

# as NAME CMD...: runs CMD as that person.
as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }

# not_active ID: it is over or being ended.
not_active() { ! soloctl validate "$1"; }

@test "a lease takes the slot from leases and logins alike until it is closed" {
    local id
    id=$(lease alice)
    run soloctl open --account alice --service portal --ttl 600
    assert_status 1
    assert_output_has 'refused: This account is already logged in from 10.0.0.7 (portal) since '
    assert_output_has '([Policy] OnConflict (built-in))'
    run ssh_as alice echo in
    assert_status 255
    assert_output_has 'This account is already logged in from 10.0.0.7 (portal) since '
    run soloctl validate "$id"
    assert_status 0
    run soloctl close "$id"
    assert_status 0
    run ssh_as alice echo in
    assert_status 0
}

@test "a login by ssh keeps a lease out until it is over" {
    ssh_in alice one
    run soloctl open --account alice --service portal --ttl 600
    assert_status 1
    assert_output_has 'already logged in from 127.0.0.1 (sshd)'
    stop one
    wait_until 5 no_sessions
    lease alice
}

@test "a lease supersedes a login by ssh, which is gone before it is granted" {
    local id
    reconfigure $'[Policy]\nOnConflict=supersede'
    ssh_in alice one
    id=$(session_of alice)
    lease alice
    assert_equal 255 "$(status_of one)"
    assert_equal 1 "$(count_sessions alice)"
    run soloctl validate "$id"
    assert_status 1
    assert_output_has 'superseded by a login from 10.0.0.7 (portal)'
    run soloctl history --account alice
    assert_output_has 'superseded by 10.0.0.7 (portal)'
}

@test "a login by ssh supersedes a lease, which learns by whom from renew and validate" {
    local id
    reconfigure $'[Policy]\nOnConflict=supersede'
    id=$(lease alice)
    ssh_in alice one
    run soloctl renew "$id"
    assert_status 1
    assert_output_has 'not active but ended: The session was superseded by a login from 127.0.0.1 (sshd).'
    run soloctl validate "$id"
    assert_status 1
    assert_output_has 'superseded by a login from 127.0.0.1 (sshd)'
    assert_running one
}

@test "a lease that is not renewed frees its slot within a second of its end" {
    local id expires ended
    id=$(lease alice 1)
    expires=$(soloctl --json show "$id" | json 'value["expires"]')
    wait_until 10 not_active "$id"
    assert_equal 'ended lease-lapsed' "$(field State "$id") $(field Reason "$id")"
    ended=$(soloctl --json show "$id" | json 'value["ended"]')
    ((ended - expires < 1000000)) || fail "it ended $((ended - expires)) us after its end"
    run ssh_as alice echo in
    assert_status 0
}

@test "people open, renew and close leases of their own account only, LeaseUsers of all" {
    local id
    reconfigure $'[Daemon]\nLeaseUsers=bob'
    run as alice soloctl open --account bob --service portal --ttl 600
    assert_status 1
    assert_output_has 'permission denied'
    id=$(as alice soloctl --json open --account alice --service portal --ttl 600 | json 'value["id"]')
    for verb in renew close validate show; do
        run as bob soloctl "$verb" "$id"
        assert_status 1
        assert_output_has 'permission denied'
    done
    as alice soloctl renew "$id"
    as alice soloctl close "$id"
    id=$(as bob soloctl --json open --account alice --service portal --ttl 600 | json 'value["id"]')
    as bob soloctl renew "$id"
    as alice soloctl validate "$id"
    as bob soloctl close "$id"
    no_sessions
}

@test "leases and their ends outlive solod" {
    local kept lapsing before after
    kept=$(lease alice)
    lapsing=$(lease bob 2)
    before=$(soloctl --json show "$kept" | json 'value["expires"]')
    stop_solod KILL
    start_solod
    after=$(soloctl --json show "$kept" | json 'value["expires"]')
    ((after - before < 100000 && before - after < 100000)) || fail "it lapsed at $before, and now at $after"
    wait_until 10 is_over "$lapsing" lease-lapsed
    run ssh_as alice echo in
    assert_status 255
    soloctl renew "$kept"
}

@test "explain says in a sentence what would happen, and which line of which file says so" {
    run soloctl explain --account alice --service sshd
    assert_status 0
    assert_output $'A login of alice through sshd would be let in.\n[Policy] MaxSessions (built-in) says so.'
    reconfigure $'[Policy]\nEnforce=no\n[Group people]\nOnConflict=supersede'
    lease alice
    run soloctl explain --account alice --service sshd --rhost 10.0.0.9
    assert_status 0
    assert_output_has 'would be let in, in this trial run (Enforce=no); else a session of the account would be ended for it.'
    assert_output_has '[Policy] Enforce (/etc/solo/solo.conf:2) and [Group people] OnConflict (/etc/solo/solo.conf:4) say so.'
    assert_output_has 'alice is logged in from 10.0.0.7 (portal) since '
    reconfigure $'[User alice]\nOnConflict=refuse'
    run as alice soloctl explain --account alice
    assert_status 1
    assert_output_has $'would be refused.\n[User alice] OnConflict (/etc/solo/solo.conf:2) says so.'
    run as bob soloctl explain --account alice
    assert_status 1
    assert_output_has 'permission denied'
}
