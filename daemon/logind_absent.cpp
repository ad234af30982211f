// SPDX-License-Identifier: MIT
// Logind where solod is built without libsystemd: there never is one.
#include "daemon/logind.hpp"

namespace solo {

class Bus {};

namespace {

constexpr const char* not_built_in = "this solod is built without logind";

} // namespace

Logind::Logind(const asio::any_io_executor& /*executor*/, Listener /*listener*/) {}

Logind::~Logind() = default;

Logind::Result<std::vector<LogindSession>> Logind::sessions(Clock::time_point /*deadline*/) {
    co_return tl::unexpected{std::string{not_built_in}};
}

Logind::Result<LogindSession> Logind::session(std::string /*id*/, Clock::time_point /*deadline*/) {
    co_return tl::unexpected{std::string{not_built_in}};
}

Logind::Result<void> Logind::terminate(std::string /*id*/, Clock::time_point /*deadline*/) {
    co_return tl::unexpected{std::string{not_built_in}};
}

} // namespace solo
