#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# An administrator with the README and nothing else, on a host with systemd: its commands run as they are written. What
# `make package` makes is there already.

bats_require_minimum_version 1.5.0

already='This account is already logged in from 127\.0\.0\.1 \(sshd\) since [0-9]{2}:[0-9]{2}\.'

setup_file() {
    load ../support/host
    add_account alice
    await_sshd
    cp -r /etc/pam.d "$HOST_DIR/"
    mkdir -p "$HOST_DIR/tree/build"
    ln -s "$SOLO_PACKAGES" "$HOST_DIR/tree/build/package"
}

setup() {
    load ../support/host
    page=$BATS_TEST_DIRNAME/../../README.md
    export DEBIAN_FRONTEND=noninteractive
    # apt asks before it installs, as administrators want it to.
    printf 'APT::Get::Assume-Yes "true";\nDpkg::Use-Pty "0";\n' >/etc/apt/apt.conf.d/90test
    cd "$HOST_DIR/tree"
}

teardown() { [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --lines 50 >&2; }

# sample TEXT: the block of the page that begins with TEXT.
sample() { awk -v text="$1" '/^```/ { inside = 0 } index($0, text) == 1 { inside = 1 } inside' "$page"; }

# without_particulars: standard input, whatever the address, the id and the time.
without_particulars() { sed -E 's/[0-9]+(\.[0-9]+){3}/ADDRESS/; s/[0-9a-f]{8}(-[0-9a-f]+){4}/ID/; s/[0-9]/N/g'; }

@test "every block of commands is run here" {
    run grep -c '^```sh$' "$page"
    assert_output 5
}

@test "installed, solod runs, and nothing in PAM has changed" {
    section Install 1
    assert_output_has 'State       ok'
    diff -r "$HOST_DIR/pam.d" /etc/pam.d
}

@test "wired for a trial run, doctor finds nothing wrong, and both logins get in" {
    section Install 2
    assert_output_has '+account    requisite    pam_solo.so'
    ssh_in alice one
    run ssh_as alice echo in
    assert_output in
}

@test "in earnest, explain says what the second login gets" {
    section Install 3
    assert_output_has "$(session_of alice)"
    section Install 4 1
    assert_output_has 'A login of alice through sshd would be refused.'
    assert_output_has '[Policy] OnConflict (built-in) says so.'
    assert_equal "$(sample 'A login of alice' | without_particulars)" "$(without_particulars <<<"$output")"
    run ssh_as alice echo in
    assert_status 255
    [[ $output =~ $already ]] || fail "$output"
}

@test "the way back leaves PAM as it was, and who is logged in" {
    section Install 5
    diff -r "$HOST_DIR/pam.d" /etc/pam.d
    assert_running one
    run ssh_as alice echo in
    assert_output in
    stop one
}
