#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What solod has a login told once it is granted: where a person reads it, and that it spoils nothing elsewhere.

bats_require_minimum_version 1.5.0
load ../support/suite

notice='Your previous session was superseded.'

setup_file() {
    add_account alice
    # Who asks for a quiet login gets one: sshd tells neither this nor the message of the day.
    rm /home/alice/.hushlogin
    : >/etc/motd
    for name in sshd login su-l; do
        pam_service "$name" socket=/run/impostor
    done
    start_journal
    background impostor "$BATS_TEST_DIRNAME/../support/impostor" /run/impostor notice
    started impostor test -S /run/impostor
    start_sshd
    head --bytes=100000 /dev/urandom >"$HOST_DIR/file"
    export RSYNC_RSH="${SSH[*]} -o BatchMode=yes"
}

teardown() {
    show_failed_test
}

# in_a_shell CMD...: CMD gives a shell, on a terminal; shows what the terminal showed until that was left.
in_a_shell() {
    run expect -f - -- "$@" <<'END'
set timeout 10
spawn -noecho {*}$argv
expect -re {\$ } { send "exec echo left \$((6 * 7))\r" } timeout { exit 124 } eof { exit 1 }
expect eof
exit [lindex [wait] 3]
END
    assert_status 0
    assert_output_has 'left 42'
}

@test "a person who gets a shell reads the notice, once" {
    local method
    for method in publickey password keyboard-interactive; do
        in_a_shell sshpass -p "$ACCOUNT_PASSWORD" "${SSH[@]}" -tt -o PreferredAuthentications="$method" alice@127.0.0.1
        assert_equal 1 "$(grep -c "$notice" <<<"$output")"
    done
    run login_as alice 'echo left'
    assert_equal 1 "$(grep -c "$notice" <<<"$output")"
    in_a_shell su -l alice
    assert_equal 1 "$(grep -c "$notice" <<<"$output")"
}

@test "a person who asked for a quiet login by ssh is told nothing" {
    touch /home/alice/.hushlogin
    in_a_shell "${SSH[@]}" -tt alice@127.0.0.1
    rm /home/alice/.hushlogin
    assert_output_lacks "$notice"
}

@test "the notice does not get into the output of a command" {
    local method
    for method in publickey password keyboard-interactive; do
        run --separate-stderr ssh_by "$method" alice 'echo in'
        assert_status 0
        assert_output in
        # shellcheck disable=SC2154 # bats assigns stderr.
        assert_equal '' "$stderr"
    done
    run --separate-stderr ssh_as alice -tt 'echo in'
    assert_output $'in\r'
    run --separate-stderr su -l alice -c 'echo in'
    assert_status 0
    assert_output in
    assert_equal '' "$stderr"
}

@test "the notice does not get into what scp, sftp and rsync carry" {
    local file=$HOST_DIR/file protocol
    for protocol in -s -O; do
        run scp "$protocol" "${SSH_OPTIONS[@]}" "$file" alice@127.0.0.1:up
        assert_status 0
        assert_output ''
        cmp "$file" /home/alice/up
        run scp "$protocol" "${SSH_OPTIONS[@]}" alice@127.0.0.1:up "$file.down"
        assert_status 0
        assert_output ''
        cmp "$file" "$file.down"
    done
    run --separate-stderr sftp -q -b - "${SSH_OPTIONS[@]}" alice@127.0.0.1 <<<"-get up $file.sftp"
    assert_status 0
    assert_output "sftp> -get up $file.sftp"
    assert_equal '' "$stderr"
    cmp "$file" "$file.sftp"
    run rsync "$file" alice@127.0.0.1:synced
    assert_status 0
    assert_output ''
    cmp "$file" /home/alice/synced
    run rsync alice@127.0.0.1:synced "$file.rsync"
    assert_status 0
    assert_output ''
    cmp "$file" "$file.rsync"
}

# --- what solod itself has to tell ------------------------------------------------------------------------------------

@test "who supersedes reads what that ended, and who was superseded reads it at the next login, once" {
    local told='Your previous session was ended at [0-9]{2}:[0-9]{2} by a login from 10\.0\.0\.9 \(solo-test\)\.'
    test_service solo-test
    pam_service sshd
    configure $'[Policy]\nOnConflict=supersede'
    start_solod
    ssh_in alice one
    run "${LOGIN[@]}" --rhost=10.0.0.9
    assert_status 0
    assert_equal 255 "$(status_of one)"
    [[ $output =~ says:\ This\ login\ has\ ended\ the\ session\ from\ 127\.0\.0\.1\ \(sshd\)\ since ]] || fail "$output"
    in_a_shell "${SSH[@]}" -tt alice@127.0.0.1
    [[ $output =~ $told ]] || fail "$output"
    assert_equal 1 "$(grep -c 'session' <<<"$output")"
    wait_until 5 no_sessions
    in_a_shell "${SSH[@]}" -tt alice@127.0.0.1
    assert_output_lacks 'session'
    stop_solod
}
