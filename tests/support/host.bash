# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What a test or the demo does to its host: accounts, PAM services, sshd, solod, logins, and what it expects of them.
# For use inside tests/support/sandbox only. In a bats file: `load ../support/host`.
#
# Whatever is started here is a daemon of the sandbox's init with a TAG; its output, pid and exit status are files in
# HOST_DIR, so that setup_file can start it and a test can look at it. Nothing here sleeps for a fixed time.

[[ $(</proc/sys/kernel/hostname) == solo-test ]] || { echo "host.bash: only inside tests/support/sandbox" >&2; exit 1; }

support_dir=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
HOST_DIR=${TMPDIR:?}/host
[[ -d $HOST_DIR ]] || mkdir -m 700 "$HOST_DIR"

# Every account's password, and what crypt(3) makes of it with few rounds, so that a password login costs no time.
ACCOUNT_PASSWORD='correct horse'
# shellcheck disable=SC2016 # The dollars are crypt(3)'s.
password_hash='$6$rounds=1000$solotest$'
password_hash+=gD8NO7Q.7fHcISI1eOWTK2qrVUEYOCsRoJryanlu6dWTybCEGQ2mXqncRhcpBguUtgANh.4970a4bw5Af2wgu.

# OpenSSH's default key exchange takes 140 ms longer.
SSH_OPTIONS=(-F none -i "$HOST_DIR/client_key" -o IdentitiesOnly=yes -o ControlMaster=no -o ControlPath=none
    -o UserKnownHostsFile="$HOST_DIR/known_hosts" -o StrictHostKeyChecking=yes -o ConnectTimeout=10
    -o KexAlgorithms=curve25519-sha256)
SSH=(ssh "${SSH_OPTIONS[@]}")

# The programs that are built for these tests.
# shellcheck disable=SC2034 # The suites use them.
LOGIN=("${SOLO_TEST_PROGRAMS:-}/login")
# shellcheck disable=SC2034
STAMPEDE=("${SOLO_TEST_PROGRAMS:-}/stampede")

# --- waiting and failing ----------------------------------------------------------------------------------------------

# fail LINE...: says why on stderr and fails.
fail() {
    printf '%s\n' "$@" >&2
    return 1
}

# wait_until SECONDS CMD...: polls CMD every 10 ms until it succeeds; too late, shows what CMD said last.
wait_until() {
    local seconds=$1 deadline output
    shift
    deadline=$((${EPOCHREALTIME/[.,]/} + seconds * 1000000))
    until output=$("$@" 2>&1); do
        if ((${EPOCHREALTIME/[.,]/} >= deadline)); then
            fail "waited $seconds s in vain for: $*" "its last output: ${output:-(none)}"
            return
        fi
        sleep 0.01
    done
}

# gone PID: there is no such process any more, or only its zombie.
gone() {
    local stat
    # The name in parentheses may contain anything, so the state is what follows the last of them.
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    [[ ${stat##*) } == Z* ]] || fail "process $1 is there: $stat"
}

# programs_of NAME: what that person runs; a zombie runs no more.
# shellcheck disable=SC2009 # pgrep finds zombies too.
programs_of() { ps -u "$1" -o stat=,pid=,args= | grep -v ^Z; }

# --- programs in the background ---------------------------------------------------------------------------------------

# background TAG CMD...: runs CMD (a program or a function of this file) as a daemon called TAG.
background() {
    local tag=$HOST_DIR/$1
    shift
    rm -f "$tag".{out,err,pid,status}
    # A background job ignores SIGINT and SIGQUIT, which no daemon of a host does.
    [[ $(type -t "$1") == function ]] || set -- setsid env --default-signal=INT,QUIT "$@"
    (
        close_inherited_descriptors
        {
            "$@" >"$tag.out" 2>"$tag.err" &
            echo $! >"$tag.pid"
            code=0
            wait $! || code=$?
            echo $code >"$tag.status"
        } </dev/null >/dev/null 2>&1 &
    )
    wait_until 5 test -s "$tag.pid"
}

# close_inherited_descriptors: closes all but the first three, because bats waits for whoever holds one of its own.
close_inherited_descriptors() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || exec {fd}>&-
    done
}

# pid_of TAG: the process that background started.
pid_of() { cat "$HOST_DIR/$1.pid"; }

# ended TAG: succeeds once it has exited.
ended() { test -s "$HOST_DIR/$1.status"; }

# status_of TAG: waits until it has exited and prints its exit status.
status_of() { wait_until 10 ended "$1" && cat "$HOST_DIR/$1.status"; }

# stdout_of TAG: what it has written to its standard output.
stdout_of() { cat "$HOST_DIR/$1.out"; }

# stderr_of TAG: what it has written to its standard error.
stderr_of() { cat "$HOST_DIR/$1.err"; }

# stop TAG [SIGNAL]: signals it, unless it has exited, and waits until it has.
stop() {
    ended "$1" || kill -s "${2:-TERM}" "$(pid_of "$1")"
    wait_until 10 ended "$1"
}

# started TAG CMD...: waits until CMD succeeds; fails at once, with what TAG said, if TAG exits instead.
started() {
    local tag=$1
    shift
    wait_until 10 either_ended_or "$tag" "$@" || return
    ! ended "$tag" ||
        fail "$tag exited with status $(status_of "$tag"):" "$(stdout_of "$tag")" "$(stderr_of "$tag")"
}

# either_ended_or TAG CMD...: the condition that started waits for.
either_ended_or() { ended "$1" || "${@:2}"; }

# --- the system log ---------------------------------------------------------------------------------------------------

# start_journal: receives syslog(3) at /dev/log; a line is "auth.crit sshd[7]: text".
start_journal() {
    [[ -S /dev/log ]] || background journal "$support_dir/datagrams" /dev/log "$HOST_DIR/journal"
    started journal test -S /dev/log
}

# journal: all that was logged so far.
journal() { cat "$HOST_DIR/journal"; }

# in_journal REGEX: a line matches; if none does, shows the journal.
in_journal() { grep -E -e "$1" "$HOST_DIR/journal" || { journal && return 1; }; }

# show_failed_test: in a teardown; what was logged since the test began, if the test failed (its start: mark_test).
show_failed_test() {
    [[ ${BATS_TEST_COMPLETED-} ]] || tail --bytes="+$(($(cat "$HOST_DIR/mark") + 1))" "$HOST_DIR/journal" >&2
}

# mark_test: in a setup.
mark_test() { stat --format %s "$HOST_DIR/journal" >"$HOST_DIR/mark"; }

# --- accounts and PAM -------------------------------------------------------------------------------------------------

# add_account NAME [UID]: a person, of group people, who can log in with ACCOUNT_PASSWORD and with the client's key; root
# can do the latter.
add_account() {
    make_key client_key
    install -D -m 600 "$HOST_DIR/client_key.pub" /root/.ssh/authorized_keys
    getent group people >/dev/null || groupadd people
    useradd --create-home --shell /bin/bash --groups people --password "$password_hash" ${2:+--uid "$2"} "$1"
    install -d -m 700 -o "$1" -g "$1" "/home/$1/.ssh"
    install -m 600 -o "$1" -g "$1" "$HOST_DIR/client_key.pub" "/home/$1/.ssh/authorized_keys"
    touch "/home/$1/.hushlogin"
}

# add_accounts NAME...
add_accounts() {
    local name
    for name; do add_account "$name" || return; done
}

# make_key FILE: an ed25519 key in HOST_DIR, once.
make_key() { [[ -e $HOST_DIR/$1 ]] || ssh-keygen -q -t ed25519 -N '' -f "$HOST_DIR/$1"; }

# test_service NAME [MODULE-ARG...]: makes /etc/pam.d/NAME, for the login program of these tests.
test_service() {
    local file=/etc/pam.d/$1
    shift
    printf '%s\n' "account requisite pam_solo.so $*" 'account required pam_permit.so' \
        "session requisite pam_solo.so $*" 'session required pam_permit.so' >"$file"
}

# pam_service NAME [MODULE-ARG...]: puts pam_solo.so into /etc/pam.d/NAME (sshd, login, su or su-l) where it belongs.
pam_service() {
    local file=/etc/pam.d/$1
    shift
    # Account comes before the common rules, where a module may end the stack early (pam_unix does for an expired
    # password); session comes after pam_loginuid, or first where there is none, and so before pam_systemd.
    awk -v module="requisite pam_solo.so $*" '
        FNR == NR { has_loginuid = has_loginuid || /^session.*pam_loginuid/; next }
        /pam_solo/ { next }
        /^(@include +common-account|account[ \t]+include)/ && !account++ { print "account " module }
        !has_loginuid && /^(@include +common-session|session[ \t]+include)/ && !session++ { print "session " module }
        { print }
        /^session.*pam_loginuid/ && !session++ { print "session " module }' "$file" "$file" >"$HOST_DIR/pam_service"
    assert_equal 2 "$(grep -c pam_solo "$HOST_DIR/pam_service")"
    cat "$HOST_DIR/pam_service" >"$file"
}

# pam_services NAME...
pam_services() {
    local name
    for name; do pam_service "$name" || return; done
}

# --- Solo -------------------------------------------------------------------------------------------------------------

# configure TEXT: makes TEXT the whole of /etc/solo/solo.conf; who wants it read calls reload_solod.
configure() {
    mkdir -p /etc/solo
    printf '%s\n' "$1" >/etc/solo/solo.conf
}

# reconfigure TEXT: the same, and has solod read it.
reconfigure() { configure "$1" && reload_solod; }

# start_solod [ARG...]: returns once solod has said READY=1.
start_solod() {
    start_notify
    : >"$HOST_DIR/notifications"
    background solod env NOTIFY_SOCKET="$HOST_DIR/notify" /usr/sbin/solod "$@"
    started solod notified 1
}

# start_notify: receives what solod says to its service manager, and what it logs.
start_notify() {
    start_journal
    [[ -S $HOST_DIR/notify ]] || background notify "$support_dir/datagrams" "$HOST_DIR/notify" "$HOST_DIR/notifications"
    started notify test -S "$HOST_DIR/notify"
}

# notified COUNT: solod has said READY=1 that many times.
notified() { (($(grep -o 'READY=1' "$HOST_DIR/notifications" | wc -l) >= $1)); }

# reload_solod: SIGHUP; returns once solod has said READY=1 again, as services of systemd's type notify-reload do.
reload_solod() {
    local before
    before=$(grep -o 'READY=1' "$HOST_DIR/notifications" | wc -l)
    kill -HUP "$(pid_of solod)"
    started solod notified $((before + 1))
}

# stop_solod [SIGNAL]: ends it and waits until it is gone.
stop_solod() { stop solod "${1:-TERM}"; }

# session_of ACCOUNT: the id of its oldest live session.
session_of() { soloctl list --account "$1" | awk 'NR == 2 { print $1; found = 1 } END { exit !found }'; }

# last_session_of ACCOUNT: the id of its newest session, live or over.
last_session_of() { soloctl list --all --limit 1 --account "$1" | awk 'NR == 2 { print $1 }'; }

# count_sessions [ACCOUNT]: how many live sessions there are.
count_sessions() { soloctl list ${1:+--account "$1"} | awk '$1 != "No" && NR > 1' | wc -l; }

# no_sessions [ACCOUNT]: nobody is logged in.
no_sessions() { assert_equal "No sessions." "$(soloctl list ${1:+--account "$1"})"; }

# has_sessions COUNT [ACCOUNT]: so many are live.
has_sessions() { assert_equal "$1" "$(count_sessions "${@:2}")"; }

# is_ending ACCOUNT: its oldest live session is being ended.
is_ending() { assert_equal ending "$(field State "$(session_of "$1")")"; }

# is_over ID REASON: the session has ended for that reason.
is_over() { assert_equal "ended $2" "$(field State "$1") $(field Reason "$1")"; }

# field NAME ID: what soloctl shows of a session: field Reason 01a1…
field() { soloctl show "$2" | awk -v name="$1" 'index($0, name) == 1 { print substr($0, 15) }'; }

# --- logins -----------------------------------------------------------------------------------------------------------

# write_sshd_config [CONFIG-LINE...]: of an sshd on 127.0.0.1:22. It takes the first of a keyword given twice, so the
# caller's wins.
write_sshd_config() {
    make_key host_key
    sed 's/^/127.0.0.1 /' "$HOST_DIR/host_key.pub" >"$HOST_DIR/known_hosts"
    printf '%s\n' "$@" "HostKey $HOST_DIR/host_key" 'ListenAddress 127.0.0.1' 'PidFile none' 'MaxStartups 1000' \
        'UsePAM yes' 'PasswordAuthentication yes' 'KbdInteractiveAuthentication yes' 'PrintMotd no' \
        'Subsystem sftp internal-sftp' >"$HOST_DIR/sshd_config"
}

# start_sshd [CONFIG-LINE...]
start_sshd() {
    start_journal
    write_sshd_config "$@"
    background sshd /usr/sbin/sshd -D -f "$HOST_DIR/sshd_config"
    started sshd listening 22
}

# listening PORT: somebody listens at 127.0.0.1:PORT; asks the kernel, because sshd would log a connection.
listening() { grep -q "$(printf ' 0100007F:%04X 00000000:0000 0A ' "$1")" /proc/net/tcp; }

# stop_sshd: no new connections; those that are open live on.
stop_sshd() { stop sshd; }

# ssh_as NAME [CMD...]: logs in with the key; options of ssh may stand before CMD.
ssh_as() { "${SSH[@]}" -o BatchMode=yes "$1@127.0.0.1" "${@:2}" </dev/null; }

# ssh_background NAME TAG [CMD...]: the same in the background; TAG's process is the client.
ssh_background() { background "$2" "${SSH[@]}" -o BatchMode=yes "$1@127.0.0.1" "${@:3}"; }

# ssh_in NAME TAG [OPTION...]: logs in and stays; returns once the person's shell runs.
ssh_in() {
    # shellcheck disable=SC2016 # The shell of the login expands it.
    ssh_background "$@" 'echo in $$; exec sleep 1000'
    started "$2" grep -q in "$HOST_DIR/$2.out"
}

# install_stubborn NAME: ~NAME/stubborn leaves behind what a person may: programs that ignore SIGTERM and SIGHUP, of this
# shell's process group and of others, children and orphans, with the terminal and without.
install_stubborn() {
    cat >"/home/$1/stubborn" <<'END'
trap '' TERM HUP
nohup sleep 1001 >nohup.out 2>&1 &
setsid sleep 1002 </dev/null >/dev/null 2>&1 &
(setsid sh -c 'sleep 1003 & exec sleep 1003' </dev/null >/dev/null 2>&1 &)
(sleep 1004 &)
echo in $$
while :; do sleep 1005; done
END
}

# stubborn_in TAG [SSH-OPTION...]: alice logs in and starts what does not want to go.
stubborn_in() {
    ssh_background alice "$@" 'bash stubborn'
    started "$1" grep -q '^in ' "$HOST_DIR/$1.out"
    wait_until 5 all_stubborn_in
}

all_stubborn_in() { assert_equal 6 "$(pgrep --count -u alice -f '^sleep 100[1-5]$')"; }

# shell_of TAG: the process that the person's shell has become.
shell_of() { awk '/^in / { print $2 + 0 }' "$HOST_DIR/$1.out"; }

# login_in TAG [OPTION...]: the same with the login program of these tests.
login_in() {
    background "$1" "${LOGIN[@]}" --hold "${@:2}"
    started "$1" grep -q ^id "$HOST_DIR/$1.out"
}

# log_everyone_out: ends whatever logged in, and whom that left behind; waits until solod knows of nobody.
log_everyone_out() {
    local pid tag
    for tag in "$HOST_DIR"/*.pid; do
        [[ -e $tag ]] || continue # there is none
        tag=$(basename "$tag" .pid)
        [[ $tag == @(journal|notify|solod|sshd) ]] || stop "$tag" KILL
    done
    # Members of the sandbox's group people are the accounts that add_account made.
    for pid in $(pgrep -u "$(getent group people | cut -d: -f4)"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait_until 10 no_sessions
}

# ssh_by METHOD NAME [CMD...]: logs in with the password, where METHOD is password or keyboard-interactive.
ssh_by() {
    sshpass -p "$ACCOUNT_PASSWORD" "${SSH[@]}" -o PreferredAuthentications="$1" "$2@127.0.0.1" "${@:3}" </dev/null
}

# login_as NAME CMD...: login(1) on a terminal of its own, with the password; shows all that the terminal showed.
login_as() {
    expect -f - -- "$1" "$ACCOUNT_PASSWORD" "${*:2}" <<'END'
lassign $argv name password command
set timeout 10
spawn -noecho login $name
expect "Password:" { send "$password\r" } timeout { exit 124 } eof { exit 1 }
expect -re {\$ } { send "exec $command\r" } timeout { exit 124 } eof { exit 1 }
set timeout -1
expect eof
END
}

# --- a host with systemd ----------------------------------------------------------------------------------------------

# await_sshd: until the container's sshd listens.
await_sshd() {
    sed 's/^/127.0.0.1 /' /etc/ssh/ssh_host_ed25519_key.pub >"$HOST_DIR/known_hosts"
    wait_until 10 listening_anywhere 22
}

listening_anywhere() { grep -q "$(printf ' 00000000:%04X 00000000:0000 0A ' "$1")" /proc/net/tcp; }

# main_pid UNIT: of a service.
main_pid() { systemctl show --property MainPID --value "$1.service"; }

# scope_of TAG: the control group in which what the person runs is.
scope_of() { sed -n 's/^0:://p' "/proc/$(shell_of "$1")/cgroup"; }

# logind_session_of ACCOUNT: by which logind knows the account's only session.
logind_session_of() { loginctl list-sessions --no-legend | awk -v name="$1" '$3 == name { print $1 }'; }

# --- pages -------------------------------------------------------------------------------------------------------------

# section HEADING [N [STATUS]]: runs the (N-th) commands of a section of $page, which exit so; the status and output of the
# last `run`.
# shellcheck disable=SC2154 # The suite sets page.
section() {
    local commands
    commands=$(awk -v heading="$1" -v wanted="${2:-1}" '
        /^## / { inside = index($0, heading); count = 0 }
        /^```/ { printing = 0 }
        printing { print }
        inside && /^```sh$/ { printing = ++count == wanted }' "$page")
    [[ $commands ]] || fail "no commands in section: $1"
    run bash -ec "$commands"
    assert_status "${3:-0}"
}

# --- expectations -----------------------------------------------------------------------------------------------------

# assert_equal EXPECTED FOUND
assert_equal() { [[ $2 == "$1" ]] || fail "expected: $1" "found:    $2"; }

# assert_status EXPECTED: of the last `run`.
# shellcheck disable=SC2154 # bats assigns status and output.
assert_status() { [[ $status == "$1" ]] || fail "expected: status $1" "found:    status $status" "$output"; }

# assert_output EXPECTED: the whole output of the last `run`.
assert_output() { assert_equal "$1" "$output"; }

# assert_output_has TEXT: somewhere in the output of the last `run`.
assert_output_has() { [[ $output == *"$1"* ]] || fail "expected in the output: $1" "found: $output"; }

# assert_output_lacks TEXT: nowhere in the output of the last `run`.
assert_output_lacks() { [[ $output != *"$1"* ]] || fail "expected not in the output: $1" "found: $output"; }

# assert_running TAG: what background started still runs.
assert_running() { ! ended "$1" || fail "$1 exited with status $(status_of "$1"):" "$(stdout_of "$1")" "$(stderr_of "$1")"; }

# assert_journal REGEX: a line that matches is logged within 5 s.
assert_journal() { wait_until 5 in_journal "$1"; }

# assert_no_journal REGEX: nothing logged up to now matches. As the journal keeps order, a last message proves it whole.
assert_no_journal() {
    local mark="end of what was logged $BASHPID $RANDOM"
    logger -p user.debug "$mark"
    assert_journal "$mark"
    ! grep -E -e "$1" "$HOST_DIR/journal" || fail "expected in the journal: nothing like $1"
}
