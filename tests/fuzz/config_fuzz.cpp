// SPDX-License-Identifier: MIT
// The text of a configuration: read, checked, shown, and read again.
#include "daemon/config.hpp"
#include "daemon/config_value.hpp"
#include "protocol/printable.hpp"
#include "tests/fuzz/invariant.hpp"

#include <fstream>
#include <string>

#include <unistd.h>

using namespace solo;
using namespace solo::testing;

namespace {

/// A file of this process alone, in memory where there is such a directory.
std::string file() {
    static const std::string path = "/dev/shm/solo-config-fuzz." + std::to_string(::getpid());
    static const int removed = std::atexit([] { ::unlink(file().c_str()); });
    (void)removed;
    return path;
}

tl::expected<Config, ConfigErrors> load(std::string_view text) {
    std::ofstream{file(), std::ios::binary} << text;
    return load_config({.vendor_dir = "/nonexistent", .file = file(), .must_exist = true});
}

void check_clean(const std::string& text) {
    must(protocol::printable(text) == text, "what is said of it is clean");
}

template<class Value>
void check_value(std::string_view text) {
    Value value{};
    if (!parse_value(text, value))
        return;
    const std::string shown = show_value(value);
    Value again{};
    must(parse_value(shown, again) && again == value, "what is shown is read as the same");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = text_of(data, size);
    check_value<bool>(text);
    check_value<int>(text);
    check_value<std::chrono::milliseconds>(text);
    check_value<std::optional<std::chrono::milliseconds>>(text);
    check_value<std::set<std::string>>(text);
    check_value<Durability>(text);
    check_value<OnConflict>(text);

    const auto config = load(text);
    if (!config) {
        must(!config.error().empty(), "it is said what is wrong");
        for (const std::string& error : config.error()) {
            must(error.starts_with(file()), "and where");
            check_clean(error);
        }
        return 0;
    }
    for (const std::string& warning : config->warnings)
        check_clean(warning);
    return 0;
}
