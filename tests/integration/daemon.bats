#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What logins and sessions live through: solod killed, absent, impersonated, misconfigured, with a damaged database.

bats_require_minimum_version 1.5.0
load ../support/suite

database=/var/lib/solo/sessions.db

setup_file() {
    add_accounts alice bob
    groupadd keepers
    usermod --append --groups keepers bob
    pam_service sshd
    test_service solo-test
    serve
    start_sshd
}

teardown() {
    show_failed_test
    configure ''
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
    ! ended solod || start_solod
    reload_solod
    log_everyone_out
}

# restart_solod SIGNAL: as a crash or a package's upgrade does.
restart_solod() { stop_solod "$1" && start_solod; }

# refused CMD...: the login ends with status 255 or 1, and the reason is told.
refused() {
    run "$@"
    [[ $status == @(1|255) && $output == *"This account is already logged in from "* ]] ||
        fail "expected: a refusal" "found: status $status" "$output"
}

# denied CMD...: the login is denied, because nobody can say whether it is the only one, within 2 s (or LIMIT_MS).
denied() {
    local before=${EPOCHREALTIME/./} took
    run "$@"
    took=$(((${EPOCHREALTIME/./} - before) / 1000))
    [[ $status == @(1|255) ]] || fail "expected: a denial" "found: status $status" "$output"
    ((took < ${LIMIT_MS:-2000})) || fail "denied only after $took ms"
}

assert_alive() { ! gone "$1" 2>/dev/null || fail "process $1 is gone"; }

# --- solod is killed and started again --------------------------------------------------------------------------------

@test "after solod was killed and started again, sessions go on and the next login is still refused" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    restart_solod KILL
    refused ssh_as alice echo in
    assert_running one
    assert_equal "$session" "$(session_of alice)"
    stop one
    wait_until 5 is_over "$session" logout
    run ssh_as alice echo in
    assert_output in
}

@test "SIGTERM ends solod and no session" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    stop_solod
    assert_equal 0 "$(status_of solod)"
    assert_running one
    assert_alive "$(shell_of one)"
    start_solod
    assert_equal "$session" "$(session_of alice)"
    assert_alive "$(shell_of one)"
}

@test "a leader that died while solod was down is lost and frees its slot" {
    local session
    login_in one
    session=$(session_of alice)
    stop_solod KILL
    stop one KILL
    start_solod
    wait_until 5 is_over "$session" lost
    run "${LOGIN[@]}"
    assert_status 0
}

@test "the shell of a sshd that was killed while solod was down is ended after the start" {
    local session leader
    ssh_in alice one
    session=$(session_of alice)
    leader=$(field Leader "$session")
    stop_solod KILL
    kill -KILL "$leader"
    wait_until 5 gone "$leader"
    assert_alive "$(shell_of one)"
    start_solod
    wait_until 5 is_over "$session" lost
    gone "$(shell_of one)"
    run ssh_as alice echo in
    assert_output in
}

# unconfirmed [1]: in the background as one: a login program that asks for alice (with 1 again after solod was killed), has a
# child hold its line ($holder) and an orphan that does not ($orphan), and never confirms.
unconfirmed() {
    background one python3 -c '
import json, os, signal, socket, sys
try:
    open("/proc/self/loginuid", "w").write("0") # an audit session of its own
except OSError:
    pass
account = {"name": "alice", "uid": None, "gids": []}
call = {"method": "org.pamsolo.Login.Open",
        "parameters": {"account": account, "origin": {"service": "sshd"}, "nonce": "1" * 32}}
for restarts in range(int(sys.argv[1]), -1, -1):
    answer = None
    while answer is None:
        try:
            line = socket.socket(socket.AF_UNIX)
            line.connect("/run/solo/login.sock")
            line.sendall(json.dumps(call).encode() + b"\0")
            answer = line.recv(4096)
        except OSError: # nobody listens yet, or the one that was killed has not closed its sockets
            pass
    assert b"\"grant\"" in answer
    print("granted", flush=True)
    assert not restarts or line.recv(1) == b""
holder = os.fork()
if holder:
    ready, orphan = os.pipe()
    if not os.fork():
        os.setsid()
        if not os.fork():
            line.close()
            os.write(orphan, str(os.getpid()).encode())
            signal.pause()
        os._exit(0)
    os.wait()
    print("in", holder, os.read(ready, 20).decode(), flush=True)
signal.pause()' "${1:-0}"
    if ((${1:-0} > 0)); then
        started one grep -q '^granted' "$HOST_DIR/one.out"
        restart_solod KILL
    fi
    started one grep -q '^in ' "$HOST_DIR/one.out"
    read -r _ holder orphan < <(grep '^in ' "$HOST_DIR/one.out")
}

@test "who holds the line of a login that solod and the login program did not live to confirm is ended" {
    local holder orphan restarts
    for restarts in 0 1; do
        unconfirmed "$restarts"
        stop_solod KILL
        stop one KILL
        run gone "$holder"
        assert_status 1
        start_solod
        wait_until 5 no_sessions
        gone "$holder"
        kill -KILL "$orphan"
    done
}

@test "a login whose Confirm was lost with solod is ended to the last orphan" {
    local holder orphan
    unconfirmed
    [[ $(cat "/proc/$orphan/sessionid") != 4294967295 ]] || skip "no audit sessions here"
    restart_solod KILL
    soloctl end --account alice
    gone "$holder"
    gone "$orphan"
}

@test "a process that got the pid of a leader that died while solod was down is neither counted nor signalled" {
    local leader stranger
    login_in one
    leader=$(pid_of one)
    stop_solod KILL
    stop one KILL
    # The kernel gives the next process the number after this one (proc(5), ns_last_pid); somebody else may be quicker.
    for _ in {1..100}; do
        echo $((leader - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 1000 <&- >&- 2>&- 3>&- &
        stranger=$!
        ((stranger != leader)) || break
        kill -KILL "$stranger"
    done
    assert_equal "$leader" "$stranger"
    start_solod
    is_over "$(last_session_of alice)" lost
    assert_equal 0 "$(count_sessions)"
    run "${LOGIN[@]}"
    assert_status 0
    run gone "$stranger"
    assert_status 1
    assert_equal '0000000000000000 0000000000000000' "$(awk '/^(SigPnd|ShdPnd)/ { print $2 }' "/proc/$stranger/status" | xargs)"
    { kill -KILL "$stranger" && wait "$stranger"; } 2>/dev/null || true
}

@test "a person who logs out while solod is down frees the slot" {
    local leader
    ssh_in alice one
    leader=$(field Leader "$(session_of alice)")
    stop_solod
    stop one
    wait_until 10 gone "$leader"
    start_solod
    run ssh_as alice echo in
    assert_status 0
    assert_output in
}

@test "a session from before the restart is superseded whole" {
    local job
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=300ms'
    # shellcheck disable=SC2016 # The shell of the login expands it.
    ssh_background alice one -tt 'trap "" TERM HUP; setsid sleep 1001 </dev/null >/dev/null 2>&1 & echo in $!; sleep 1002'
    started one grep -q '^in ' "$HOST_DIR/one.out"
    job=$(shell_of one)
    restart_solod KILL
    run ssh_as alice "ps -o stat=,args= -p $job | grep -v ^Z"
    assert_status 1
    assert_output ""
    assert_equal 255 "$(status_of one)"
    run stdout_of one
    assert_output_has "You are logged out: this account logged in from"
}

@test "a session that was being ended when solod was killed is ended after the start" {
    local session
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=30s'
    login_in one --deaf
    session=$(session_of alice)
    background two "${LOGIN[@]}" --hold
    wait_until 5 is_ending alice
    configure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=300ms'
    restart_solod KILL
    wait_until 5 is_over "$session" superseded
    assert_equal 137 "$(status_of one)"
    # The login that waited asks again by itself.
    started two grep -q '^id ' "$HOST_DIR/two.out"
    assert_running two
    assert_equal 1 "$(count_sessions alice)"
}

@test "programs of a session that was being ended when solod was killed are gone before its slot is free" {
    local session leader job
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=30s'
    # shellcheck disable=SC2016 # The shell of the login expands it.
    ssh_background alice one 'trap "" TERM HUP; setsid sleep 1001 </dev/null >/dev/null 2>&1 & echo in $!; sleep 1002'
    started one grep -q '^in ' "$HOST_DIR/one.out"
    job=$(shell_of one)
    [[ $(cat "/proc/$job/sessionid") != 4294967295 ]] || skip "no audit sessions here"
    session=$(session_of alice)
    leader=$(field Leader "$session")
    soloctl end "$session" &
    wait_until 5 gone "$leader"
    run gone "$job"
    assert_status 1
    configure $'[Policy]\nOnConflict=supersede\nContestLimit=10000\nGraceTime=300ms'
    restart_solod KILL
    run ssh_as alice "ps -o stat=,args= -p $job | grep -v ^Z"
    assert_status 1
    assert_output ""
    is_over "$session" terminated
}

@test "sessions of an earlier boot are closed as rebooted before the first grant" {
    local session
    login_in one
    session=$(session_of alice)
    stop_solod KILL
    sqlite3 "$database" "UPDATE boot SET boot_id = '00000000-0000-4000-8000-000000000000'"
    start_solod
    is_over "$session" rebooted
    run "${LOGIN[@]}"
    assert_status 0
    assert_running one # its process is none of ours: a pid of another boot says nothing
}

# --- solod is restarted while somebody logs in ------------------------------------------------------------------------

# pause_at PHASE: has sshd's PAM stack stop right before pam_solo.so in that phase, until `go` is called.
pause_at() {
    printf '%s\n' '#!/bin/sh' "touch $HOST_DIR/reached" "until [ -e $HOST_DIR/go ]; do sleep 0.01; done" \
        >"$HOST_DIR/pause"
    chmod +x "$HOST_DIR/pause"
    rm -f "$HOST_DIR"/{reached,go}
    sed -i "/^$1 requisite pam_solo/i $1 required pam_exec.so quiet $HOST_DIR/pause" /etc/pam.d/sshd
}

go() {
    touch "$HOST_DIR/go"
    wait_until 5 nobody_pauses
}

nobody_pauses() { ! pgrep -a -f "$HOST_DIR/pause"; }

@test "a restart of solod in the middle of a login passes unnoticed" {
    local phase
    for phase in account session; do
        pause_at "$phase"
        ssh_background alice one echo in
        started one test -e "$HOST_DIR/reached"
        stop_solod
        go
        start_solod
        assert_equal 0 "$(status_of one)"
        assert_equal in "$(stdout_of one)"
        assert_equal "" "$(stderr_of one)"
        wait_until 5 no_sessions
        is_over "$(last_session_of alice)" logout
        cp "$HOST_DIR/pam.d/sshd" /etc/pam.d/
    done
}

# --- solod is absent --------------------------------------------------------------------------------------------------

@test "without solod a login is denied within two seconds, and told to try later" {
    stop_solod
    # What ssh does before takes its time, too.
    LIMIT_MS=8000 denied ssh_as alice echo in
    assert_status 255
    assert_output_has "Logins cannot be checked now; please try again later."
    denied "${LOGIN[@]}"
    assert_output_has "account PAM_PERM_DENIED"
    denied "${LOGIN[@]}" --no-account
    assert_output "open PAM_PERM_DENIED"
    assert_journal 'authpriv\.err sshd.*pam_solo\(sshd:account\): alice denied without solod: nobody listens'
}

@test "without solod and with on_unavailable=allow a login gets in, which is logged as critical" {
    pam_service sshd on_unavailable=allow
    stop_solod KILL
    run ssh_as alice echo in
    assert_status 0
    assert_output in
    assert_journal 'authpriv\.crit sshd.*pam_solo\(sshd:account\): alice let in without solod; allowed by on_unavailable=allow'
    assert_journal 'authpriv\.crit sshd.*pam_solo\(sshd:session\): alice let in without solod'
}

@test "without solod root gets in, and who may break the glass" {
    stop_solod
    run ssh_as root echo in
    assert_status 0
    assert_output in
    assert_journal 'authpriv\.crit sshd.*: root let in without solod; allowed by uid 0'
    pam_service sshd break_glass=keepers
    run ssh_as bob echo in
    assert_status 0
    assert_output in
    assert_journal 'authpriv\.crit sshd.*: bob let in without solod; allowed by break_glass=keepers'
    LIMIT_MS=8000 denied ssh_as alice echo in
}

@test "logins that were let in without solod go on when it is back, and end as they like" {
    pam_service sshd on_unavailable=allow
    stop_solod
    ssh_in alice one
    start_solod
    assert_running one
    stop one
    run ssh_as alice echo in
    assert_status 0
}

# --- somebody else answers --------------------------------------------------------------------------------------------

# impostor KIND [SETPRIV-OPTION...]: someone else listens where PAM service solo-fake looks for solod.
impostor() {
    install -d -m 755 /run/fake
    chmod 777 /run/fake
    background impostor setpriv "${@:2}" "$BATS_TEST_DIRNAME/../support/impostor" /run/fake/sock "$1"
    started impostor test -S /run/fake/sock
    test_service solo-fake socket=/run/fake/sock timeout=1
}

@test "a daemon that takes the call and never answers holds a login no longer than timeout=1 says" {
    local kind
    for kind in silence stall; do
        impostor "$kind"
        denied "${LOGIN[@]}" --service solo-fake
        assert_output_has "account PAM_PERM_DENIED"
        denied "${LOGIN[@]}" --service solo-fake --no-account
        assert_output "open PAM_PERM_DENIED"
        assert_journal 'alice denied without solod: no answer in time'
        stop impostor
    done
}

@test "an answer that is garbage or half a grant, and none at all, deny the login" {
    local kind
    for kind in garbage half hang-up; do
        impostor "$kind"
        denied "${LOGIN[@]}" --service solo-fake
        assert_output_has "account PAM_PERM_DENIED"
        denied "${LOGIN[@]}" --service solo-fake --no-account
        assert_output "open PAM_PERM_DENIED"
        stop impostor
    done
}

@test "what a server that is not root says counts for nothing" {
    impostor grant --reuid nobody --clear-groups
    denied "${LOGIN[@]}" --service solo-fake
    assert_output_has "account PAM_PERM_DENIED"
    denied "${LOGIN[@]}" --service solo-fake --no-account
    assert_output "open PAM_PERM_DENIED"
    assert_journal 'alice denied without solod: the server is not root'
    stop impostor
    # The same words from root are a grant.
    impostor grant --reuid root
    run "${LOGIN[@]}" --service solo-fake
    stop impostor
    assert_status 0
    assert_output_has "id 01900000-0000-7000-8000-000000000001"
}

@test "a login that gives up while solod does not answer ends nobody when solod answers again" {
    test_service solo-impatient timeout=1
    reconfigure $'[Policy]\nOnConflict=supersede\nContestLimit=10000'
    login_in one
    kill -STOP "$(pid_of solod)"
    background two "${LOGIN[@]}" --service solo-impatient --no-account --hold --stay
    started two grep -q '^open PAM_PERM_DENIED' "$HOST_DIR/two.out"
    kill -CONT "$(pid_of solod)"
    # Who comes later is served later.
    "${LOGIN[@]}" --account bob
    assert_running one
    assert_running two
    assert_equal active "$(field State "$(session_of alice)")"
}

# --- start and stop ---------------------------------------------------------------------------------------------------

@test "a second solod refuses to start, and the first one serves on" {
    run -1 /usr/sbin/solod
    assert_output_has "another solod is running"
    run ssh_as alice echo in
    assert_output in
}

@test "sockets, database and directories are open to those who need them only" {
    run stat --format '%U %a %n' /run/solo /run/solo/login.sock /run/solo/sessions.sock /var/lib/solo "$database"
    assert_output "root 755 /run/solo
root 600 /run/solo/login.sock
root 666 /run/solo/sessions.sock
root 700 /var/lib/solo
root 600 $database"
    run setpriv --reuid alice --clear-groups soloctl --socket /run/solo/login.sock list
    assert_status 3
}

@test "solod stays in its place when it is started with other directories" {
    local dir=$HOST_DIR/other
    background other /usr/sbin/solod --runtime-dir "$dir/run" --state-dir "$dir/state"
    started other test -S "$dir/run/sessions.sock"
    run soloctl --socket "$dir/run/sessions.sock" list
    assert_output "No sessions."
    assert_equal '600 666 600' "$(stat --format %a "$dir"/run/{login,sessions}.sock "$dir/state/sessions.db" | xargs)"
    stop other
    assert_equal 0 "$(status_of other)"
}

# --- configuration ----------------------------------------------------------------------------------------------------

@test "a reload of a broken configuration keeps the old one, and status says what is wrong and where" {
    reconfigure $'[Policy]\nMaxSessions=2'
    ssh_in alice one
    reconfigure $'[Policy]\nMaxSessions=many'
    ssh_in alice two
    refused ssh_as alice echo in
    run soloctl status
    assert_status 1
    [[ $output =~ State\ +degraded ]] || fail "$output"
    assert_output_has "/etc/solo/solo.conf:2: MaxSessions=many is not"
    assert_journal 'authpriv\.err solod: /etc/solo/solo\.conf:2: MaxSessions=many is not'
    reconfigure ''
    run soloctl status
    assert_status 0
}

@test "solod does not start with a broken configuration and says file and line" {
    stop_solod
    configure $'[Policy]\nOnConflict=supercede'
    run /usr/sbin/solod
    assert_status 1
    assert_output "/etc/solo/solo.conf:2: OnConflict=supercede is not refuse or supersede or ask"
}

@test "--check-config says file and line of every mistake" {
    configure '# a comment
[Policy]
MaxSession=1
GraceTime=soon
[Users alice]
MaxSessions=2
[User bob]
ExemptUsers=bob
MaxSessions=1
MaxSessions=2'
    run /usr/sbin/solod --check-config
    assert_status 1
    assert_output_has "/etc/solo/solo.conf:10: MaxSessions is set twice in [User bob]"
    configure "$(sed '/^MaxSessions=1/d' /etc/solo/solo.conf)"
    run /usr/sbin/solod --check-config
    assert_status 1
    assert_output_has "/etc/solo/solo.conf:3: there is no key MaxSession in [Policy]"
    assert_output_has "/etc/solo/solo.conf:4: GraceTime=soon is not"
    assert_output_has "/etc/solo/solo.conf:6: MaxSessions stands in [Users alice]"
    assert_output_has "/etc/solo/solo.conf:8: there is no key ExemptUsers in [User bob]"
    assert_equal 4 "${#lines[@]}"
}

@test "--check-config and soloctl config show every value and where it comes from" {
    configure $'[Policy]\nGraceTime=7s'
    run /usr/sbin/solod --check-config
    assert_status 0
    assert_output_has $'[Policy] GraceTime=7s\t/etc/solo/solo.conf:2'
    [[ $output =~ "[Policy] MaxSessions=1"$'\t' ]] || fail "$output"
    run soloctl config
    assert_status 0
    [[ $output =~ GraceTime=7s\ +#\ /etc/solo/solo.conf:2 ]] || fail "$output"
}

@test "a configuration that others may write to is an error" {
    chmod 666 /etc/solo/solo.conf
    run /usr/sbin/solod --check-config
    chmod 644 /etc/solo/solo.conf
    assert_status 1
    assert_output "/etc/solo/solo.conf: must belong to root and be writable by root alone"
}

# --- the database -----------------------------------------------------------------------------------------------------

@test "solod outlives whoever reads its standard error, and waits for nobody who does not" {
    local pipe=$HOST_DIR/standard-error reader i
    stop_solod
    mkfifo "$pipe"
    background reader cat "$pipe"
    start_notify
    : >"$HOST_DIR/notifications"
    # shellcheck disable=SC2016 # The inner shell expands it.
    background solod env NOTIFY_SOCKET="$HOST_DIR/notify" sh -c 'exec /usr/sbin/solod 2>"$0"' "$pipe"
    started solod notified 1
    kill "$(pid_of reader)"
    wait_until 5 ended reader
    run ssh_as alice echo in
    assert_output in
    run soloctl metrics
    [[ $output =~ solo_log_lines_lost_total\ [1-9] ]] || fail "nothing is lost" "$output"
    exec {reader}<>"$pipe"
    for ((i = 0; i < 400; i++)); do
        "${LOGIN[@]}" --service solo-test --account alice >/dev/null || fail "login $i"
    done
    exec {reader}<&-
    run ssh_as alice echo in
    assert_output in
    stop_solod
    start_solod
}

@test "a damaged database is moved aside, solod serves on and says so" {
    local damaged
    "${LOGIN[@]}"
    stop_solod
    rm -f "$database"-{wal,shm}
    head --bytes=20000 /dev/urandom >"$database"
    damaged=$(sha256sum <"$database")
    start_solod
    assert_equal "$damaged" "$(cat "$database".damaged-* | sha256sum)"
    assert_journal 'authpriv\.alert solod: the database was damaged'
    run soloctl status
    assert_status 1
    assert_output_has "$database.damaged-"
    ssh_in alice one
    refused ssh_as alice echo in
    restart_solod TERM
    refused ssh_as alice echo in
    run soloctl status
    assert_status 0
    rm "$database".damaged-*
}

@test "while the disk is full logins are decided all the same, and are on record when it is back" {
    local session other
    stop_solod
    mount -t tmpfs -o size=512k,mode=700 tmpfs /var/lib/solo
    start_solod
    dd if=/dev/zero of=/var/lib/solo/filler bs=4k 2>/dev/null || true
    login_in one
    session=$(session_of alice)
    refused "${LOGIN[@]}"
    run soloctl status
    assert_status 1
    assert_output_has "disk is full"
    login_in two --account bob
    other=$(session_of bob)
    stop two
    wait_until 5 is_over "$other" logout
    run soloctl validate "$other"
    assert_status 1
    rm /var/lib/solo/filler
    wait_until 5 soloctl status
    assert_equal alice "$(sqlite3 "$database" "SELECT account FROM session WHERE state = 'active'")"
    is_over "$other" logout
    restart_solod KILL
    assert_equal "$session" "$(session_of alice)"
    log_everyone_out
    stop_solod
    umount /var/lib/solo
}

# is_in_file STATE: a checkpoint has moved that record of the one session out of the log, and all else (mxFrame and
# nBackfill in the log's index are the same, sqlite.org/walformat.html); the log is kept as it is.
is_in_file() {
    assert_equal "$1" "$(sqlite3 "file:$database?immutable=1" 'SELECT state FROM session')" &&
        assert_equal "$(od -An -tu4 -j16 -N4 "$database-shm")" "$(od -An -tu4 -j96 -N4 "$database-shm")"
}

@test "a disk that has become full takes what there is room for in the log" {
    local session
    stop_solod
    mount -t tmpfs -o size=2m,mode=700 tmpfs /var/lib/solo
    start_solod
    login_in one
    session=$(session_of alice)
    wait_until 10 is_in_file active
    dd if=/dev/zero of=/var/lib/solo/filler bs=4k 2>/dev/null || true
    stop one
    wait_until 10 is_over "$session" logout
    soloctl status
    assert_equal ended "$(sqlite3 "$database" 'SELECT state FROM session')"
    stop_solod
    umount /var/lib/solo
}
