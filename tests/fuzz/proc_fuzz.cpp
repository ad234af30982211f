// SPDX-License-Identifier: MIT
// What the daemon reads of /proc and of the kernel's answers about sockets. Names of processes are anybody's
// to choose.
#include "daemon/line.hpp"
#include "daemon/process_table.hpp"
#include "daemon/scope.hpp"
#include "protocol/line_name.hpp"
#include "tests/fuzz/invariant.hpp"

#include <string>

#include <fmt/format.h>

using namespace solo;
using namespace solo::testing;

namespace {

/// Whatever a process calls itself, the rest of its line says the same.
void check_name(std::string_view name) {
    const std::string line =
        fmt::format("42 ({}) S 7 42 5 34816 42 0 0 0 0 0 0 0 0 0 20 0 1 0 123456 0 0\n", name);
    const auto status = parse_stat(line);
    must(status && status->process.pid == 42 && status->process.start_time == 123456 && status->parent == 7 &&
             status->session == 5 && status->terminal == 34816 && !status->is_zombie,
         "the name decides nothing");
    const auto credentials =
        parse_credentials(fmt::format("Name:\t{}\nUid:\t1000\t0\t0\t0\nGid:\t5\t0\t0\t0\nGroups:\t6 7 \n",
                                      name.substr(0, name.find('\n'))));
    must(credentials && credentials->uid == 1000 && credentials->gids == std::vector<std::uint32_t>{5, 6, 7},
         "the name changes no ids");
}

void check_cgroup(std::string_view text) {
    const std::string_view path = text.substr(0, text.find('\n'));
    if (!path.empty()) {
        must(is_within(fmt::format("1:name=systemd:/\n0::{}\n", path), path), "a group is within itself");
        must(is_within(fmt::format("0::{}/below\n", path), path), "and one below it");
        if (path.back() != '/')
            must(!is_within(fmt::format("0::{}x\n", path), path), "but not one that begins alike");
    }
    (void)is_within(text, "/user.slice");
    if (const auto mount = find_cgroup_mount(text))
        must(mount->point.starts_with('/') && text.find("cgroup2") != std::string_view::npos,
             "it is a mount of cgroup2");
}

void check_line_name(std::string_view text) {
    if (const auto inode = protocol::inode_in(text))
        must(protocol::inode_in(protocol::line_name(*inode)) == inode, "its name says the same");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = text_of(data, size);
    if (const auto status = parse_stat(text))
        must(text.substr(0, text.find(' ')).ends_with(std::to_string(status->process.pid)) ||
                 status->process.pid <= 0,
             "the first number, zeros before it or none");
    (void)parse_credentials(text);
    (void)parse_peer_inode(text);
    check_line_name(text);
    check_name(text);
    check_cgroup(text);
    return 0;
}
