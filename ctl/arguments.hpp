// SPDX-License-Identifier: MIT
#pragma once

namespace CLI {
class Validator;
} // namespace CLI

namespace solo::ctl {

// What a command line's arguments must look like.

/// A session's ID: refuses what is no whole UUID, and brings it into lower case, as solod writes it.
/// An abbreviation would be ambiguous exactly when many sessions are open, so there is none.
CLI::Validator session_id();

/// An account's name: any text but an empty one, which would be no account instead of every account.
CLI::Validator account_name();

/// How many sessions to show: a whole number, 1 or more.
CLI::Validator session_count();

/// A service's name: any text but an empty one.
CLI::Validator service_name();

} // namespace solo::ctl
