// SPDX-License-Identifier: MIT
#include "ctl/lockout.hpp"

#include "ctl/client.hpp"
#include "ctl/module_file.hpp"
#include "ctl/problem.hpp"
#include "protocol/printable.hpp"
#include "protocol/service_messages.hpp"
#include "protocol/sessions_messages.hpp"

#include <filesystem>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

namespace sessions = protocol::sessions;

void require_module() {
    if (const auto fault = module_fault(SOLO_PAMDIR "/pam_solo.so")) {
        throw Problem{exit_no,
                      fmt::format("{}. Every login of the service would fail. Install the module first",
                                  protocol::printable(*fault))};
    }
}

/// login.sock is beside sessions.sock; the modules use it and this program does not.
void require_login_socket(const std::string& sessions_socket) {
    const auto socket = std::filesystem::path{sessions_socket}.replace_filename("login.sock");
    (void)Client{socket.string()}.call(protocol::service::GetInfo{});
}

void require_exempt_root(Client& client, const std::string& service) {
    const sessions::Explain question{.account = "root", .service = service, .rhost = {}};
    const auto reply = client.call(question);
    if (reply.decision == "ignore") {
        throw Problem{exit_no, fmt::format("solod ignores {} ({}): its sessions are no logins",
                                           protocol::printable(service), protocol::printable(reply.rule))};
    }
    const bool is_exempt = reply.rule == "uid 0" || reply.rule.find("Exempt") != std::string::npos;
    if (reply.decision != "grant" || !is_exempt) {
        throw Problem{exit_no,
                      fmt::format("root is not exempt: {} ({}). Put ExemptUsers=root under [Policy]",
                                  protocol::printable(reply.decision), protocol::printable(reply.rule))};
    }
}

} // namespace

void require_no_lockout(const Options& options, const std::vector<std::string>& services) {
    require_module();
    Client client{options.socket};
    (void)client.call(sessions::Status{});
    require_login_socket(options.socket);
    for (const auto& service : services)
        require_exempt_root(client, service);
}

} // namespace solo::ctl
