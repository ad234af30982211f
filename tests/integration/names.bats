#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who logs in and from where, as strangers spell it: which names are one account, and what hostile ones do at each place
# where they come out.

bats_require_minimum_version 1.5.0
load ../support/suite

# Names that are odd and harmless: accounts of their own, wherever a shell, a path, a format or SQL would trip.
odd_names=(zoe Zoe 'zoe ' 1000 -rf .. ../../etc/passwd "\$(touch $BATS_RUN_TMPDIR/pwned)" '%s%n%100000d'
    "'; DROP TABLE session; --" "a\"\`touch $BATS_RUN_TMPDIR/pwned\`" '*' 'DOM\zoe' $'Zo\xc3\xab@example.org'
    "$(printf %256s '' | tr ' ' x)")

# Names that no account may have.
bad_names=($'new\nline' $'cr\rx' $'\e[2Jesc' $'tab\t' $'bell\a' $'c1\xc2\x9b31m' $'turn\xe2\x80\xae' $'bad\xff' $'cut\xc3'
    $'long\xc0\xaf' "$(printf %257s '' | tr ' ' x)" "$(printf %4096s '' | tr ' ' x)")

# Texts about where a login comes from: any bytes.
hostile_texts=(-rf ../../etc/passwd "\$(touch $BATS_RUN_TMPDIR/pwned)'; DROP TABLE session; -- %s%n%100000d"
    $'a\nforged: line\r\e[2J\e]0;pwned\abad\xff\xc3(c1\xc2\x9b31m\xe2\x80\xaeturn' "$(printf %4096s '' | tr ' ' $'\xff')")

setup_file() {
    add_accounts alice bob
    pam_services sshd su-l login
    test_service solo-test
    serve
    start_sshd
}

# assert_clean TEXT: valid UTF-8 with no character in it that moves a cursor, forges a line or turns the direction.
assert_clean() {
    ! LC_ALL=C grep -qaP '[\x01-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' <<<"$1" ||
        fail "control characters in: ${1@Q}"
    iconv -f UTF-8 -t UTF-8 <<<"$1" >/dev/null || fail "no UTF-8: ${1@Q}"
}

# --- accounts ---------------------------------------------------------------------------------------------------------

@test "a name that NSS does not know is an account of its own, however it is spelled" {
    local name i
    for i in "${!odd_names[@]}"; do
        login_in "odd$i" --account="${odd_names[i]}"
    done
    assert_equal "${#odd_names[@]}" "$(soloctl list --json | grep -c '"account"')"
    assert_clean "$(COLUMNS=1000 soloctl list)"
    for i in "${!odd_names[@]}"; do
        name=${odd_names[i]}
        run "${LOGIN[@]}" --account="$name"
        assert_status 1
        assert_output_has 'This account is already logged in from solo-test since'
        run soloctl list --json --account="$name"
        assert_equal 1 "$(grep -c '"account"' <<<"$output")"
    done
    # Ending one ends that one alone.
    for i in "${!odd_names[@]}"; do
        run soloctl end --account="${odd_names[i]}"
        assert_status 0
        status_of "odd$i" >/dev/null
        assert_equal $((${#odd_names[@]} - i - 1)) "$(soloctl list --json | grep -c '"account"')"
    done
    [[ ! -e $BATS_RUN_TMPDIR/pwned ]]
    assert_equal ok "$(sqlite3 /var/lib/solo/sessions.db 'PRAGMA integrity_check')"
}

@test "all names of one uid are one account, whichever comes first" {
    local one other
    useradd --no-create-home --home-dir /home/alice --non-unique --uid "$(id --user alice)" alicia
    for one in alice alicia; do
        for other in alice alicia; do
            login_in one --account="$one"
            assert_equal 1 "$(count_sessions alice)"
            assert_equal 1 "$(count_sessions)"
            run "${LOGIN[@]}" --account="$other"
            assert_status 1
            stop one
            wait_until 5 no_sessions
        done
    done
    userdel alicia
    # A name that only looks like one of them is another account.
    login_in one --account=alice
    login_in two --account="$(id --user alice)"
    login_in three --account=alicia
    assert_equal 3 "$(count_sessions)"
}

@test "a name that no account may have is denied in both phases, unheard by solod" {
    local name before
    before=$(stderr_of solod)
    for name in "${bad_names[@]}"; do
        run "${LOGIN[@]}" --account="$name"
        assert_status 1
        assert_output 'account PAM_PERM_DENIED'
        run "${LOGIN[@]}" --account="$name" --no-account
        assert_status 1
        assert_output 'open PAM_PERM_DENIED'
    done
    no_sessions
    assert_equal "$before" "$(stderr_of solod)"
    assert_journal 'pam_solo\(solo-test:session\): denied: .* longer than 256 bytes'
    assert_equal $((2 * ${#bad_names[@]})) "$(tail --bytes="+$(($(cat "$HOST_DIR/mark") + 1))" "$HOST_DIR/journal" |
        grep -Ec 'authpriv?\.err .*pam_solo\(solo-test:(account|session)\): denied: ')"
    no_line_of_the_journal_is_forged
}

# no_line_of_the_journal_is_forged: each line of this test begins as a line of the log does.
no_line_of_the_journal_is_forged() {
    ! tail --bytes="+$(($(cat "$HOST_DIR/mark") + 1))" "$HOST_DIR/journal" | grep -Ev '^[a-z0-9]+\.[a-z]+ [^ ]' ||
        fail 'a line of the log is forged'
}

# --- where a login comes from -----------------------------------------------------------------------------------------

@test "hostile bytes in where a login comes from do no harm wherever they come out" {
    local text session column
    test_service other
    for text in "${hostile_texts[@]}"; do
        login_in one --rhost="$text" --ruser="$text" --tty="$text" --service="evil${text//\//_}"
        session=$(session_of alice)
        # To an administrator.
        for column in list "show $session" history 'list --json' "show $session --json" 'history --json' "validate $session"; do
            # shellcheck disable=SC2086 # These are words.
            run soloctl $column
            assert_status 0
            assert_clean "$output"
        done
        assert_equal 2 "$(soloctl list | wc -l)"
        # To the person who is refused.
        run "${LOGIN[@]}"
        assert_status 1
        assert_clean "$output"
        assert_output_has 'already logged in from'
        # In the database.
        for column in rhost ruser tty service; do
            assert_clean "$(sqlite3 /var/lib/solo/sessions.db "SELECT $column FROM session")"
        done
        stop one
        wait_until 5 no_sessions
    done
    [[ ! -e $BATS_RUN_TMPDIR/pwned ]]
    # In the log.
    assert_clean "$(stderr_of solod)"
    ! stderr_of solod | grep -v '^solod: ' || fail 'a line of the log is forged'
    no_line_of_the_journal_is_forged
}

@test "a superseded person reads on their terminal where the new login comes from, whatever bytes that has" {
    local text name=bob
    reconfigure $'[Policy]\nOnConflict=supersede'
    for text in "${hostile_texts[@]}"; do
        # By turns, as too many in a row would be a contest.
        [[ $name == alice ]] && name=bob || name=alice
        ssh_in "$name" one -tt
        run "${LOGIN[@]}" --account="$name" --rhost="$text"
        assert_status 0
        assert_equal 255 "$(status_of one)"
        [[ $(stdout_of one) == *'You are logged out: this account logged in from'* ]] || fail "$(stdout_of one)"
        assert_clean "$(stdout_of one | tr -d '\r')"
    done
}

@test "a terminal that is none is neither opened nor written to" {
    local victim=/home/alice/victim tty
    install -m 666 /dev/null "$victim"
    reconfigure $'[Policy]\nOnConflict=supersede'
    for tty in "../..$victim" "$victim" "pts/../../..$victim"; do
        login_in one --account="at $tty" --tty="$tty"
        run "${LOGIN[@]}" --account="at $tty"
        assert_status 0
    done
    assert_equal '' "$(<$victim)"
}

@test "with UseDNS a login by ssh comes from its address, not from the name that the address claims" {
    local method session
    echo '127.0.0.9 chosen.example' >>/etc/hosts
    # Tells what PAM_RHOST is, which would prove nothing if it were the address too.
    sed -i '/^account.*pam_solo/i account optional pam_exec.so type=account log='"$HOST_DIR"'/rhosts /usr/bin/printenv PAM_RHOST' /etc/pam.d/sshd
    sed -i '/^session.*pam_solo/i session optional pam_exec.so type=open_session log='"$HOST_DIR"'/rhosts /usr/bin/printenv PAM_RHOST' /etc/pam.d/sshd
    stop_sshd
    start_sshd 'UseDNS yes'
    for method in publickey password keyboard-interactive; do
        : >"$HOST_DIR/rhosts"
        background one sshpass -p "$ACCOUNT_PASSWORD" "${SSH[@]}" -b 127.0.0.9 -o PreferredAuthentications="$method" \
            alice@127.0.0.1 'echo in; exec sleep 1000'
        started one grep -q in "$HOST_DIR/one.out"
        assert_equal "chosen.example chosen.example" "$(grep -v '^\*' "$HOST_DIR/rhosts" | xargs)"
        session=$(session_of alice)
        assert_equal 127.0.0.9 "$(field 'Remote host' "$session")"
        [[ $(soloctl list) == *' 127.0.0.9 '* && $(soloctl list) != *chosen* ]] || fail "$(soloctl list)"
        # The account phase is asked with the address too.
        run --separate-stderr "${SSH[@]}" -b 127.0.0.9 -o BatchMode=yes alice@127.0.0.1 echo in
        assert_status 255
        assert_journal 'solod: refused: alice from 127\.0\.0\.9 \(sshd\)'
        stop one
        wait_until 5 no_sessions
    done
    stop_sshd
    start_sshd
}

# --- inside a session -------------------------------------------------------------------------------------------------

@test "what joined a session frees nothing when it closes" {
    ssh_background alice one "printf '%s\n' '$ACCOUNT_PASSWORD' | su -l alice -c 'echo joined'; echo in; exec sleep 1000"
    started one grep -q ^in "$HOST_DIR/one.out"
    assert_equal joined "$(head -n 1 "$HOST_DIR/one.out")"
    assert_equal 1 "$(count_sessions)"
    assert_equal sshd "$(field Service "$(session_of alice)")"
    run ssh_as alice echo in
    assert_status 255
    assert_running one
}

@test "login(1) in a session of the same account joins it, and is a login like any other in another's" {
    # Only root may run it; the password it wants all the same.
    install -m 4755 /usr/bin/setpriv /home/as_root
    in_a_session alice
    [[ $output == *"in 42"* ]] || fail "$output"
    wait_until 5 no_sessions
    assert_equal sshd "$(field Service "$(last_session_of alice)")"
    ssh_in alice one
    in_a_session bob
    [[ $output == *"already logged in from 127.0.0.1 (sshd)"* ]] || fail "$output"
    assert_running one
}

# in_a_session NAME: NAME logs in by ssh and runs login(1) for alice in the place of the shell.
in_a_session() {
    run expect -f - -- "$ACCOUNT_PASSWORD" "${SSH[@]}" -tt "$1@127.0.0.1" <<'END'
set timeout 10
spawn -noecho {*}[lrange $argv 1 end]
expect -re {\$ } { send "exec /home/as_root --reuid 0 login alice\r" } timeout { exit 124 } eof { exit 1 }
expect "Password:" { send "[lindex $argv 0]\r" } timeout { exit 124 } eof { exit 1 }
expect -re {\$ } { send "exec echo in \$((6 * 7))\r" } timeout { exit 124 } eof { exit 1 }
expect eof
END
}
