#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the Makefile does to a host with systemd: `make uninstall` locks out nobody. make install is done already.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../support/host
    add_account alice
    await_sshd
    cp -r /etc/pam.d "$HOST_DIR/"
    mkdir "$HOST_DIR/build"
    find /usr -type f -name '*solo*' >"$HOST_DIR/build/installed"
    systemctl enable --quiet --now solod.socket solod.service
}

setup() {
    load ../support/host
    tree=$BATS_TEST_DIRNAME/../..
    solo_files=$HOST_DIR/build/installed
}

teardown() { [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --lines 50 >&2; }

uninstall() { run make --directory "$tree" uninstall BUILD="$HOST_DIR/build" "$@"; }

all_are_there() { xargs ls <"$solo_files" >/dev/null; }

# gets_in: alice, who logs out again.
gets_in() {
    run ssh_as alice echo in
    assert_output in
}

@test "with a DESTDIR, uninstall removes what is there, and leaves the host's Solo and PAM alone" {
    soloctl enable sshd
    mkdir -p "$HOST_DIR/root/usr/bin"
    touch "$HOST_DIR/root/usr/bin/soloctl"
    echo "$HOST_DIR/root/usr/bin/soloctl" >"$HOST_DIR/build/installed${HOST_DIR//\//-}-root"
    uninstall DESTDIR="$HOST_DIR/root"
    assert_status 0
    [[ ! -e $HOST_DIR/root/usr/bin/soloctl ]]
    grep pam_solo /etc/pam.d/sshd
    systemctl is-active solod.service
    all_are_there
}

@test "while a line is left that soloctl does not take out, uninstall says where and removes nothing" {
    echo 'session requisite pam_solo.so' >>/etc/pam.d/common-session
    uninstall
    assert_status 2
    assert_output_has 'nobody could log in then: take pam_solo.so out of /etc/pam.d/common-session'
    run grep pam_solo /etc/pam.d/sshd
    assert_output ""
    all_are_there
    systemctl is-active solod.service
    gets_in
    sed -i '/pam_solo/d' /etc/pam.d/common-session
}

@test "uninstall takes Solo out of PAM, the profile too, stops solod and removes its files; who is logged in stays" {
    soloctl enable login
    pam-auth-update --package --enable solo
    grep pam_solo /etc/pam.d/common-session
    ssh_in alice one
    uninstall
    assert_status 0
    gets_in
    assert_running one
    stop one
    diff -r "$HOST_DIR/pam.d" /etc/pam.d
    run systemctl list-units --all --no-legend 'solod*'
    assert_output ""
    run find /etc/systemd -name 'solod*'
    assert_output ""
    run find /usr -type f -name '*solo*'
    assert_output ""
}

@test "uninstalled twice, there is nothing more to do" {
    uninstall
    assert_status 0
    gets_in
}
