// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/local_time.hpp"
#include "ctl/output.hpp"
#include "ctl/session_list.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include <unistd.h>

namespace solo::ctl {

namespace {

namespace sessions = protocol::sessions;
using protocol::printable;
using protocol::Session;

struct EndOptions {
    std::string id;
    std::string account;
    std::optional<std::string> message;
};

/// Now, as solod writes times.
std::int64_t time_now() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

/// Ending what is over succeeds; `begun` is when this command began.
std::string ended_line(const Session& session, std::int64_t begun) {
    const auto name = fmt::format("{} of {} ({})", printable(session.id), printable(session.account),
                                  printable(session.service));
    if (session.ended && *session.ended < begun)
        return fmt::format("{} was over already, since {}.\n", name, short_local_time(*session.ended));
    return fmt::format("Ended {}.\n", name);
}

/// Others than root may have been shown only a part of the account's sessions.
std::string nothing_to_end(const std::string& account) {
    if (::geteuid() == 0)
        return fmt::format("{} has no session to end.\n", printable(account));
    return fmt::format("There is no session of {} that you may end.\n", printable(account));
}

/// The account's sessions, the one that this command runs in last: it would end the command with it.
std::vector<Session> sessions_to_end(Client& client, const std::string& account) {
    auto found = list_sessions(client, sessions::List{.account = account, .ended = false, .limit = {}});
    const char* const own = std::getenv("SOLO_SESSION_ID");
    if (own != nullptr)
        std::ranges::stable_partition(found, [own](const Session& session) { return session.id != own; });
    return found;
}

ExitStatus end_one(const Options& options, const EndOptions& what) {
    const auto begun = time_now();
    const auto session = Client{options.socket}
                             .call(sessions::End{.id = what.id, .message = what.message}, Client::ending_time)
                             .session;
    if (options.json) {
        print_json(protocol::to_json(std::vector{session}));
    } else {
        print(ended_line(session, begun));
    }
    return exit_yes;
}

/// Ends what can be ended: one session that cannot does not keep the others.
ExitStatus end_account(const Options& options, const EndOptions& what) {
    const auto begun = time_now();
    Client client{options.socket};
    std::vector<Session> ended;
    auto status = exit_yes;
    for (const auto& session : sessions_to_end(client, what.account)) {
        try {
            const sessions::End request{.id = session.id, .message = what.message};
            const auto reply = client.call_unless<sessions::NoSuchSession>(request, Client::ending_time);
            if (reply)
                ended.push_back(reply->session);
        } catch (const Problem& problem) {
            if (problem.status() != exit_no)
                throw;
            print_error(fmt::format("{}: {}", printable(session.id), problem.what()));
            status = exit_no;
        }
    }
    if (options.json) {
        print_json(protocol::to_json(ended));
        return status;
    }
    for (const auto& session : ended)
        print(ended_line(session, begun));
    if (ended.empty() && status == exit_yes)
        print(nothing_to_end(what.account));
    return status;
}

} // namespace

void add_end(CLI::App& app, Run& chosen) {
    const auto what = std::make_shared<EndOptions>();
    auto* const command = app.add_subcommand("end", "End a session, or all sessions of an account");
    auto* const which = command->add_option_group("which");
    which->add_option("ID", what->id, "The session")->transform(session_id());
    which->add_option("--account", what->account, "All sessions of this account")
        ->type_name("NAME")
        ->check(account_name());
    which->require_option(1);
    command->add_option("--message", what->message, "Shown on the session's terminal")->type_name("TEXT");
    command->callback([what, &chosen] {
        chosen = [what](const Options& options) {
            return what->id.empty() ? end_account(options, *what) : end_one(options, *what);
        };
    });
}

} // namespace solo::ctl
