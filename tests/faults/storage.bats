#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What becomes of logins while the database is full, read-only, gone, somebody else's or none at all. Each time solod
# serves, refuses the second login, says in its status what is wrong, and is well again when the disk is.

bats_require_minimum_version 1.5.0
load ../support/suite

database=/var/lib/solo/sessions.db

setup_file() {
    add_account alice
    test_service solo-test
    configure ''
    # The state directory is a file system of its own, so that it can be full and read-only.
    mkdir -p /var/lib/solo
    mount -t tmpfs -o mode=700 tmpfs /var/lib/solo
    start_solod
}

teardown() {
    show_failed_test
    mount -o remount,rw /var/lib/solo
    mkdir -p /var/lib/solo
    log_everyone_out
    stop_solod KILL
    rm -rf "$database"*
    serve
}

# enforced: alice is logged in as session `one`, and nobody gets in beside her.
enforced() {
    run "${LOGIN[@]}"
    assert_status 1
    assert_output_has "This account is already logged in"
}

# says TEXT: status is degraded for that reason.
says() {
    run soloctl status
    assert_status 1
    assert_output_has "$1"
}

# is_well: status is fine, and what solod knows is on record.
is_well() {
    wait_until 10 soloctl status
    assert_equal "$(session_of alice 2>/dev/null)" "$(on_record)"
    assert_equal ok "$(sqlite3 "$database" 'PRAGMA integrity_check')"
}

# on_record: the live sessions of alice.
on_record() {
    sqlite3 "$database" "SELECT lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' ||
        substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21))
        FROM session WHERE state <> 'ended' AND account = 'alice'"
}

# starts_with_it: solod is started with what lies in the place of its database, and once more after that.
starts_with_it() {
    start_solod
    login_in one
    enforced
    stop_solod KILL
    start_solod
}

@test "a solod that starts on a read-only disk serves" {
    login_in one
    stop_solod KILL
    mount -o remount,ro /var/lib/solo
    start_solod
    run soloctl status
    assert_status 1
    mount -o remount,rw /var/lib/solo
    is_well
    enforced
}

@test "a symbolic link in the place of the database is not followed" {
    stop_solod
    rm -f "$database"*
    echo precious >/root/precious
    ln -s /root/precious "$database"
    start_solod
    login_in one
    enforced
    says "$database"
    assert_equal precious "$(cat /root/precious)"
    rm "$database"
    is_well
}

@test "a FIFO and a directory in the place of the database stop nobody" {
    local make
    for make in mkfifo mkdir; do
        stop_solod
        rm -rf "$database"*
        $make "$database"
        start_solod
        login_in one
        enforced
        says "$database"
        rm -r "$database"
        is_well
        log_everyone_out
    done
}

@test "a database of somebody else that everybody may write is root's own again" {
    login_in one
    stop_solod
    chown alice: "$database"
    chmod 666 "$database"
    start_solod
    assert_equal 'root 600' "$(stat --format '%U %a' "$database")"
    enforced
    is_well
}

@test "a write-ahead log of garbage is no obstacle" {
    "${LOGIN[@]}"
    stop_solod
    rm -f "$database"-{wal,shm}
    head --bytes=100000 /dev/urandom >"$database-wal"
    starts_with_it
    enforced
    is_well
}

@test "an empty database and a database of a newer schema are replaced" {
    stop_solod
    rm -f "$database"-{wal,shm}
    : >"$database"
    starts_with_it
    enforced
    is_well
    log_everyone_out
    stop_solod
    sqlite3 "$database" 'PRAGMA user_version = 99'
    start_solod
    says "$database.damaged-"
    login_in one
    enforced
}

@test "a table that is missing or a view is damage, and triggers do nothing" {
    local sql
    for sql in 'DROP TABLE account' \
        'ALTER TABLE session RENAME TO hidden; CREATE VIEW session AS SELECT * FROM hidden'; do
        stop_solod
        sqlite3 "$database" "$sql"
        start_solod
        says "$database.damaged-"
        login_in one
        enforced
        log_everyone_out
        rm "$database".damaged-*
    done
    stop_solod
    sqlite3 "$database" 'CREATE TRIGGER lies BEFORE INSERT ON session BEGIN SELECT RAISE(IGNORE); END'
    start_solod
    login_in one
    is_well
    enforced
}

@test "a database that is removed under a running solod is made again of what lives" {
    login_in one
    rm "$database"*
    "${LOGIN[@]}" --account bob
    is_well
    stop_solod KILL
    start_solod
    enforced
}

@test "a database that is replaced by an older copy of itself learns what has happened since" {
    reconfigure $'[Policy]\nOnConflict=supersede\nGraceTime=1min'
    login_in one --deaf
    sqlite3 "$database" ".backup $database-copy"
    background two "${LOGIN[@]}" --hold
    wait_until 10 is_ending alice
    rm "$database"-{wal,shm}
    mv "$database-copy" "$database"
    # The end of the one and the grant of the other are written together.
    stop one KILL
    started two grep -q ^id "$HOST_DIR/two.out"
    is_well
    grep -qx "id $(on_record)" "$HOST_DIR/two.out"
}

@test "a lock outlives the database" {
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=1\nContestAction=lock'
    login_in one --rhost 10.0.0.1
    login_in two --rhost 10.0.0.2
    run "${LOGIN[@]}" --rhost 10.0.0.1
    assert_status 1
    rm "$database"*
    "${LOGIN[@]}" --account bob
    stop_solod KILL
    start_solod
    run "${LOGIN[@]}"
    assert_status 1
    assert_output_has "This account is locked"
}

@test "a database that is overwritten under a running solod is made again of what lives" {
    login_in one
    head --bytes=200000 /dev/urandom >"$database"
    head --bytes=200000 /dev/urandom >"$database-wal"
    "${LOGIN[@]}" --account bob
    enforced
    stop_solod KILL
    start_solod
    login_in two --account bob
}
