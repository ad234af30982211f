#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Solo on a host with OpenRC, by conf/examples/openrc: Debian's OpenRC in namespaces of its own beside the container's
# systemd, with the services solod and sshd.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../support/host
    add_accounts alice
    await_sshd
    pam_services sshd
    systemctl stop ssh.service
    install -m 755 /usr/share/doc/solo/examples/openrc /etc/init.d/solod
    mv /etc/init.d/ssh /etc/init.d/a-sshd # by their names alone it would come first
    rm -f /etc/runlevels/*/*
    # Process 1 reaps orphans, as an init does.
    background host unshare --mount --pid --fork --kill-child --mount-proc bash -c '
        mount -t tmpfs -o mode=755 tmpfs /run && touch /run/is_private
        sleep infinity &
        wait'
    started host on_host test -e /run/is_private
}

setup() { load ../support/host; }

teardown() { [[ ${BATS_TEST_COMPLETED-} ]] || on_host ps axf >&2; }

# on_host CMD...: where OpenRC is. What it starts there stays, and must not keep bats waiting.
on_host() (
    close_inherited_descriptors
    exec nsenter --target "$(pgrep --parent "$(pid_of host)")" --mount --pid "$@"
)

soloctl() { on_host soloctl "$@"; }

solod_pid() { pgrep --exact solod; }

# solod_is_another PID
solod_is_another() { [[ $(solod_pid) && $(solod_pid) != "$1" ]]; }

second_login_is_refused() {
    run ssh_as alice echo in
    assert_status 255
    [[ $output == *"already logged in"* ]] || fail "$output"
}

@test "it starts at boot, before sshd" {
    on_host rc-update add solod default
    on_host rc-update add a-sshd default
    on_host openrc sysinit
    on_host openrc boot
    run on_host openrc default
    assert_status 0
    [[ $output == *'Starting solod'*'OpenBSD Secure Shell'* ]] || fail "$output"
    wait_until 10 soloctl status
    assert_equal '755 root /run/solo' "$(on_host stat --format '%a %U %n' /run/solo)"
    assert_equal '700 root /var/lib/solo' "$(stat --format '%a %U %n' /var/lib/solo)"
    wait_until 10 listening_anywhere 22
    ssh_in alice one
    second_login_is_refused
}

@test "killed, it is started again, and who is logged in stays" {
    local session pid
    session=$(session_of alice)
    pid=$(solod_pid)
    kill -KILL "$pid"
    wait_until 10 solod_is_another "$pid"
    wait_until 10 soloctl status
    assert_equal "$session" "$(session_of alice)"
    second_login_is_refused
}

@test "a reload reads the configuration; a wrong one is refused, by a restart as well, and solod goes on" {
    local pid
    pid=$(solod_pid)
    configure $'[Policy]\nMaxSessions=2'
    on_host rc-service solod reload
    wait_until 10 ssh_as alice echo in
    configure $'[Policy]\nOnConflict=perhaps'
    run on_host rc-service solod reload
    assert_status 1
    [[ $output == *'/etc/solo/solo.conf:2: '* ]] || fail "$output"
    run on_host rc-service solod restart
    assert_status 1
    assert_equal "$pid" "$(solod_pid)"
    soloctl status
}

@test "stopped, it is gone; started, it knows who is logged in" {
    local session
    session=$(session_of alice)
    rm /etc/solo/solo.conf
    on_host rc-service solod stop
    run solod_pid
    assert_status 1
    on_host rc-service solod start
    wait_until 10 soloctl status
    assert_equal "$session" "$(session_of alice)"
    second_login_is_refused
    stop one
    wait_until 10 no_sessions
}
