#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What solod says to systemd's journal: fields, ids that the catalog explains, and no wait for a journald that hangs.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../support/host
    add_account alice
    sed 's/^/127.0.0.1 /' /etc/ssh/ssh_host_ed25519_key.pub >"$HOST_DIR/known_hosts"
    pam_service sshd
    configure ''
    journalctl --update-catalog
    systemctl enable --quiet --now solod.socket solod.service
    wait_until 10 listens
}

setup() {
    load ../support/host
    journalctl --sync
    # Not --after-cursor: where there are matches too, it leaves out the first entry that matches.
    since=@$EPOCHREALTIME
}

teardown() {
    local id
    systemctl kill --signal CONT systemd-journald.service
    [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --since "$since" >&2
    for id in $(soloctl list --account alice | awk '$2 == "alice" { print $1 }'); do
        soloctl end "$id"
    done
    log_everyone_out
}

listens() { (exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null; }

# entry EVENT: what was said of it since the test began, a field a line.
entry() {
    wait_until 5 has_entry "$1"
    journalctl --since "$since" -t solod SOLO_EVENT="$1" -o export | tr -d '\r'
}
has_entry() { journalctl --since "$since" -q -t solod SOLO_EVENT="$1" -o cat | grep -q .; }

# has_fields LINE...: each is a line of standard input.
has_fields() {
    local text line
    text=$(cat)
    for line; do
        grep -qxF -e "$line" <<<"$text" || fail "expected: $line" "found: $text"
    done
}

@test "a login, a refusal and an end have fields that say who, where, what and why" {
    local id
    ssh_in alice one
    id=$(session_of alice)
    entry opened | has_fields MESSAGE_ID=0f1d4f3aa3be42e4a400c9d1a1564b86 SOLO_ACCOUNT=alice SOLO_SESSION="$id" \
        SOLO_SERVICE=sshd SOLO_ORIGIN=127.0.0.1 SOLO_DECISION=grant PRIORITY=6 SYSLOG_IDENTIFIER=solod \
        SOLO_UID="$(id -u alice)" _SYSTEMD_UNIT=solod.service SOLO_LEADER="$(soloctl show "$id" | awk '/^Leader/ { print $2 }')"
    run ssh_as alice true
    assert_status 255
    entry refused | has_fields MESSAGE_ID=d797365594b34ea995efe6eaaf6e90e9 SOLO_ACCOUNT=alice SOLO_DECISION=refuse \
        SOLO_ORIGIN=127.0.0.1 PRIORITY=5
    entry refused | grep -q '^SOLO_RULE=.*OnConflict'
    soloctl end "$id"
    entry ended | has_fields SOLO_REASON=terminated SOLO_SESSION="$id"
}

@test "no service makes a field of its own" {
    soloctl open --account alice --service $'x\nSOLO_ACCOUNT=root\nMESSAGE=all is well' --ttl 60
    wait_until 5 has_entry opened
    run journalctl --since "$since" -q -t solod SOLO_ACCOUNT=root -o cat
    assert_output ""
    run journalctl --since "$since" -q -t solod SOLO_EVENT=opened -o json --output-fields SOLO_SERVICE
    assert_output_has '"SOLO_SERVICE":"x\nSOLO_ACCOUNT=root\nMESSAGE=all is well"'
    soloctl close "$(session_of alice)"
}

@test "journalctl -x explains an event" {
    ssh_as alice true
    wait_until 5 has_entry ended
    run journalctl --since "$since" -q -t solod -x
    assert_output_has "Subject: alice has logged in"
    assert_output_has "through sshd was granted (grant)"
}

@test "a journald that hangs holds up no login, and is told when it goes on" {
    local i
    systemctl kill --signal STOP systemd-journald.service
    # More than its socket takes (net.unix.max_dgram_qlen, and a buffer).
    for i in {1..400}; do
        timeout 5 soloctl open --account alice --service "lease$i" --ttl 60 >"$HOST_DIR/lease"
        timeout 5 soloctl close "$(awk '{ print $2 }' "$HOST_DIR/lease")" >/dev/null
    done
    systemctl kill --signal CONT systemd-journald.service
    wait_until 10 all_said
}

all_said() {
    assert_equal "400 400" "$(said opened) $(said ended)"
}
said() { journalctl --since "$since" -q -t solod SOLO_EVENT="$1" -o cat | wc -l; }
