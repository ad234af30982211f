#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the Makefile does to a host with systemd: `make uninstall` locks out nobody, and what `make setup` installs starts
# nothing. make install is done already.

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

# service_package NAME VERSION: a package with a service that it enables and starts, as debhelper has it.
service_package() {
    local dir=$HOST_DIR/$1
    mkdir -p "$dir/DEBIAN" "$dir/lib/systemd/system"
    printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: me' 'Description: a service' \
        >"$dir/DEBIAN/control"
    cat >"$dir/DEBIAN/postinst" <<END
#!/bin/sh
set -e
if deb-systemd-helper --quiet was-enabled $1.service; then
    deb-systemd-helper enable $1.service
else
    deb-systemd-helper update-state $1.service
fi
deb-systemd-invoke start $1.service
END
    chmod 755 "$dir/DEBIAN/postinst"
    printf '[Service]\nExecStart=sleep infinity\n[Install]\nWantedBy=multi-user.target\n' \
        >"$dir/lib/systemd/system/$1.service"
    dpkg-deb --root-owner-group -Znone --build "$dir" "$HOST_DIR/$1.deb" >/dev/null
}

# is_service NAME ENABLED ACTIVE
is_service() { assert_equal "$2 $3" "$(systemctl is-enabled "$1") $(systemctl is-active "$1")"; }

@test "a service that setup brings is not started, now or at boot; one that was there goes on" {
    local name
    # There is no network to update from.
    rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
    service_package before 1
    apt-get install --yes "$HOST_DIR/before.deb"
    is_service before enabled active
    service_package before 2
    service_package brought 1
    run "$tree/conf/install-packages" "$HOST_DIR/before.deb" "$HOST_DIR/brought.deb"
    assert_status 0
    assert_output_has 'Not started at boot: brought.service'
    assert_output_lacks 'at boot: before'
    for name in before brought; do
        dpkg-query --show --showformat '${Version}\n' "$name"
    done
    is_service before enabled active
    is_service brought disabled inactive
    [[ ! -e /usr/sbin/policy-rc.d ]]
    # Nor does its next version start it.
    service_package brought 2
    apt-get install --yes "$HOST_DIR/brought.deb"
    assert_equal disabled "$(systemctl is-enabled brought)"
}

@test "setup that fails half-way leaves nothing to start, either" {
    service_package half 1
    echo 'exit 1' >>"$HOST_DIR/half/DEBIAN/postinst"
    dpkg-deb --root-owner-group -Znone --build "$HOST_DIR/half" "$HOST_DIR/half.deb"
    run "$tree/conf/install-packages" "$HOST_DIR/half.deb"
    assert_status 100
    [[ ! -e /usr/sbin/policy-rc.d ]]
    is_service half disabled inactive
}
