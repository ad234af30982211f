#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The example docs/examples/nginx-auth-request as it stands: real nginx, and curl as the browsers.

bats_require_minimum_version 1.5.0
load ../support/suite

example=$BATS_TEST_DIRNAME/../../docs/examples/nginx-auth-request

setup_file() {
    configure_portal ask
    start_solod
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -out /etc/ssl/certs/portal.pem -keyout /etc/ssl/private/portal.key \
        2>"$HOST_DIR/openssl.err"
    install -d /var/www/portal
    echo 'The site.' >/var/www/portal/index.html
    install -m 644 "$example/portal.py" /var/www/portal.py
    install -d -m 700 -o www-data /run/portal
    start_portal 60
    start_nginx
}

setup() {
    mark_test
    rm -f "$HOST_DIR"/*.jar
}

teardown() {
    ! grep -q Traceback "$HOST_DIR/portal.err" || fail "$(stderr_of portal)"
    [[ ${BATS_TEST_COMPLETED-} ]] || tail -n 20 "$HOST_DIR"/{portal,nginx}.err >&2
    show_failed_test
    soloctl end --account ann >/dev/null
}

# configure_portal ON-CONFLICT: as the example's README says.
configure_portal() { configure $'[Service portal]\nOnConflict='"$1"$'\n[Daemon]\nLeaseUsers=www-data'; }

# reconfigure_portal ON-CONFLICT: the same, and has solod read it.
reconfigure_portal() { configure_portal "$1" && reload_solod; }

# start_portal TTL
start_portal() {
    rm -f /run/portal/portal.sock
    background portal setpriv --reuid www-data --regid www-data --init-groups \
        env TTL="$1" python3 /var/www/portal.py /run/portal/portal.sock
    started portal test -S /run/portal/portal.sock
}

start_nginx() {
    printf '%s\n' 'user www-data;' 'worker_processes 1;' "pid $HOST_DIR/nginx.pid;" 'error_log stderr;' 'events {}' \
        'http {' '    access_log off;' "    include $example/nginx.conf;" '}' >"$HOST_DIR/nginx.conf"
    background nginx nginx -e stderr -c "$HOST_DIR/nginx.conf" -g 'daemon off;'
    started nginx grep -q ':01BB 00000000:0000 0A ' /proc/net/tcp
}

# browser N PATH [CURL-OPTION...]: browser number N, at 127.0.0.N, asks for a page; prints it, then its URL and status.
browser() {
    curl -sS --max-time 30 --cacert /etc/ssl/certs/portal.pem --interface "127.0.0.$1" --cookie "$HOST_DIR/$1.jar" \
        --cookie-jar "$HOST_DIR/$1.jar" -w '%{url_effective} %{http_code}\n' "${@:3}" "https://localhost$2"
}

# log_in N [PASSWORD]: browser N logs in as ann and goes where it is sent.
log_in() { browser "$1" /login -L --data "account=ann" --data "password=${2:-open sesame}"; }

# is_in N: browser N sees the site.
is_in() {
    run browser "$1" /
    assert_output $'The site.\nhttps://localhost/ 200'
}

# is_told N TEXT: browser N is sent to the login page, which says so.
is_told() {
    run browser "$1" / -L
    assert_output_has "$2"
    assert_output_has 'https://localhost/login 403'
}

@test "who is not logged in sees the login page and no more" {
    run browser 2 /
    assert_output_has 'https://localhost/ 303'
    run browser 2 / -L
    assert_output_has '<input name="password"'
    assert_output_has 'https://localhost/login 200'
    run log_in 2 'close sesame'
    assert_output_has "This is not the password of the account."
    run browser 2 /login --data account=mallory --data 'password=open sesame'
    assert_output_has 403
    run browser 2 / --cookie '__Host-session=0'
    assert_output_has 303
    no_sessions
}

@test "a login opens a session of the account, and its cookie is good" {
    run browser 2 /login -i --data account=ann --data 'password=open sesame'
    assert_output_has '303'
    [[ $output =~ 'Set-Cookie: __Host-session='([^;]+)'; Path=/; Secure; HttpOnly; SameSite=Lax' ]] || fail "$output"
    [[ ${BASH_REMATCH[1]} != *"$(session_of ann)"* ]] || fail "the cookie is the session's id"
    is_in 2
    assert_equal 'portal 127.0.0.2' "$(field Service "$(session_of ann)") $(field 'Remote host' "$(session_of ann)")"
}

@test "with refuse a second login is refused and told from where the first one is" {
    reconfigure_portal refuse
    log_in 2
    run log_in 3
    assert_output_has 'This account is already logged in from 127.0.0.2 (portal) since '
    is_in 2
    run browser 3 /
    assert_output_has 303
}

@test "with ask a second login asks, and a yes ends the first, which is told why, once" {
    reconfigure_portal ask
    log_in 2
    run log_in 3
    assert_output_has 'This account is already logged in. End that session?'
    is_in 2
    run browser 3 /
    assert_output_has 303 # not yet
    run browser 3 /takeover -L --data ''
    is_in 3
    is_told 2 'You are logged out. The session was superseded by a login from 127.0.0.3 (portal).'
    run browser 2 /login
    assert_output_has 'https://localhost/login 200'
    assert_output_lacks 'You are logged out'
    has_sessions 1 ann
}

@test "a takeover needs the password" {
    reconfigure_portal ask
    log_in 2
    run browser 3 /takeover --data account=ann
    assert_output_has 'Log in first.'
    is_in 2
}

@test "with supersede the last one is in" {
    reconfigure_portal supersede
    log_in 2
    log_in 3
    is_in 3
    run browser 2 /heartbeat --data ''
    assert_output_has 'The session was superseded by a login from 127.0.0.3 (portal).'
    assert_output_has 401
    is_told 2 'superseded by a login from 127.0.0.3 (portal).'
}

@test "a heartbeat makes the session last" {
    local before
    log_in 2
    before=$(soloctl --json list)
    run browser 2 /heartbeat --data ''
    assert_output_has 204
    [[ $(soloctl --json list) != "$before" ]] || fail "it lapses when it did: $before"
    run browser 3 /heartbeat --data ''
    assert_output_has 401
}

@test "a logout frees the account" {
    reconfigure_portal refuse
    log_in 2
    run browser 2 /logout -L --data ''
    assert_output_has 'https://localhost/login 200'
    no_sessions ann
    log_in 3
    is_in 3
}

@test "who is silent for too long is out, and told so" {
    stop portal
    start_portal 1
    log_in 2
    wait_until 10 no_sessions ann
    is_told 2 'The session was not renewed in time.'
    log_in 3
    stop portal
    start_portal 60
}

@test "an administrator's end is told" {
    log_in 2
    soloctl end --account ann
    is_told 2 'The session was ended on request, or because the account was locked.'
}

@test "pages of other sites log nobody in or out" {
    log_in 2
    run browser 2 /logout --data '' -H 'Sec-Fetch-Site: cross-site'
    assert_output_has 403
    run browser 2 /check # only nginx itself asks that
    assert_output_has 404
    is_in 2
}

@test "while solod is away nobody is in" {
    log_in 2
    stop_solod
    run browser 2 /
    assert_output_has 500
    run log_in 3
    assert_output_has 503
    start_solod
    is_in 2
}
