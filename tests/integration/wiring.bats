#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# soloctl enable and disable on the files of this host: what they write is what sshd obeys, and nobody is locked out.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_account alice
    serve
    start_sshd
}

teardown() {
    show_failed_test
    rm -rf /etc/pam.d/* /etc/pam.d/.[a-z]* /var/lib/solo/pam.d
    cp -a "$HOST_DIR"/pam.d/* /etc/pam.d/
    configure ''
    ! ended solod || start_solod
    reload_solod
    log_everyone_out
}

# is_as_before SERVICE: byte for byte as the host had it.
is_as_before() { cmp "$HOST_DIR/pam.d/$1" "/etc/pam.d/$1"; }

# lines_of SERVICE: its lines that name the module, words with one blank between them.
lines_of() { sed -n '/^[^#]*pam_solo/p' "/etc/pam.d/$1" | tr -s ' '; }

both_lines=$'account requisite pam_solo.so\nsession requisite pam_solo.so'

# refuses TEXT ARGUMENT...: soloctl fails, says so, and changes nothing.
refuses() {
    local before
    before=$(cat /etc/pam.d/*)
    run soloctl "${@:2}"
    assert_status 1
    assert_output_has "$1"
    assert_equal "$before" "$(cat /etc/pam.d/*)"
}

# --- a login ----------------------------------------------------------------------------------------------------------

@test "after enable sshd the second login is refused, after disable it is not" {
    run soloctl enable sshd
    assert_status 0
    assert_output_has '+account    requisite    pam_solo.so'
    assert_output_has '+session    requisite    pam_solo.so'
    ssh_in alice one
    run ssh_as alice echo in
    assert_status 255
    assert_output_has 'already logged in from'
    run soloctl disable sshd
    assert_status 0
    assert_output_has '-session    requisite    pam_solo.so'
    is_as_before sshd
    run ssh_as alice echo in
    assert_output in
    assert_running one
}

@test "enable login and su-l: both are counted" {
    local session
    soloctl enable login su-l
    ssh_in root one
    run login_as alice 'soloctl list --account alice'
    [[ $output =~ alice\ +active\ +login ]] || fail "$output"
    run su -l alice -c 'soloctl list --account alice'
    [[ $output =~ alice\ +active\ +su-l ]] || fail "$output"
}

# --- the file ---------------------------------------------------------------------------------------------------------

# is_example SERVICE: its file is the whole one among the examples.
is_example() { diff <(sed '/^ *#/d; /^$/d' "/usr/share/doc/solo/examples/$1") <(sed '/^ *#/d; /^$/d' "/etc/pam.d/$1"); }

@test "the place is that of the examples" {
    local name
    for name in sshd login; do
        soloctl enable "$name"
        assert_equal "$both_lines" "$(lines_of "$name" | sort)"
        is_example "$name"
    done
}

@test "lightdm, which asks account again at a locked screen, gets the session line alone" {
    [[ -e /etc/pam.d/lightdm ]] || skip "lightdm is not installed"
    soloctl enable lightdm
    assert_equal 1 "$(grep -c '^[^#].*pam_solo' /etc/pam.d/lightdm)"
    is_example lightdm
}

@test "owner, mode and attributes stay, and what the file was without Solo is kept" {
    chmod 640 /etc/pam.d/sshd
    chown root:mail /etc/pam.d/sshd
    python3 -c 'import os; os.setxattr("/etc/pam.d/sshd", "trusted.solo-test", b"kept")'
    soloctl enable sshd
    assert_equal '640 root mail' "$(stat --format '%a %U %G' /etc/pam.d/sshd)"
    assert_equal kept "$(python3 -c 'import os; print(os.getxattr("/etc/pam.d/sshd", "trusted.solo-test").decode())')"
    cmp "$HOST_DIR/pam.d/sshd" /var/lib/solo/pam.d/sshd
    assert_equal '700 root' "$(stat --format '%a %U' /var/lib/solo/pam.d)"
}

@test "the backup is what the file was before the last enable" {
    soloctl enable sshd
    soloctl disable sshd
    echo '# mine' >>/etc/pam.d/sshd
    soloctl enable sshd
    assert_equal '# mine' "$(tail -n 1 /var/lib/solo/pam.d/sshd)"
    # Putting wrong lines right is no reason to keep them.
    sed -i 's/requisite *pam_solo/required pam_solo/' /etc/pam.d/sshd
    soloctl enable sshd
    run ! grep pam_solo /var/lib/solo/pam.d/sshd
    assert_equal "$both_lines" "$(lines_of sshd)"
}

@test "enable twice changes nothing the second time, and disable where there is none" {
    local inode
    soloctl enable sshd
    cp -a /etc/pam.d/sshd "$HOST_DIR/once"
    inode=$(stat --format %i /etc/pam.d/sshd)
    run soloctl enable sshd
    assert_status 0
    assert_output 'sshd: has its lines, in the right place.'
    cmp "$HOST_DIR/once" /etc/pam.d/sshd
    assert_equal "$inode" "$(stat --format %i /etc/pam.d/sshd)"
    run soloctl disable login
    assert_status 0
    assert_output 'login: has no line of Solo.'
}

@test "lines in the wrong place, of the wrong kind, or twice are put right, with their arguments" {
    sed -i -e '1i session required pam_solo.so debug' -e '$a account required pam_solo.so break_glass=people timeout=5' \
        /etc/pam.d/sshd
    soloctl enable sshd
    assert_equal $'account requisite pam_solo.so break_glass=people timeout=5\nsession requisite pam_solo.so debug' \
        "$(lines_of sshd)"
    soloctl disable sshd
    is_as_before sshd
}

@test "--dry-run shows the change and makes none, also for somebody who is not root" {
    run setpriv --reuid alice --clear-groups soloctl enable --dry-run sshd
    assert_status 0
    assert_output_has '+session    requisite    pam_solo.so'
    is_as_before sshd
    soloctl enable sshd
    run setpriv --reuid alice --clear-groups soloctl disable --dry-run sshd
    assert_output_has '-session    requisite    pam_solo.so'
    assert_equal "$both_lines" "$(lines_of sshd)"
}

@test "--json tells which file is changed, and how" {
    run soloctl --json enable sshd
    assert_equal 'sshd /etc/pam.d/sshd True' "$(python3 -c 'import json, sys
[edit] = json.load(sys.stdin)
print(edit["service"], edit["file"], edit["changed"] and "+session" in edit["diff"])' <<<"$output")"
}

@test "enable that cannot write shows nothing as done that is not" {
    mkdir -p /var/lib/solo/pam.d
    mount -t tmpfs -o size=4k tmpfs /var/lib/solo/pam.d
    head -c 4096 /dev/zero >/var/lib/solo/pam.d/full
    run soloctl enable sshd
    umount /var/lib/solo/pam.d
    assert_status 1
    assert_output_lacks pam_solo.so
    assert_output_has 'No space left on device. Nothing was written to /etc/pam.d/sshd'
    is_as_before sshd
    # Of two services the first is done.
    mkdir /var/lib/solo/pam.d/login
    run soloctl enable sshd login
    assert_status 1
    assert_output_has '+++ /etc/pam.d/sshd'
    assert_output_lacks '+++ /etc/pam.d/login'
    assert_output_has 'Nothing was written to /etc/pam.d/login'
    assert_equal "$both_lines" "$(lines_of sshd)"
    is_as_before login
}

# --- whom it could lock out -------------------------------------------------------------------------------------------

@test "enable refuses where solod does not answer" {
    stop_solod
    run soloctl enable sshd
    assert_status 3
    assert_output_has 'cannot reach solod'
    is_as_before sshd
}

@test "enable refuses where the login socket does not answer" {
    mv /run/solo/login.sock /run/solo/away
    run soloctl enable sshd
    mv /run/solo/away /run/solo/login.sock
    assert_status 3
    assert_output_has login.sock
    is_as_before sshd
}

@test "enable refuses where solod would not start again" {
    configure $'[Policy]\nMaxSessions=many'
    refuses 'solod --check-config' enable sshd
}

@test "enable refuses where the module is missing, foreign, or anybody's" {
    local module copy
    module=$(echo /usr/lib/*/security/pam_solo.so)
    copy=$HOST_DIR/security
    cp -r "$(dirname "$module")" "$copy"
    mount --bind "$copy" "$(dirname "$module")"
    chmod 666 "$module"
    refuses 'may be written by others' enable sshd
    chmod 644 "$module"
    chown alice "$module"
    refuses 'belongs to uid' enable sshd
    chown root "$module"
    printf '\x03\x00' | dd of="$module" bs=1 seek=18 conv=notrunc status=none # EM_386
    refuses 'for another machine' enable sshd
    truncate --size 100 "$module"
    printf '\x3e\x00' | dd of="$module" bs=1 seek=18 conv=notrunc status=none
    refuses 'cannot be loaded' enable sshd
    rm "$module"
    refuses 'No such file' enable sshd
    umount "$(dirname "$module")"
    soloctl enable sshd
}

@test "enable refuses what is no login, what many include, and what is not there" {
    refuses 'is in IgnoreServices' enable sudo
    refuses 'is in IgnoreServices' enable sshd su
    refuses 'included by many' enable common-session
    refuses 'included by many' enable other
    refuses '/etc/pam.d/nothing is missing' enable nothing
    refuses 'is no service' enable ../passwd
    cp /etc/pam.d/sshd "$HOST_DIR/elsewhere"
    ln -s "$HOST_DIR/elsewhere" /etc/pam.d/away
    refuses 'out of /etc/pam.d' enable away
}

@test "enable refuses su-l where su, which it includes, has a line" {
    soloctl enable su-l
    sed -i '/^@include common-account/i account requisite pam_solo.so' /etc/pam.d/su
    refuses '/etc/pam.d/su-l includes the module by /etc/pam.d/su:' enable su-l
    soloctl disable su-l
    refuses '/etc/pam.d/su-l includes the module by /etc/pam.d/su:' enable su-l
    soloctl disable su
    soloctl enable su-l
}

@test "enable refuses a file that it does not understand" {
    printf 'auth required pam_permit.so\nsession required pam_loginuid.so\n' >/etc/pam.d/half
    refuses 'has no account lines' enable half
    printf 'account required pam_permit.so\n' >/etc/pam.d/half
    refuses 'has neither pam_loginuid nor an include' enable half
    sed 's/^session.*pam_loginuid/session [success=2 default=ignore] pam_loginuid/' /etc/pam.d/sshd >/etc/pam.d/jump
    refuses 'jumps over' enable jump
    sed '1i sessions required pam_x.so' /etc/pam.d/sshd >/etc/pam.d/odd
    refuses '/etc/pam.d/odd:1 is not understood' enable odd
}

@test "enable and disable are for root" {
    run setpriv --reuid alice --clear-groups soloctl enable sshd
    assert_status 1
    assert_output_has 'only root may change /etc/pam.d. Try: sudo soloctl enable sshd'
    run setpriv --reuid alice --clear-groups soloctl disable sshd
    assert_status 1
}

@test "a link within the directory is followed" {
    ln -s sshd /etc/pam.d/ssh
    soloctl enable ssh
    [[ -L /etc/pam.d/ssh ]]
    assert_equal "$both_lines" "$(lines_of sshd)"
}

@test "root gets in by ssh with the lines, whatever becomes of solod" {
    soloctl enable sshd
    ssh_in root one
    stop_solod
    run ssh_as root echo in
    assert_output in
    start_solod
}

# --- the way back -----------------------------------------------------------------------------------------------------

@test "disable works without solod and without anything of Solo's" {
    soloctl enable sshd login
    stop_solod
    rm -rf /var/lib/solo/pam.d
    soloctl disable sshd login
    is_as_before sshd
    is_as_before login
}

@test "disable --all takes the lines out of every service, comments about them aside" {
    soloctl enable sshd login su-l
    echo '# session requisite pam_solo.so' >>/etc/pam.d/su
    printf 'session requisite /usr/lib/x86_64-linux-gnu/security/pam_solo.so\n' >/etc/pam.d/by-path
    cp /etc/pam.d/sshd /etc/pam.d/sshd.dpkg-old
    run soloctl disable --all
    assert_status 0
    is_as_before sshd
    is_as_before login
    is_as_before su-l
    assert_equal '' "$(cat /etc/pam.d/by-path)"
    run grep -l pam_solo /etc/pam.d/*
    assert_output $'/etc/pam.d/sshd.dpkg-old\n/etc/pam.d/su'
    run soloctl disable --all
    assert_status 0
    assert_output ''
}

@test "disable --all names the profile of pam-auth-update, and does the others all the same" {
    soloctl enable sshd
    sed -i '/pam_unix/i session requisite pam_solo.so' /etc/pam.d/common-session
    run soloctl disable --all
    assert_status 1
    assert_output_has 'pam-auth-update --remove solo'
    is_as_before sshd
    run soloctl disable login
    assert_status 1
    assert_output_has '/etc/pam.d/common-session:'
}

@test "a line that somebody's control jumps over is not taken out" {
    soloctl enable sshd
    sed -i '/^account.*pam_solo/i account [success=1 default=ignore] pam_succeed_if.so user ingroup people' /etc/pam.d/sshd
    refuses 'jumps over /etc/pam.d/sshd:' disable sshd
}

# --- two at once, and one that is killed ------------------------------------------------------------------------------

@test "many that enable at once give one pair of lines" {
    local i
    for i in {1..8}; do
        background "enable$i" soloctl enable sshd
    done
    for i in {1..8}; do
        assert_equal 0 "$(status_of "enable$i")"
    done
    assert_equal "$both_lines" "$(lines_of sshd)"
}

@test "killed at any system call that changes something, it leaves the old file or the new" {
    local when new count=0 calls=openat,write,fchown,fchmod,fsync,rename,unlink,mkdir,flock,fsetxattr
    soloctl enable sshd
    new=$(sha256sum </etc/pam.d/sshd)
    for ((when = 1; when < 300; ++when)); do
        cp -a "$HOST_DIR/pam.d/sshd" /etc/pam.d/sshd
        run strace -f -o /dev/null -e trace="$calls" -e inject="$calls:signal=KILL:when=$when" soloctl enable sshd
        ((status != 0)) || break
        [[ $(sha256sum </etc/pam.d/sshd) == "$new" ]] && ((++count)) || is_as_before sshd
    done
    ((when > 20 && when < 300)) || fail "killed $when times"
    ((count > 0)) || fail "never after the change"
    assert_equal "$new" "$(sha256sum </etc/pam.d/sshd)"
    run find /etc/pam.d -name '.*.soloctl'
    assert_output ''
}
