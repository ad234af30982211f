#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What soloctl explain foretells is what the next login gets, by the rule that it names.

bats_require_minimum_version 1.5.0
load ../support/suite

setup_file() {
    add_account alice
    test_service solo-test
    serve
}

setup() {
    mark_test
    holder=10.0.0.5
}

teardown() {
    show_failed_test
    log_everyone_out
    rm -rf /etc/solo/solo.conf.d
    [[ $(</etc/solo/solo.conf) == '' ]] || reconfigure ''
}

what=(--service solo-test --account alice --rhost 10.0.0.9)

# foretells CONFIGURATION DECISION RULE...: while alice is logged in from $holder, explain gives this decision and names
# these rules, and the login that follows bears it out.
foretells() {
    local decision=$2 answer rule
    login_in one --account alice --rhost "$holder"
    reconfigure "$1"
    answer=$(soloctl --json explain "${what[@]}") || [[ $decision == refuse ]] || fail "$answer"
    [[ $answer == *"\"decision\": \"$decision\""* ]] || fail "expected the decision $decision" "found: $answer"
    for rule in "${@:3}"; do
        [[ $answer == *"$rule"* ]] || fail "expected the rule $rule" "found: $answer"
    done
    run "${LOGIN[@]}" "${what[@]}"
    case $decision in
    refuse | ask) assert_status 1 ;; # nobody can be asked here
    *) assert_status 0 ;;
    esac
    case $decision in
    supersede) status_of one >"$HOST_DIR/superseded" ;;
    *) assert_running one ;;
    esac
    log_everyone_out
}

@test "a login that finds an account free is let in by MaxSessions" {
    run soloctl explain "${what[@]}"
    assert_status 0
    assert_output_has 'A login of alice through solo-test from 10.0.0.9 would be let in.'
    assert_output_has '[Policy] MaxSessions (built-in) says so.'
    run "${LOGIN[@]}" "${what[@]}"
    assert_status 0
}

@test "each answer to a login that finds no slot is foretold, with the line that decides" {
    foretells '' refuse '[Policy] OnConflict (built-in)'
    foretells $'# a comment\n[Policy]\nOnConflict=supersede' supersede '[Policy] OnConflict (/etc/solo/solo.conf:3)'
    foretells $'[Policy]\nOnConflict=ask' ask '[Policy] OnConflict (/etc/solo/solo.conf:2)'
}

@test "who needs no slot, and what is no login, is foretold" {
    foretells $'[Policy]\nExemptUsers=root alice' grant '[Policy] ExemptUsers (/etc/solo/solo.conf:2)'
    foretells $'[Policy]\nExemptGroups=people' grant '[Policy] ExemptGroups (/etc/solo/solo.conf:2)'
    foretells $'[Policy]\nIgnoreServices=solo-test' ignore '[Policy] IgnoreServices (/etc/solo/solo.conf:2)'
}

@test "a trial run foretells what it lets pass, by both rules" {
    foretells $'[Policy]\nEnforce=no' would-refuse '[Policy] Enforce (/etc/solo/solo.conf:2)' \
        '[Policy] OnConflict (built-in)'
    foretells $'[Policy]\nOnConflict=supersede\n[User alice]\nEnforce=no' would-supersede \
        '[User alice] Enforce (/etc/solo/solo.conf:4)' \
        '[Policy] OnConflict (/etc/solo/solo.conf:2)'
    foretells $'[Policy]\nOnConflict=ask\nEnforce=no' would-ask '[Policy] Enforce (/etc/solo/solo.conf:3)' \
        '[Policy] OnConflict (/etc/solo/solo.conf:2)'
}

@test "a section that decides is named, and so is a drop-in that overrides" {
    foretells $'[User alice]\nMaxSessions=2' grant '[User alice] MaxSessions (/etc/solo/solo.conf:2)'
    foretells $'[Group people]\nOnConflict=supersede' supersede '[Group people] OnConflict (/etc/solo/solo.conf:2)'
    holder=10.0.0.9
    foretells $'[Service solo-test]\nCountBy=origin' grant '[Service solo-test] CountBy (/etc/solo/solo.conf:2)'
    holder=10.0.0.5
    mkdir /etc/solo/solo.conf.d
    printf '[Policy]\nOnConflict=refuse\n' >/etc/solo/solo.conf.d/50-site.conf
    foretells $'[Policy]\nOnConflict=supersede' refuse '[Policy] OnConflict (/etc/solo/solo.conf.d/50-site.conf:2)'
}

@test "hostile names come out escaped" {
    run soloctl explain --account eve --service $'ssh\ad' --rhost $'host\r\e]0;x'
    assert_output_has 'through ssh\x07d from host\x0d\x1b]0;x would be let in'
    [[ ${output//$'\n'/} != *[[:cntrl:]]* ]] || fail "a control character: $output"
}
