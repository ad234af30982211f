#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Solo on a host with systemd, as a service of it: sessions end with their scopes, the logins that logind knows are
# adopted, and a bus that is absent or hangs holds up nobody.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../support/host
    add_accounts alice bob
    install_stubborn alice
    await_sshd
    pam_services sshd su-l
    cp -r /etc/pam.d "$HOST_DIR/"
    configure $'[Policy]\nOnConflict=supersede\nGraceTime=500ms\nContestLimit=1000'
    systemctl enable --quiet --now solod.socket solod.service
}

setup() {
    load ../support/host
    drop_ins=/etc/solo/solo.conf.d
    watchdog=/run/systemd/system/solod.service.d
    cursor=$(journalctl --lines 0 --show-cursor | sed -n 's/^-- cursor: //p')
}

teardown() {
    [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --after-cursor "$cursor" >&2
    kill -CONT "$(main_pid dbus)" 2>/dev/null || true
    if [[ -e $watchdog ]]; then
        rm -r "$watchdog"
        systemctl daemon-reload
        systemctl restart solod.service
    fi
    systemctl start dbus.socket dbus.service solod.service
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
    log_everyone_out
    [[ ! -e $drop_ins ]] || { rm -r "$drop_ins" && systemctl reload solod.service; }
}

# has_logged UNIT REGEX: since the test began.
has_logged() { journalctl --after-cursor "$cursor" --unit "$1" --output cat | grep -E -e "$2"; }

# without MODULE: logins go without this PAM module from now on.
without() { sed -i "/$1/d" /etc/pam.d/*; }

# stubborn_in_scope TAG: like stubborn_in, until solod knows the scope; logind tells it a moment after the login.
stubborn_in_scope() {
    stubborn_in "$1"
    wait_until 10 knows_scope "$(session_of alice)"
}

knows_scope() {
    [[ $(sqlite3 /var/lib/solo/sessions.db "SELECT logind_session FROM session WHERE id = x'${1//-/}'") ]]
}

nobody_runs() { assert_equal "" "$(programs_of "$1" | grep -v -e systemd -e sd-pam)"; }

# --- the units --------------------------------------------------------------------------------------------------------

@test "solod runs as a service, and logins wait for it while it is restarted" {
    local i
    run systemctl is-active solod.socket solod.service
    assert_output $'active\nactive'
    systemctl stop solod.service
    run soloctl list
    assert_status 3
    for i in 1 2 3; do
        run ssh_as alice echo in "$i"
        assert_status 0
        assert_output "in $i"
    done
    systemctl is-active solod.service
    wait_until 5 no_sessions
}

@test "solod's turns on the processor come soon" {
    assert_equal -3 "$(cut -d' ' -f19 "/proc/$(main_pid solod)/stat")"
}

# watch_solod SECONDS: WatchdogSec= is so long from now on.
watch_solod() {
    mkdir -p "$watchdog"
    printf '[Service]\nWatchdogSec=%s\n' "$1" >"$watchdog/watchdog.conf"
    systemctl daemon-reload
    systemctl restart solod.service
}

last_sign() { systemctl show --property WatchdogTimestampMonotonic --value solod.service; }

# gives_a_sign SINCE
gives_a_sign() { [[ $(last_sign) != "$1" ]]; }

# is_replaced PID: another solod is at work.
is_replaced() { [[ $(main_pid solod) != @(0|"$1") ]] && systemctl is-active solod.service; }

@test "a solod that hangs is restarted by systemd, one that works is not, and who is logged in stays" {
    local session pid i
    ssh_in alice one
    session=$(session_of alice)
    watch_solod 1s
    pid=$(main_pid solod)
    for i in 1 2 3; do
        wait_until 5 gives_a_sign "$(last_sign)"
    done
    assert_equal "$pid" "$(main_pid solod)"
    kill -STOP "$pid"
    wait_until 10 is_replaced "$pid"
    has_logged solod 'Watchdog timeout'
    assert_equal "$session" "$(session_of alice)"
    assert_running one
    keeps 2
    run ssh_as alice echo in
    assert_output in
    is_over "$session" superseded
}

# as_solod CMD...: sees the files as solod does.
as_solod() { nsenter --target "$(main_pid solod)" --mount "$@"; }

@test "the unit lets solod write where it has to, and nowhere else" {
    ssh_in alice one
    run as_solod sh -c 'echo 1 >/etc/solo/new'
    assert_output_has 'Read-only file system'
    run as_solod sh -c "echo 1 >/sys/fs/cgroup/system.slice/ssh.service/cgroup.kill"
    assert_output_has 'Read-only file system'
    run as_solod ls /home/alice
    assert_status 2
    as_solod sh -c "echo 1 >/sys/fs/cgroup$(scope_of one)/cgroup.kill"
    assert_equal 255 "$(status_of one)"
}

# --- endings ----------------------------------------------------------------------------------------------------------

# expect_superseded TAG: a second login of alice ends the first one, with all that it has started.
expect_superseded() {
    local session
    session=$(session_of alice)
    run ssh_as alice 'ps -u alice -o stat=,args= | grep -v ^Z | grep -E " (sleep 100[1-5]$|bash stubborn)"'
    assert_status 1
    assert_output ""
    is_over "$session" superseded
    assert_equal 255 "$(status_of "$1")"
}

@test "what has a scope of its own ends with it, to the last orphan" {
    without pam_loginuid
    stubborn_in_scope one
    assert_equal 4294967295 "$(cat "/proc/$(shell_of one)/sessionid")"
    [[ $(scope_of one) == */session-*.scope ]]
    expect_superseded one
    wait_until 10 no_sessions
    wait_until 10 assert_equal "" "$(logind_session_of alice)"
}

@test "without a scope it ends with its audit session, to the last orphan" {
    without pam_systemd
    stubborn_in one
    [[ $(scope_of one) != */session-*.scope ]]
    expect_superseded one
}

@test "with neither it ends with the descendants of its leader and the POSIX sessions that they began" {
    without pam_loginuid
    without pam_systemd
    sed -i '/1003/d' /home/alice/stubborn
    ssh_background alice one 'bash stubborn'
    started one grep -q '^in ' "$HOST_DIR/one.out"
    wait_until 5 assert_equal 4 "$(pgrep --count -u alice -f '^sleep 100[1-5]$')"
    install_stubborn alice
    expect_superseded one
}

@test "what a person leaves running on purpose survives the logout, though its scope lives on" {
    local job session
    # shellcheck disable=SC2016 # The shell of the login expands it.
    job=$(ssh_as alice 'setsid nohup sleep 1006 >/dev/null 2>&1 & echo $!')
    wait_until 5 no_sessions
    session=$(last_session_of alice)
    is_over "$session" logout
    grep -q 'session-.*\.scope' "/proc/$job/cgroup"
    ssh_in alice one
    soloctl end "$(session_of alice)"
    run gone "$job"
    assert_status 1
}

@test "ending su -l, also one that has lost its parent, ends nothing of the session that it was started in" {
    local scope
    ssh_background root outer 'setsid sh -c "su -l alice -c \"echo inner \\\$\\\$; exec sleep 1001\" & exit" & sleep 1002 & echo in $$; exec sleep 1000'
    started outer grep -q inner "$HOST_DIR/outer.out"
    scope=$(scope_of outer)
    assert_equal 1 "$(count_sessions alice)"
    grep -q "$scope" "/proc/$(awk '/^inner/ { print $2 + 0 }' "$HOST_DIR/outer.out")/cgroup"
    run ssh_as alice echo in
    assert_status 0
    assert_running outer
    pgrep -f '^sleep 1000$' && pgrep -f '^sleep 1002$'
    run pgrep -f '^sleep 1001$'
    assert_status 1
}

kept_descriptors() { systemctl show solod.service --property NFileDescriptorStore --value; }
keeps() { assert_equal "$1" "$(kept_descriptors)"; }

@test "systemd keeps the leader and the line of a session while solod is restarted, and no longer than it lasts" {
    local session
    ssh_in alice one
    session=$(session_of alice)
    wait_until 10 keeps 2
    systemctl restart solod.service
    assert_equal "$session" "$(session_of alice)"
    keeps 2
    stop one
    is_over "$session" logout
    wait_until 10 keeps 0
}

@test "a session is ended with its scope after a restart of solod, too" {
    without pam_loginuid
    stubborn_in_scope one
    systemctl restart solod.service
    expect_superseded one
}

@test "a bus that hangs holds up an ending for a moment, and is recorded" {
    local session before
    without pam_loginuid
    stubborn_in_scope one
    session=$(session_of alice)
    kill -STOP "$(main_pid dbus)"
    before=${EPOCHREALTIME/./}
    run soloctl end "$session"
    assert_status 0
    ((${EPOCHREALTIME/./} - before < 8000000))
    nobody_runs alice
    is_over "$session" terminated
    has_logged solod 'logind does not stop its session .*: no answer in time'
    kill -CONT "$(main_pid dbus)"
    assert_equal 255 "$(status_of one)"
}

@test "without a bus a session ends all the same, and solod finds the bus when it is back" {
    local session
    without pam_loginuid
    stubborn_in_scope one
    session=$(session_of alice)
    systemctl stop dbus.socket dbus.service
    run soloctl end "$session"
    assert_status 0
    nobody_runs alice
    has_logged solod 'logind does not stop its session .*: there is no connection to the bus'
    systemctl start dbus.socket dbus.service
    systemctl restart systemd-logind.service
    wait_until 10 has_bus solod
    wait_until 10 no_sessions
    stubborn_in two
    expect_superseded two
}

# has_bus UNIT: it has a connection to the bus.
has_bus() { busctl --no-pager --no-legend | grep -q " $(main_pid "$1") "; }

# --- IdleTimeout ------------------------------------------------------------------------------------------------------

# desktop_in NAME CMD: logs in without a terminal, graphically as logind sees it, runs CMD and stays. sshd cannot: to
# pam_systemd its logins are terminals.
desktop_in() {
    systemd-run --quiet --collect --unit "desktop-$1" --property "User=$1" --property PAMName=su-l \
        sh -c "$2; exec sleep 1000"
    wait_until 10 has_sessions 1 "$1"
    wait_until 10 is_graphical "$1"
}

is_graphical() { assert_equal x11 "$(loginctl show-session --property Type --value "$(logind_session_of "$1")")"; }

@test "a session without a terminal is idle while logind has it for that" {
    local session
    sed -i 's/pam_systemd\.so.*/pam_systemd.so type=x11/' /etc/pam.d/common-session
    mkdir -p "$drop_ins"
    echo $'[Policy]\nIdleTimeout=3s' >"$drop_ins/idle.conf"
    systemctl reload solod.service
    desktop_in bob true
    desktop_in alice 'busctl call org.freedesktop.login1 /org/freedesktop/login1/session/auto \
        org.freedesktop.login1.Session SetIdleHint b true'
    session=$(session_of alice)
    wait_until 30 is_over "$session" idle
    wait_until 10 nobody_runs alice
    has_sessions 1 bob
}

# --- logins that Solo has not granted ---------------------------------------------------------------------------------

# log_in_without_solo NAME TAG [CMD]: before there is a solod, and stays; CMD runs in the person's shell.
log_in_without_solo() {
    without pam_solo
    systemctl stop solod.socket solod.service
    # shellcheck disable=SC2016 # The shell of the login expands it.
    ssh_background "$1" "$2" "${3-} "'echo in $$; exec sleep 1000'
    started "$2" grep -q in "$HOST_DIR/$2.out"
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
}

@test "logins that logind knows are adopted: they hold slots, are superseded whole, and end when their leaders exit" {
    local session job
    log_in_without_solo alice one
    ssh_in root two
    job=$(shell_of one)
    systemctl start solod.socket solod.service
    session=$(session_of alice)
    assert_equal "sshd" "$(field Service "$session")"
    assert_equal "127.0.0.1" "$(field 'Remote host' "$session")"
    assert_equal active "$(field State "$session")"
    assert_equal 1 "$(count_sessions root)" # and none for the managers of users
    assert_equal 2 "$(count_sessions)"
    run ssh_as alice echo in
    assert_status 0
    assert_equal 255 "$(status_of one)"
    gone "$job"
    is_over "$session" superseded
    session=$(session_of root)
    stop two
    wait_until 5 is_over "$session" leader-exited
}

@test "what the person of an adopted login leaves running on purpose stays" {
    log_in_without_solo alice one 'setsid nohup sleep 1006 >/dev/null 2>&1 &'
    systemctl start solod.socket solod.service
    assert_equal 1 "$(count_sessions alice)"
    systemctl restart solod.service
    assert_equal 1 "$(count_sessions alice)"
    stop one
    wait_until 5 no_sessions
    assert_equal 1 "$(pgrep --count -u alice -f '^sleep 1006$')"
}

@test "solod is ready soon though the bus hangs, and adopts when it answers" {
    local before
    log_in_without_solo alice one
    kill -STOP "$(main_pid dbus)"
    before=${EPOCHREALTIME/./}
    systemctl start solod.socket solod.service
    ((${EPOCHREALTIME/./} - before < 6000000))
    no_sessions
    kill -CONT "$(main_pid dbus)"
    wait_until 20 has_sessions 1 alice
}
