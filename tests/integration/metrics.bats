#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# soloctl metrics after real logins, read by the parser of Debian's Prometheus client, and the example for node_exporter.

bats_require_minimum_version 1.5.0
load ../support/suite

examples=/usr/share/doc/solo/examples/prometheus

setup_file() {
    add_accounts alice bob
    test_service solo-test
    serve
}

teardown() {
    local id
    show_failed_test
    ! ended solod || start_solod
    for id in $(soloctl list | awk '$2 ~ /^(alice|bob)$/ { print $1 }'); do
        soloctl end "$id"
    done
    log_everyone_out
    [[ $(</etc/solo/solo.conf) == '' ]] || reconfigure ''
}

# metric EXPRESSION: of what soloctl prints now; value("name", label="value") is a sample's value, 0 where there is none.
metric() { soloctl metrics | parsed "$1"; }

# parsed EXPRESSION: the same of standard input, which must be OpenMetrics text.
parsed() {
    /usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
samples = [s for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]
def value(name, **labels):
    return int(sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items()))
print(eval(sys.argv[1]))' "$1"
}

@test "logins are counted by service and decision, and sessions by state and by why they are over" {
    login_in one --service solo-test --account alice
    assert_equal 1 "$(metric 'value("solo_opens_total", service="solo-test", decision="grant")')"
    assert_equal 1 "$(metric 'value("solo_sessions", state="active")')"
    run "${LOGIN[@]}" --service solo-test --account alice
    assert_status 1
    assert_equal 1 "$(metric 'value("solo_opens_total", service="solo-test", decision="refuse")')"
    soloctl end --account alice
    assert_equal "(1, 0)" "$(metric '(value("solo_ends_total", reason="terminated"), value("solo_sessions"))')"
}

@test "who had to wait for a session to go is counted apart from those who had not" {
    local before
    reconfigure $'[Policy]\nOnConflict=supersede'
    before=$(metric 'value("solo_decision_seconds_count", kind="open")')
    login_in one --service solo-test --account bob
    "${LOGIN[@]}" --service solo-test --account bob
    assert_equal 1 "$(metric 'value("solo_opens_total", decision="supersede")')"
    assert_equal 1 "$(metric 'value("solo_decision_seconds_count", kind="wait")')"
    assert_equal 1 "$(metric "value('solo_decision_seconds_count', kind='open') - $before")"
}

@test "what a person calls a service makes no label, however it is written" {
    setpriv --reuid alice --regid alice --clear-groups soloctl open --account alice --service $'x"y\\z' --ttl 60
    assert_equal 0 "$(metric 'value("solo_opens_total", service="x\"y\\z")')"
    assert_equal 1 "$(metric 'value("solo_opens_total", service="other", decision="grant")')"
    soloctl open --account bob --service $'x"y\\z\nw' --ttl 60
    # shellcheck disable=SC1003 # The backslashes are Python's.
    assert_equal 1 "$(metric 'value("solo_opens_total", service="x\"y\\z\\x0aw", decision="grant")')"
}

@test "everyone may read them, and nobody is named" {
    login_in one --service solo-test --account alice
    run setpriv --reuid bob --regid bob --clear-groups soloctl metrics
    assert_status 0
    assert_output_has solo_opens_total
    assert_output_lacks alice
}

@test "without solod there is nothing on standard output, and node_exporter is told so" {
    local command file=$HOST_DIR/textfiles/solo.prom
    mkdir -p "$HOST_DIR/textfiles"
    command=$(sed -n "/^ExecStart/,/'\$/p" $examples/solo-metrics.service | tr -d '\n' | sed "s/\\\\ / /g; s/^[^']*'//; s/'\$//")
    TEXTFILES=$HOST_DIR/textfiles sh -c "$command"
    assert_equal 1 "$(parsed 'value("solo_up")' <"$file")"
    assert_equal 644 "$(stat --format %a "$file")"
    stop_solod
    run --separate-stderr soloctl metrics
    assert_status 3
    assert_output ""
    TEXTFILES=$HOST_DIR/textfiles sh -c "$command"
    assert_equal $'# TYPE solo_up gauge\nsolo_up 0' "$(<"$file")"
    assert_equal solo.prom "$(ls "$HOST_DIR/textfiles")"
}

@test "systemd understands the examples" {
    run systemd-analyze verify --man=no $examples/solo-metrics.service $examples/solo-metrics.timer
    assert_status 0
    assert_output_lacks solo-metrics
}
