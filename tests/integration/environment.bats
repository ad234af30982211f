#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The private host itself, without Solo. Where a test needs to see a sandbox from outside, it makes a second one inside
# this one.

bats_require_minimum_version 1.5.0

sandbox=$BATS_TEST_DIRNAME/../support/sandbox

setup_file() {
    load ../support/host
    add_account alice 4321
    # A wrong password would cost two seconds.
    sed -i 's/pam_unix.so/& nodelay/' /etc/pam.d/common-auth
    start_sshd
}

setup() {
    load ../support/host
}

# Skips where the kernel allows one level of overlays, but not two (the host's own root may be one).
nested_sandbox() {
    run "$sandbox" "$@"
    ((status != 77)) || skip "$output"
}

# processes PATTERN: the pids of those whose command line matches.
processes() { pgrep --full --exact -- "$1"; }

no_processes() { ! processes "$1"; }

@test "a login by ssh with a key works" {
    run ssh_as alice id --user
    assert_status 0
    assert_output 4321
}

@test "a login by ssh with a password works" {
    run ssh_by password alice id --user
    assert_status 0
    assert_output 4321
}

@test "a login by ssh with keyboard-interactive works" {
    run ssh_by keyboard-interactive alice id --user
    assert_status 0
    assert_output 4321
}

@test "a login by ssh with the wrong password is refused" {
    ACCOUNT_PASSWORD=wrong run ssh_by password alice id --user
    assert_status 5
    assert_journal 'auth.* sshd.*authentication failure.*user=alice'
}

@test "a login by login(1) on a terminal works" {
    # shellcheck disable=SC2016 # The shell of the login expands it.
    run login_as alice 'echo "$(tty) of $((4320 + 1))"'
    assert_status 0
    assert_output_has "/dev/pts/"
    assert_output_has " of 4321"
}

@test "two logins by ssh have different audit sessions" {
    local first second unset=4294967295
    first=$(ssh_as alice cat /proc/self/sessionid)
    second=$(ssh_as alice cat /proc/self/sessionid)
    [[ $first != "$second" && $first != "$unset" && $second != "$unset" ]] ||
        fail "expected: two sessions" "found: $first, $second"
}

@test "two logins that last at the same time are seen as two" {
    ssh_background alice one 'echo here; exec sleep 1000'
    ssh_background alice two 'echo here; exec sleep 1000'
    wait_until 5 grep here "$HOST_DIR/one.out"
    wait_until 5 grep here "$HOST_DIR/two.out"
    assert_equal 2 "$(pgrep --count --full '^sshd: alice \[priv\]')"
    stop one
    stop two KILL
    assert_equal 255 "$(status_of one)"
    assert_equal 137 "$(status_of two)"
    wait_until 5 no_processes 'sshd: alice \[priv\]'
}

@test "what programs log arrives in the journal with its priority" {
    logger --priority auth.crit --tag solo-test "the text of a critical message"
    assert_journal '^auth\.crit solo-test: the text of a critical message$'
    assert_no_journal 'text of a message that nobody sent'
}

@test "a text that contains a line break stays one line of the journal" {
    perl -MSocket -e '
        socket(my $log, AF_UNIX, SOCK_DGRAM, 0);
        send($log, "<34>innocent\n<34>forged", 0, pack_sockaddr_un("/dev/log"));'
    assert_journal '^auth\.crit innocent\\x0a<34>forged$'
    assert_no_journal '^(<34>|auth\.crit )forged'
}

@test "pam_solo goes into each service before the rules that it must precede" {
    local service module='requisite pam_solo.so timeout=3'
    for service in sshd login su-l; do
        pam_service "$service" timeout=2
        pam_service "$service" timeout=3
        assert_equal 2 "$(grep -c pam_solo "/etc/pam.d/$service")"
        assert_equal "account $module" "$(line_before '(@include common-account|account.*include)' "$service")"
    done
    assert_equal "session $module" "$(line_before 'session.*include' su-l)"
    for service in sshd login; do
        run grep -E '^session.*(pam_loginuid|pam_solo)|^@include common-session' "/etc/pam.d/$service"
        [[ ${lines[0]} == *pam_loginuid* && ${lines[1]} == "session $module" ]] || fail "$output"
        assert_equal "@include common-session" "${lines[2]}"
    done
}

# line_before REGEX SERVICE: the line of the service's PAM file that precedes the first one that begins with REGEX.
line_before() { awk -v regex="^$1" '$0 ~ regex { print previous; exit } { previous = $0 }' "/etc/pam.d/$2"; }

@test "orphans are reaped" {
    local orphan
    orphan=$(setsid --fork sh -c 'echo $$; exec sleep 0.05')
    no_trace() { [[ ! -e /proc/$orphan ]]; }
    wait_until 5 no_trace
}

@test "waiting in vain fails and shows the last output" {
    run wait_until 1 ls /nonexistent
    assert_status 1
    assert_output_has "waited 1 s in vain for: ls /nonexistent"
    assert_output_has "No such file or directory"
}

@test "a daemon that exits before it is ready is reported at once with what it said" {
    background broken sh -c 'echo the reason >&2; exit 3'
    run started broken false
    assert_status 1
    assert_output_has "broken exited with status 3"
    assert_output_has "the reason"
    gone "$(pid_of broken)"
    run gone $$
    assert_status 1
}

@test "the host's files and accounts stay as they are" {
    local before
    before=$(sha256sum /etc/passwd /etc/shadow)
    nested_sandbox sh -ec 'useradd --create-home mallory; touch /root/x /var/x /run/x /dev/x; id mallory'
    assert_status 0
    assert_equal "$before" "$(sha256sum /etc/passwd /etc/shadow)"
    run ls -d /home/mallory /root/x /var/x /run/x /dev/x
    assert_status 2
}

@test "a relative path does not lead to the host's files" {
    cd /root
    nested_sandbox touch here
    assert_status 0
    [[ ! -e /root/here ]]
}

@test "no process of the host is visible" {
    background outside sleep 4242
    nested_sandbox pgrep --full '[s]leep 4242|[s]shd'
    stop outside
    assert_status 1
    assert_output ""
}

@test "nothing but the loopback is there to talk to" {
    run ip -brief link
    assert_status 0
    [[ $output =~ ^lo[^$'\n']*UP[^$'\n']*$ ]] || fail "$output"
}

@test "the working tree and the build stay visible and writable below a private directory" {
    local tree=$HOME/tree
    mkdir -p "$tree"/{tests/support,stage/usr/sbin,stage/etc}
    cp "$sandbox" "$tree/tests/support/"
    echo built >"$tree/stage/usr/sbin/solo-stage"
    echo configured >"$tree/stage/etc/solo-stage"
    sandbox=$tree/tests/support/sandbox nested_sandbox --stage "$tree/stage" \
        sh -ec "touch $tree/written; cat /usr/sbin/solo-stage /etc/solo-stage; test -e /usr/bin/env"
    assert_status 0
    assert_output $'built\nconfigured'
    [[ -e $tree/written && ! -e /usr/sbin/solo-stage && ! -e /etc/solo-stage ]]
}

@test "the exit status of the command is passed on" {
    nested_sandbox sh -c 'exit 42'
    assert_status 42
    nested_sandbox sh -c 'kill -9 $$'
    assert_status 137
}

@test "standard input reaches the command, and need not exist" {
    run "$sandbox" cat <<<"a line"
    ((status != 77)) || skip "$output"
    assert_output "a line"
    run bash -c '"$1" cat <&-' - "$sandbox"
    assert_status 0
    assert_output ""
}

@test "the command does not inherit ignored signals" {
    nested_sandbox grep SigIgn /proc/self/status
    assert_status 0
    assert_equal 0 "$((0x${output##*[[:space:]]} & 0x6))"
}

@test "nothing outlives the command" {
    nested_sandbox sh -c 'setsid --fork sleep 4243 >/dev/null 2>&1; until pgrep --full "^sleep 4243"; do :; done'
    assert_status 0
    wait_until 5 no_processes 'sleep 4243'
}

@test "nothing outlives a sandbox that is ended or killed from outside" {
    local signal
    for signal in TERM INT KILL; do
        background box "$sandbox" sh -c 'setsid --fork sleep 4244; exec sleep 4244'
        wait_until 5 two_sleep_or_box_ended
        ! ended box || skip "$(stderr_of box)"
        stop box "$signal"
        wait_until 5 no_processes 'sleep 4244'
    done
}

two_sleep_or_box_ended() { ended box || (($(pgrep --count --full --exact 'sleep 4244') == 2)); }

@test "without the right to make namespaces it says so and exits with 77" {
    local readable
    readable=$(mktemp --directory)
    chmod 755 "$readable"
    install -D -m 755 "$sandbox" "$readable/tests/support/sandbox"
    run setpriv --reuid nobody --clear-groups "$readable/tests/support/sandbox" true
    assert_status 77
    assert_output "sandbox: skipped: only root may make namespaces"
    run setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$readable/tests/support/sandbox" true
    rm -r "$readable"
    assert_status 77
    assert_output_has "Operation not permitted"
    assert_equal 1 "${#lines[@]}"
}

@test "a sandbox starts in less than two seconds" {
    local before=${EPOCHREALTIME/./}
    nested_sandbox true
    assert_status 0
    (((${EPOCHREALTIME/./} - before) < 2000000))
}
