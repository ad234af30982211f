#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The Debian packages in the life of a host with systemd: installed with apt, wired with soloctl, used, restarted,
# upgraded under live sessions, removed, purged. One test after the other.

bats_require_minimum_version 1.5.0

already='This account is already logged in from 127\.0\.0\.1 \(sshd\) since [0-9]{2}:[0-9]{2}\.'

setup_file() {
    load ../support/host
    add_accounts alice bob
    install_stubborn alice
    echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
    await_sshd
    cp -r /etc/pam.d "$HOST_DIR/"
}

setup() {
    load ../support/host
    export DEBIAN_FRONTEND=noninteractive
    drop_in=/etc/solo/solo.conf.d/test.conf
}

teardown() { [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --lines 80 >&2; }

apt() { apt-get --yes --quiet --option Dpkg::Use-Pty=0 "$@"; }

# pam_is_unchanged: since before the packages came.
pam_is_unchanged() { diff -r "$HOST_DIR/pam.d" /etc/pam.d; }

# conflict POLICY: what a second login gets from now on.
conflict() {
    printf '[Policy]\nOnConflict=%s\nContestLimit=1000\nGraceTime=500ms\n' "$1" >"$drop_in"
    systemctl reload solod.service
}

# expect_refused: a login of alice; the person is told why.
expect_refused() {
    run ssh_as alice echo in
    assert_status 255
    [[ $output =~ $already ]] || fail "$output"
}

# next_version VERSION: the same packages as a later one.
next_version() {
    local package tree=$HOST_DIR/tree
    mkdir -p "$HOST_DIR/$1"
    for package in "$SOLO_PACKAGES"/*.deb; do
        rm -rf "$tree"
        dpkg-deb --raw-extract "$package" "$tree"
        sed -Ei "s/^Version: .*/Version: $1/; s/solo \(= [^)]*\)/solo (= $1)/" "$tree/DEBIAN/control"
        dpkg-deb --root-owner-group -Zgzip --build "$tree" "$HOST_DIR/$1" >/dev/null
    done
}

@test "apt installs the packages, solod runs, and nothing in PAM changes" {
    apt install "$SOLO_PACKAGES"/*.deb
    pam_is_unchanged
    run systemctl is-active solod.socket solod.service
    assert_output $'active\nactive'
    run systemctl is-enabled solod.socket solod.service
    assert_output $'enabled\nenabled'
    soloctl status
    assert_equal "$(dpkg-query --show --showformat '${Version}' solo)" "$(solod --version | awk '{ print $NF }')"
    run systemctl show --property NRestarts --value solod.service
    assert_output 0
    run ssh_as alice echo in
    assert_output in
}

@test "each example has the session line before pam_systemd's and after pam_loginuid's" {
    local name
    for name in sshd login gdm-password lightdm vsftpd; do
        awk '/^#/ { next } /pam_loginuid/ && ours { exit 1 } /^session.*pam_solo/ { ours = 1 }
             /^@include common-session/ && !ours { exit 1 } /^account.*pam_solo/ { asks = 1 }
             /^@include common-account/ && !asks && FILENAME !~ /gdm|lightdm/ { exit 1 }' "/usr/share/doc/solo/examples/$name" ||
            fail "$name"
    done
}

@test "with the recipe that has sshd ask who comes with a key, Debian's sshd starts" {
    local drop_in=/etc/ssh/sshd_config.d/recipe.conf
    grep -E '^(KbdInteractiveAuthentication|AuthenticationMethods) ' /usr/share/doc/solo/docs/recipes.md >"$drop_in"
    assert_equal 2 "$(wc -l <"$drop_in")"
    sshd -t
    sed -i /Kbd/d "$drop_in"
    run sshd -t
    assert_status 255
    rm "$drop_in"
}

@test "enabled, a second login is refused" {
    soloctl enable sshd login
    ssh_in alice one
    expect_refused
    run ssh_as bob echo in
    assert_output in
}

# alice_did FILE: it is hers.
alice_did() { assert_equal alice "$(stat --format %U "$1")"; }

@test "cron, sudo and the manager of users go on as before" {
    echo '@reboot touch /tmp/cron' | crontab -u alice -
    rm -f /run/crond.reboot
    systemctl restart cron.service
    wait_until 10 alice_did /tmp/cron
    run sudo -u alice sudo -n id -u
    assert_output 0
    systemctl restart user@1000.service
    systemctl is-active user@1000.service
    has_sessions 1 alice
    stop one
    wait_until 10 no_sessions
}

@test "superseded, a session ends with all that it has started, is told why, and is gone from logind" {
    local session scope known
    conflict supersede
    ssh_background alice one -tt 'bash stubborn'
    started one grep -q '^in ' "$HOST_DIR/one.out"
    wait_until 5 all_stubborn_in
    session=$(session_of alice)
    scope=/sys/fs/cgroup$(scope_of one)
    known=$(logind_session_of alice)
    [[ -d $scope && $known ]]
    run ssh_as alice 'ps -u alice -o stat=,args= | grep -v ^Z | grep -E " (sleep 100[1-5]$|bash stubborn)"'
    assert_status 1
    assert_output ""
    is_over "$session" superseded
    assert_equal 255 "$(status_of one)"
    grep 'You are logged out: this account logged in from 127.0.0.1 (sshd)' "$HOST_DIR/one.out"
    wait_until 10 test ! -d "$scope"
    wait_until 10 logind_lacks "$known"
}

logind_lacks() { ! loginctl show-session "$1"; }

# answer_in ANSWER TAG: alice logs in by keyboard-interactive, gives ANSWER if asked, and stays.
answer_in() {
    printf '#!/bin/sh\ncase $1 in *"End that session?"*) echo %s;; *) echo "%s";; esac\n' "$1" "$ACCOUNT_PASSWORD" \
        >"$HOST_DIR/askpass"
    chmod 755 "$HOST_DIR/askpass"
    # shellcheck disable=SC2016 # The shell of the login expands it.
    background "$2" env SSH_ASKPASS="$HOST_DIR/askpass" SSH_ASKPASS_REQUIRE=force "${SSH[@]}" \
        -o PreferredAuthentications=keyboard-interactive -o NumberOfPasswordPrompts=1 alice@127.0.0.1 \
        'echo in $$; exec sleep 1000'
}

@test "asked, the person decides" {
    conflict ask
    echo 'KbdInteractiveAuthentication yes' >/etc/ssh/sshd_config.d/test.conf
    systemctl reload ssh.service
    ssh_in alice one
    answer_in n two
    assert_equal 255 "$(status_of two)"
    assert_running one
    answer_in y three
    started three grep -q in "$HOST_DIR/three.out"
    assert_equal 255 "$(status_of one)"
    has_sessions 1 alice
}

@test "a restart of solod leaves sessions as they are" {
    local session
    session=$(session_of alice)
    conflict refuse
    systemctl restart solod.service
    assert_equal "$session" "$(session_of alice)"
    assert_running three
    expect_refused
}

# Not by its pid, which is 0 where it does not run: all our processes.
kill_solod() { systemctl kill --kill-whom main --signal KILL solod.service; }

# has_come_back PID: solod, which was PID, runs anew and answers.
has_come_back() { [[ $(main_pid solod) != "$1" ]] && soloctl status >/dev/null; }

@test "killed time and again, solod comes back by itself each time" {
    local session pid i
    session=$(session_of alice)
    for i in {1..8}; do
        pid=$(main_pid solod)
        kill_solod
        wait_until 5 has_come_back "$pid"
    done
    systemctl is-active solod.socket
    assert_equal "$session" "$(session_of alice)"
    expect_refused
}

is_degraded() { soloctl status | grep degraded; }

@test "a reload with a wrong configuration fails, and solod goes on with what it had" {
    local pid
    pid=$(main_pid solod)
    echo 'NoSuchKey=1' >>"$drop_in"
    run systemctl reload solod.service
    assert_status 1
    wait_until 5 is_degraded
    assert_equal "$pid" "$(main_pid solod)"
    expect_refused
    conflict refuse
    wait_until 5 soloctl status
}

# restarts: how often systemd has started solod again.
restarts() { systemctl show --property NRestarts --value solod.service; }
has_restarted() { (($(restarts) >= $1)); }

@test "with a wrong configuration at its start solod tries on, and is there as soon as that is mended" {
    local before
    before=$(restarts)
    echo 'NoSuchKey=1' >>"$drop_in"
    kill_solod
    wait_until 20 has_restarted $((before + 7))
    background waiting ssh_as bob echo in
    sed -i '/NoSuchKey/d' "$drop_in"
    wait_until 10 soloctl status
    assert_equal 0 "$(status_of waiting)"
    expect_refused
}

# log_in_until FILE: bob logs in again and again; fails with the first login that does.
log_in_until() {
    until [[ -e $1 ]]; do
        ssh_as bob true || return
    done
}

@test "an upgrade restarts solod, keeps sessions, and no login fails meanwhile" {
    local session pid
    session=$(session_of alice)
    pid=$(main_pid solod)
    next_version 0.9
    background logins log_in_until "$HOST_DIR/upgraded"
    apt install "$HOST_DIR"/0.9/*.deb
    touch "$HOST_DIR/upgraded"
    assert_equal 0 "$(status_of logins)"
    assert_equal 0.9 "$(dpkg-query --show --showformat '${Version}' libpam-solo)"
    [[ $(main_pid solod) != "$pid" ]]
    assert_equal "$session" "$(session_of alice)"
    assert_running three
    expect_refused
}

@test "an upgrade to a solod that does not take the configuration leaves the old one at work" {
    local pid
    pid=$(main_pid solod)
    next_version 0.10
    echo 'NoSuchKey=1' >>"$drop_in"
    run apt install "$HOST_DIR"/0.10/*.deb
    assert_status 0
    assert_output_has 'solod goes on in its old version'
    assert_equal "$pid" "$(main_pid solod)"
    expect_refused
    conflict refuse
}

@test "while a line is left that soloctl does not take out, the module stays" {
    echo 'session requisite pam_solo.so' >>/etc/pam.d/common-session
    run apt remove libpam-solo
    assert_status 100
    assert_output_has 'take pam_solo.so out of /etc/pam.d/common-session'
    ssh_as bob true
    sed -i '/pam_solo/d' /etc/pam.d/common-session
    soloctl enable sshd login
}

@test "removed, the module has left PAM first, the profile too; who is logged in stays, and all may log in" {
    pam-auth-update --package --enable solo
    grep pam_solo /etc/pam.d/common-session
    apt remove libpam-solo
    run grep -r pam_solo /etc/pam.d
    assert_output ""
    pam_is_unchanged
    assert_running three
    run ssh_as alice echo in
    assert_output in
    stop three
    wait_until 10 no_sessions
}

@test "removed, solod is gone, and the configuration stays" {
    apt remove solo
    run systemctl is-active solod.socket solod.service
    assert_output $'inactive\ninactive'
    test ! -e /run/solo
    test -e /etc/solo/solo.conf
    ssh_as alice true
}

@test "purged, nothing is left" {
    local found tree=${BATS_TEST_DIRNAME%/tests/integration} # its own directories may have any name
    apt purge solo libpam-solo
    found=$(find / /run -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run/host -o -path /tmp/systemd-private-\* \
        -o -path "$tree" \) -prune -o \
        \( -name '*[^a-z]solo[^a-z]*' -o -name 'solo*' -o -name '*_solo*' -o -name '*-solo*' \) -print |
        awk -v tree="$tree/" 'index(tree, $0 "/") != 1')
    assert_equal "" "$found"
    run grep -rl pam_solo /etc /var/lib/pam
    assert_output ""
    run systemctl list-unit-files --no-legend 'solo*'
    assert_output ""
    run getent passwd solo
    assert_output ""
}
