#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# docs/getting-started.md on a host with systemd: its commands run as they are written, one section after the other, and
# do what it says of them. make install is done already, or the packages (SOLO_PACKAGES) are installed first.

bats_require_minimum_version 1.5.0

page=/usr/share/doc/solo/docs/getting-started.md
already='This account is already logged in from 127\.0\.0\.1 \(sshd\) since [0-9]{2}:[0-9]{2}\.'

setup_file() {
    load ../support/host
    add_account alice
    await_sshd
    [[ ! ${SOLO_PACKAGES-} ]] || DEBIAN_FRONTEND=noninteractive apt-get install --yes "$SOLO_PACKAGES"/*.deb
}

setup() { load ../support/host; }

teardown() { [[ ${BATS_TEST_COMPLETED-} ]] || journalctl --lines 50 >&2; }

@test "every section with commands is run here" {
    run grep -c '^```sh$' "$page"
    assert_output 6
}

@test "the trial run begins" {
    section 'Begin with a trial run'
    assert_output_has 'Enforce=no'
    assert_output_has '10-trial.conf:2'
    assert_output_has 'State       ok'
}

@test "the pages that the units name are there" {
    local page pages file
    pages=$(systemctl show --property Documentation --value solod.service solod.socket | grep -oE 'man:[a-z._-]+\([0-9]\)' | sort -u)
    assert_equal 4 "$(wc -l <<<"$pages")"
    for page in $pages; do # man:solod(8)
        [[ $page =~ ^man:(.*)\((.)\)$ ]]
        file=/usr/share/man/man${BASH_REMATCH[2]}/${BASH_REMATCH[1]}.${BASH_REMATCH[2]}
        [[ -e $file || -e $file.gz ]] || fail "there is no $page"
    done
}

@test "sshd asks, and both logins get in" {
    section 'Have sshd ask'
    [[ $output =~ '+account    requisite    pam_solo.so'.*'+session    requisite    pam_solo.so' ]] || fail "$output"
    ssh_in alice one
    run ssh_as alice echo in
    assert_output in
}

@test "the trial run says who would not have got in" {
    section Look
    assert_output_has 'Nothing is wrong.'
    assert_output_has "$(session_of alice)"
    [[ $output =~ would_refuse:\ alice\ .*$already\ Enforce=yes\ would\ refuse\ this\ login:\ .Policy.\ OnConflict\ .built-in.\. ]] || fail "$output"
}

@test "enforced, the second login is refused, and told why" {
    section Enforce
    assert_output_has 'Enforce=yes'
    run ssh_as alice echo in
    assert_status 255
    [[ $output =~ $already ]] || fail "$output"
}

@test "the way back: the trial run again" {
    section 'The way back' 1
    run ssh_as alice echo in
    assert_output in
}

@test "the way back: without Solo, and who is logged in stays" {
    section 'The way back' 2
    run systemctl is-active solod.socket solod.service
    assert_output $'inactive\ninactive'
    assert_running one
    run ssh_as alice echo in
    assert_output in
    run cmp /var/lib/solo/pam.d/sshd /etc/pam.d/sshd
    assert_status 0
    stop one
}
