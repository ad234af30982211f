// SPDX-License-Identifier: MIT
// Who logs in: one account for all names of a uid, and no account that would look like another.
#include "protocol/service_messages.hpp"
#include "tests/pam/login_tests.hpp"

#include <cerrno>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <syslog.h>

namespace {

using namespace solo::testing;
using solo::protocol::Decision;
using solo::protocol::Json;
using solo::protocol::login::Check;
using solo::protocol::login::Open;

/// What the daemon is told of this user.
Json told(LoginProgram& program, const std::string& user) {
    const auto before = program.daemon().await_calls(0).size();
    program.begin(user);
    assert_int_equal(program.account(), PAM_SUCCESS);
    return program.daemon().await_calls(before + 1).back().call.parameters;
}

void assert_json(const Json& value, const char* expected) {
    assert_string_equal(solo::protocol::to_text(value).c_str(), expected);
}

void all_names_of_a_uid_are_one_account(void** state) {
    auto& program = program_of(state);
    const char* const alice = R"({"name":"alice","uid":1000})";
    assert_json(told(program, "alice")["account"], alice);
    assert_json(told(program, "alias")["account"], alice);
}

void name_that_nss_does_not_know_stands_for_itself(void** state) {
    assert_json(told(program_of(state), "virtual")["account"], R"({"name":"virtual"})");
    assert_json(told(program_of(state), "Zo\xC3\xAB@example")["account"],
                "{\"name\":\"Zo\xC3\xAB@example\"}");
}

Answer wants_groups(const Received& /*call*/) {
    return error(solo::protocol::service::InvalidParameter{"account.gids"});
}

/// As solod does where a rule is about groups: no answer without them. Then the last one.
template<class Method, class Reply>
void answer_with_groups_only(LoginProgram& program, const Reply& answer) {
    program.daemon().on<Method>([answer](const Received& received) {
        const Json& account = received.call.parameters.at("account");
        return account.contains("gids") ? reply(answer) : wants_groups(received);
    });
}

const Check::Reply check_granted{.decision = Decision::grant, .holder = {}, .rule = {}, .message = {}};
const Open::Reply open_granted{.decision = Decision::grant, .id = FakeDaemon::granted_id, .notice = {}};

void groups_are_not_looked_up_where_the_daemon_does_not_want_them(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=5 break_glass=wheel");
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(host_functions().group_lookups, 0);
}

void groups_are_told_over_the_same_connection_where_the_daemon_wants_them(void** state) {
    auto& program = program_of(state);
    answer_with_groups_only<Check>(program, check_granted);
    answer_with_groups_only<Open>(program, open_granted);
    program.begin();
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(host_functions().group_lookups, 2);
    const auto calls = program.daemon().await_calls(5); // twice each, and Confirm
    assert_int_equal(calls[0].connection, calls[1].connection);
    assert_int_equal(calls[2].connection, calls[3].connection);
    assert_json(calls[1].call.parameters["account"], R"({"gids":[1000,27,44],"name":"alice","uid":1000})");
    Json asked_again = calls[3].call.parameters;
    assert_json(asked_again["account"]["gids"], "[1000,27,44]");
    asked_again["account"].erase("gids");
    assert_true(asked_again == calls[2].call.parameters); // the same nonce: the same login
}

void groups_stay_known_for_another_connection(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received& received) {
        if (!received.call.parameters.at("account").contains("gids"))
            return wants_groups(received);
        return received.connection == 0 ? hang_up() : reply(open_granted);
    });
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(4);
    assert_int_equal(calls[2].connection, 1);
    assert_true(calls[2].call.parameters == calls[1].call.parameters);
    assert_int_equal(host_functions().group_lookups, 1);
}

void daemon_that_never_has_enough_of_groups_is_no_answer(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Check>(wants_groups);
    program.daemon().on<Open>(wants_groups);
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(program.daemon().await_calls(4).size(), 4);
    assert_int_equal(logged(LOG_ERR, "org.varlink.service.InvalidParameter: account.gids"), 2);
}

void groups_that_nss_cannot_say_are_a_failure(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received& received) {
        host_functions().lookup_error = EIO;
        return wants_groups(received);
    });
    program.begin();
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(logged(LOG_ERR, "alice denied without solod: the account cannot be looked up"), 1);
    host_functions().lookup_error = 0;
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_int_equal(program.open(), PAM_SUCCESS);
    host_functions().lookup_error = 0;
    program.begin("root", "timeout=5");
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(logged(LOG_CRIT, "let in without solod"), 2);
}

void account_of_many_groups_is_told_with_all_of_them(void** state) {
    answer_with_groups_only<Check>(program_of(state), check_granted);
    auto& groups = host_functions().accounts[1].gids;
    groups.resize(65'537);
    std::iota(groups.begin(), groups.end(), 4'000'000'000U);
    const auto gids = told(program_of(state), "alice")["account"]["gids"].get<std::vector<gid_t>>();
    assert_int_equal(gids.size(), groups.size());
    assert_true(gids == groups);
}

void long_entries_fit(void** state) {
    host_functions().entry_size = 100'000;
    assert_json(told(program_of(state), "bob")["account"], R"({"name":"bob","uid":1001})");
}

/// Denied in both phases though a failure would let in, without a word to the daemon; logged escaped.
void assert_unusable(LoginProgram& program, const char* user, const std::string& log) {
    host_functions().log.clear();
    program.begin(user == nullptr ? "alice" : user, "timeout=5 on_unavailable=allow");
    program.set_item(PAM_USER, user);
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(logged(LOG_ERR, log), 2);
    assert_int_equal(program.daemon().await_calls(0).size(), 0);
}

void names_that_no_account_may_have_are_denied(void** state) {
    auto& program = program_of(state);
    assert_unusable(program, nullptr, "names no account");
    assert_unusable(program, "", "has no name");
    assert_unusable(program, std::string(257, 'a').c_str(), "longer than 256");
    assert_unusable(program, "ali\x1B[2Jce", "is no UTF-8: ali\\x1b[2Jce");
    assert_unusable(program, "alice\n", "alice\\x0a");
    assert_unusable(program, "alic\xE9", "alic\\xe9");
    assert_unusable(program, "alice\xE2\x80\xAE", "alice\\xe2\\x80\\xae");
}

void canonical_name_that_no_account_may_have_is_denied(void** state) {
    host_functions().accounts = {{"bad\tname", 7, {7}}, {"good", 7, {7}}};
    assert_unusable(program_of(state), "good", "bad\\x09name");
}

void failing_nss_is_a_failure_and_no_unknown_account(void** state) {
    auto& program = program_of(state);
    host_functions().lookup_error = EIO;
    program.begin("root", "timeout=5");
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(logged(LOG_ERR, "denied: the account cannot be looked up (Input/output error)"), 2);
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(logged(LOG_CRIT, "let in without solod; allowed by on_unavailable=allow"), 2);
    assert_int_equal(program.daemon().await_calls(0).size(), 0);
}

void nss_without_the_service_of_an_account_does_not_know_it(void** state) {
    host_functions().lookup_error = ENOENT;
    assert_json(told(program_of(state), "alice")["account"], R"({"name":"alice"})");
}

void origin_is_told_printable_and_short(void** state) {
    auto& program = program_of(state);
    program.begin();
    program.set_item(PAM_TTY, "pts/\x1B");
    program.set_item(PAM_RHOST, "h\xFFst");
    program.set_item(PAM_RUSER, (std::string(255, 'r') + "\xC3\xAB").c_str());
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto origin = program.daemon().await_calls(1)[0].call.parameters["origin"];
    assert_string_equal(origin["tty"].get<std::string>().c_str(), "pts/\\x1b");
    assert_string_equal(origin["rhost"].get<std::string>().c_str(), "h\\xffst");
    assert_string_equal(origin["ruser"].get<std::string>().c_str(), std::string(255, 'r').c_str());
}

/// The host that the login comes from, as the daemon is told it, where this is SSH_CONNECTION. PAM_RHOST is
/// the address that begin() sets, because libpam would look up a name (libaudit, audit_log_acct_message).
std::string told_host(LoginProgram& program, const std::string& connection) {
    const auto before = program.daemon().await_calls(0).size();
    program.begin();
    if (::pam_putenv(program.handle(), ("SSH_CONNECTION=" + connection).c_str()) != PAM_SUCCESS)
        throw std::runtime_error{"pam_putenv"};
    assert_int_equal(program.account(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(before + 1);
    return calls.back().call.parameters["origin"]["rhost"].get<std::string>();
}

void session_phase_tells_the_same_address(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(::pam_putenv(program.handle(), "SSH_CONNECTION=192.0.2.7 40000 192.0.2.1 22"),
                     PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto origin = program.daemon().await_calls(1)[0].call.parameters["origin"];
    assert_string_equal(origin["rhost"].get<std::string>().c_str(), "192.0.2.7");
}

void client_of_sshd_is_told_by_its_address(void** state) {
    const std::pair<const char*, const char*> addresses[] = {
        {"192.0.2.7 40000 192.0.2.1 22", "192.0.2.7"},
        {"192.0.2.7", "192.0.2.7"},
        {"2001:DB8:0:0::7 40000 2001:db8::1 22", "2001:db8::7"},
        {"::ffff:192.0.2.7 40000 ::ffff:192.0.2.1 22", "192.0.2.7"},
        {"::FFFF:C000:0207 40000 ::1 22", "192.0.2.7"},
        {"::ffff:192.0.2.7%eth0 1 ::1 22", "192.0.2.7"},
        {"fe80::a:b%wlp0s20f3 40000 fe80::1%wlp0s20f3 22", "fe80::a:b%wlp0s20f3"},
        {"FE80:0::1%2 40000 fe80::1 22", "fe80::1%2"},
    };
    for (const auto& [connection, address] : addresses)
        assert_string_equal(told_host(program_of(state), connection).c_str(), address);
}

void connection_without_an_address_counts_for_nothing(void** state) {
    for (const char* const connection : {"",
                                         " ",
                                         "UNKNOWN 65535 UNKNOWN 65535",
                                         "evil.example 1 192.0.2.1 22",
                                         " 192.0.2.7 1 192.0.2.1 22",
                                         "192.0.2 1",
                                         "192.0.2.007x",
                                         "0x7f.1",
                                         "192.0.2.7\n",
                                         "192.0.2.7%eth0",
                                         "192.0.2.7\t40000",
                                         "fe80::1%",
                                         "fe80::1%a%b",
                                         "fe80::1%../a",
                                         "fe80::1%\x1b[2J",
                                         "fe80::1%\xff",
                                         "fe80::1%sixteen_and_more_",
                                         "[::1]",
                                         "1:2:3:4:5:6:7:8:9",
                                         "$(x)",
                                         "-",
                                         ".."})
        assert_string_equal(told_host(program_of(state), connection).c_str(), "10.0.0.5");
    assert_string_equal(told_host(program_of(state), std::string(4096, '1')).c_str(), "10.0.0.5");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LOGIN_TEST(all_names_of_a_uid_are_one_account),
        SOLO_LOGIN_TEST(name_that_nss_does_not_know_stands_for_itself),
        SOLO_LOGIN_TEST(groups_are_not_looked_up_where_the_daemon_does_not_want_them),
        SOLO_LOGIN_TEST(groups_are_told_over_the_same_connection_where_the_daemon_wants_them),
        SOLO_LOGIN_TEST(groups_stay_known_for_another_connection),
        SOLO_LOGIN_TEST(daemon_that_never_has_enough_of_groups_is_no_answer),
        SOLO_LOGIN_TEST(groups_that_nss_cannot_say_are_a_failure),
        SOLO_LOGIN_TEST(account_of_many_groups_is_told_with_all_of_them),
        SOLO_LOGIN_TEST(long_entries_fit),
        SOLO_LOGIN_TEST(names_that_no_account_may_have_are_denied),
        SOLO_LOGIN_TEST(canonical_name_that_no_account_may_have_is_denied),
        SOLO_LOGIN_TEST(failing_nss_is_a_failure_and_no_unknown_account),
        SOLO_LOGIN_TEST(nss_without_the_service_of_an_account_does_not_know_it),
        SOLO_LOGIN_TEST(origin_is_told_printable_and_short),
        SOLO_LOGIN_TEST(client_of_sshd_is_told_by_its_address),
        SOLO_LOGIN_TEST(session_phase_tells_the_same_address),
        SOLO_LOGIN_TEST(connection_without_an_address_counts_for_nothing),
    };
    return run_login_tests("account", tests);
}
