// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace solo::protocol {

/// The text of an interface's .varlink file, compiled in; empty where this project does not define it.
std::string_view interface_description(std::string_view interface_name);

} // namespace solo::protocol
