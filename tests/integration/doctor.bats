#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# soloctl doctor on a host where one thing is broken on purpose: it finds that, and nothing where nothing is.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_account alice
    configure ''
    start_solod
    soloctl enable sshd
    cp -r /etc/pam.d "$HOST_DIR/"
    cp -r /etc/security "$HOST_DIR/"
    cp -r /etc/ssh "$HOST_DIR/"
}

setup() {
    mark_test
    sshd=/etc/pam.d/sshd
    module=$(echo /usr/lib/*/security/pam_solo.so)
}

teardown() {
    show_failed_test
    ! mountpoint -q "$(dirname "$module")" || umount "$(dirname "$module")"
    cp "$HOST_DIR"/pam.d/* /etc/pam.d/
    rm -f /var/lib/solo/*.damaged-*
    cp -r "$HOST_DIR"/{security,ssh} /etc/
    rm -rf /etc/security/limits.d/solo.conf /run/systemd /etc/ssh/sshd_config.d/solo.conf
    chmod 600 /run/solo/login.sock /var/lib/solo/sessions.db
    configure ''
    ! ended solod || start_solod
    reload_solod
}

# finds LEVEL REGEX: doctor has a finding of that level, with status 1 where something is wrong and else 0.
finds() {
    run soloctl doctor
    [[ $output =~ (^|$'\n')$1\ +$2 ]] || fail "expected: $1 $2" "found:" "$output"
    if [[ $1 == wrong ]]; then assert_status 1; else assert_status 0; fi
}

@test "nothing is wrong with a host that is set up" {
    run soloctl doctor
    assert_status 0
    assert_output_has 'Nothing is wrong.'
    assert_output_lacks warning:
    [[ $output =~ ok\ +/etc/pam.d/sshd:\ sshd\ asks\ solod ]] || fail "$output"
}

@test "--json is one array of findings" {
    sed -i '/^session.*pam_solo/d' $sshd
    run soloctl --json doctor
    assert_status 1
    python3 -c 'import json, sys
[wrong] = [f for f in json.load(sys.stdin) if f["level"] == "wrong"]
assert wrong["place"] == "/etc/pam.d/sshd" and "session line is missing" in wrong["text"] and wrong["mend"], wrong' <<<"$output"
}

@test "a line is missing" {
    sed -i '/^session.*pam_solo/d' $sshd
    finds wrong '/etc/pam.d/sshd: the session line is missing'
    cp "$HOST_DIR/pam.d/sshd" $sshd
    sed -i '/^account.*pam_solo/d' $sshd
    finds wrong '/etc/pam.d/sshd: the account line is missing'
    sed -i '/pam_solo/d' $sshd
    finds wrong '/etc/pam.d: no service asks solod'
}

@test "a line is in the wrong place" {
    sed -i -e '/^session.*pam_solo/d' -e '$a session requisite pam_solo.so' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: the session line stands after what common-session brings'
    sed -i -e '/^session.*pam_solo/d' -e '1i session requisite pam_solo.so' $sshd
    finds wrong '/etc/pam.d/sshd:1: the session line stands before pam_loginuid'
    cp "$HOST_DIR/pam.d/sshd" $sshd
    sed -i -e '/^account.*pam_solo/d' -e '$a account requisite pam_solo.so' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: the account line stands after what common-account brings'
}

@test "a line is in a file that many include" {
    echo 'account requisite pam_solo.so' >>/etc/pam.d/common-account
    finds wrong '/etc/pam.d/common-account:[0-9]+: the module is in a file that many services include'
    cp "$HOST_DIR/pam.d/common-account" /etc/pam.d/common-account
    sed -i '/pam_unix/i session requisite pam_solo.so' /etc/pam.d/common-session
    finds wrong '/etc/pam.d/common-session:[0-9]+: /etc/pam.d/sshd has a session line and includes this one'
    sed -i '/pam_solo/d' $sshd
    finds warning '/etc/pam.d/common-session:[0-9]+: the session line is in a file'
}

@test "a service has lines of its own and includes others" {
    soloctl enable su-l
    sed -i '/^@include common-account/i account requisite pam_solo.so' /etc/pam.d/su
    finds wrong '/etc/pam.d/su:[0-9]+: /etc/pam.d/su-l has an account line and includes this one'
    soloctl disable su
    run soloctl doctor
    assert_status 0
}

@test "a line is not requisite" {
    sed -i 's/^session *requisite *pam_solo/session optional pam_solo/' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: the session line is optional and not requisite'
}

@test "an argument of the module is wrong" {
    sed -i 's/^\(account.*pam_solo.so\).*/\1 tiemout=5/' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: the module does not understand "tiemout=5"'
    sed -i 's/tiemout=5/break_glass=no-such-group/' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: break_glass=no-such-group: there is no such group'
    sed -i 's/break_glass=.*/socket=\/run\/nowhere.sock/' $sshd
    finds wrong '/etc/pam.d/sshd:[0-9]+: socket=/run/nowhere.sock: no socket'
    sed -i 's/socket=.*/timeout=5 break_glass=root/' $sshd
    run soloctl doctor
    assert_status 0
}

@test "sshd does not use PAM" {
    sed -i 's/^UsePAM.*/UsePAM no/' /etc/ssh/sshd_config
    finds wrong '/etc/ssh/sshd_config:[0-9]+: sshd does not use PAM'
    # Also where sshd cannot be asked, and is the one who says so first.
    cp "$HOST_DIR/ssh/sshd_config" /etc/ssh/
    echo 'usepam NO' >/etc/ssh/sshd_config.d/solo.conf
    run setpriv --reuid alice --clear-groups soloctl doctor
    assert_status 1
    assert_output_has '/etc/ssh/sshd_config.d/solo.conf:1: sshd does not use PAM'
}

@test "UseDNS with CountBy=origin" {
    echo 'UseDNS yes' >/etc/ssh/sshd_config.d/solo.conf
    run soloctl doctor
    assert_output_lacks UseDNS
    reconfigure $'[Policy]\nCountBy=origin'
    finds warning '/etc/ssh/sshd_config.d/solo.conf:1: UseDNS yes'
}

@test "the module is missing, foreign, or anybody's" {
    cp -r "$(dirname "$module")" "$HOST_DIR/security-modules"
    mount --bind "$HOST_DIR/security-modules" "$(dirname "$module")"
    chmod 666 "$module"
    finds wrong "$module.*may be written by others"
    chmod 644 "$module"
    chown alice "$module"
    finds wrong "$module.*belongs to uid"
    chown root "$module"
    printf '\x01' | dd of="$module" bs=1 seek=4 conv=notrunc status=none # ELFCLASS32
    finds wrong "$module.*another machine"
    rm "$module"
    finds wrong "$module.*No such file"
}

@test "a socket is missing or has the wrong mode" {
    chmod 666 /run/solo/login.sock
    finds wrong '/run/solo/login.sock: the socket has mode 0666 and not 0600'
    mv /run/solo/login.sock /run/solo/away
    finds wrong '/run/solo/login.sock: no socket'
    mv /run/solo/away /run/solo/login.sock
    chown alice /run/solo/login.sock
    finds wrong '/run/solo/login.sock: the socket belongs to uid'
    chown root /run/solo/login.sock
}

@test "solod is down" {
    stop_solod
    finds wrong 'cannot reach solod'
}

@test "solod hangs" {
    kill -STOP "$(pid_of solod)"
    run soloctl doctor
    kill -CONT "$(pid_of solod)"
    assert_status 1
    assert_output_has 'no answer from solod'
    assert_output_has 'Mend: systemctl restart solod'
}

@test "the database is damaged" {
    stop_solod
    head -c 8192 /dev/urandom >/var/lib/solo/sessions.db
    finds wrong '/var/lib/solo/sessions.db: the database is damaged'
    start_solod
    finds wrong 'solod is degraded'
    [[ $output =~ warning\ +/var/lib/solo/sessions.db.damaged-[0-9]+:\ a\ database\ was\ damaged ]] || fail "$output"
    stop_solod
    rm -f /var/lib/solo/sessions.db*
    start_solod
}

@test "others can read the database" {
    chmod 644 /var/lib/solo/sessions.db
    finds wrong '/var/lib/solo/sessions.db: uid 0, mode 0644'
}

@test "the configuration is wrong, in solod's own words" {
    configure $'[Policy]\nMaxSessions=many'
    finds wrong '/etc/solo/solo.conf:2: .*MaxSessions'
}

@test "a trial run is worth a note" {
    reconfigure $'[Policy]\nEnforce=no'
    finds note '/etc/solo/solo.conf:2: \[Policy\] Enforce=no'
}

@test "systemd is booted, and logind and the units are not" {
    mkdir -p /run/systemd/system
    finds wrong '/run/dbus/system_bus_socket: the system bus does not answer'
    [[ $output =~ wrong\ +solod.service\ is\ not\ (enabled|active) ]] || fail "$output"
}

@test "maxlogins counts, too" {
    mkdir -p /etc/security/limits.d
    printf '# maxlogins\n* hard maxlogins 1\n' >/etc/security/limits.d/solo.conf
    finds warning '/etc/security/limits.d/solo.conf:2: pam_limits counts too: maxlogins 1 for \*'
}

@test "an ordinary user is told what they cannot see, and it changes nothing" {
    local before
    before=$(find /etc /run/solo /var/lib/solo -type f -printf '%p %T@ %m\n' | grep -v 'sessions.db' | sort)
    run setpriv --reuid alice --clear-groups soloctl doctor
    assert_status 0
    [[ $output =~ unseen\ +/var/lib/solo: ]] || fail "$output"
    soloctl doctor
    assert_equal "$before" "$(find /etc /run/solo /var/lib/solo -type f -printf '%p %T@ %m\n' | grep -v 'sessions.db' | sort)"
}
