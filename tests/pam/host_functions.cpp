// SPDX-License-Identifier: MIT
#include "tests/pam/host_functions.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <sys/socket.h>
#include <syslog.h>

namespace solo::testing {

HostFunctions& host_functions() {
    static HostFunctions functions;
    return functions;
}

void reset_host_functions() {
    host_functions() = HostFunctions{};
    host_functions().accounts = {
        {"root", 0, {0}},
        {"alice", 1000, {1000, 27, 44}},
        {"alias", 1000, {1000}},
        {"bob", 1001, {1001, 500}},
    };
}

std::size_t logged(int priority, const std::string& text) {
    const auto& log = host_functions().log;
    return static_cast<std::size_t>(std::ranges::count_if(log, [&](const LogLine& line) {
        return line.priority == priority && line.text.find(text) != std::string::npos;
    }));
}

namespace {

void keep(int priority, const char* format, std::va_list arguments) {
    if (host_functions().before_log)
        host_functions().before_log();
    char text[4096];
    (void)std::vsnprintf(text, sizeof text, format, arguments); // NOLINT(clang-analyzer-valist.Uninitialized)
    host_functions().log.push_back({LOG_PRI(priority), text});
}

template<class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template<class Matches>
int find_account(Matches matches, passwd* entry, char* buffer, std::size_t size, passwd** result) {
    *result = nullptr;
    if (host_functions().lookup_error != 0)
        return host_functions().lookup_error;
    const auto& accounts = host_functions().accounts;
    const auto found = std::ranges::find_if(accounts, matches);
    if (found == accounts.end())
        return 0;
    if (std::max(found->name.size() + 1, host_functions().entry_size) > size)
        return ERANGE;
    std::memcpy(buffer, found->name.c_str(), found->name.size() + 1);
    *entry = passwd{};
    entry->pw_name = buffer;
    entry->pw_uid = found->uid;
    entry->pw_gid = found->gids.front();
    *result = entry;
    return 0;
}

} // namespace
} // namespace solo::testing

using solo::testing::host_functions;

// Seen by the module and libpam before the functions that they were linked against.
#pragma GCC visibility push(default)

extern "C" {

void syslog(int priority, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    solo::testing::keep(priority, format, arguments);
    va_end(arguments);
}

void __syslog_chk(int priority, int /*flag*/, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    solo::testing::keep(priority, format, arguments);
    va_end(arguments);
}

int getpwnam_r(const char* name, passwd* entry, char* buffer, std::size_t size, passwd** result) {
    return solo::testing::find_account([&](const auto& account) { return account.name == name; }, entry,
                                       buffer, size, result);
}

int getpwuid_r(uid_t uid, passwd* entry, char* buffer, std::size_t size, passwd** result) {
    return solo::testing::find_account([&](const auto& account) { return account.uid == uid; }, entry, buffer,
                                       size, result);
}

int getgrouplist(const char* user, gid_t /*group*/, gid_t* groups, int* count) {
    ++host_functions().group_lookups;
    const auto& accounts = host_functions().accounts;
    const auto found =
        std::ranges::find_if(accounts, [&](const auto& account) { return account.name == user; });
    const int room = *count;
    *count = static_cast<int>(found->gids.size());
    std::copy_n(found->gids.begin(), std::min(room, *count), groups);
    return *count <= room ? *count : -1;
}

int getgrnam_r(const char* name, group* entry, char* buffer, std::size_t size, group** result) {
    *result = nullptr;
    if (std::strcmp(name, "wheel") != 0 || host_functions().wheel == 0 || size < sizeof "wheel")
        return 0;
    std::memcpy(buffer, "wheel", sizeof "wheel");
    *entry = group{};
    entry->gr_name = buffer;
    entry->gr_gid = host_functions().wheel;
    *result = entry;
    return 0;
}

int pam_set_data(pam_handle_t* pamh, const char* name, void* data,
                 void (*cleanup)(pam_handle_t*, void*, int)) {
    if (host_functions().set_data_fails)
        return PAM_BUF_ERR;
    return solo::testing::next<decltype(pam_set_data)>("pam_set_data")(pamh, name, data, cleanup);
}

int pam_putenv(pam_handle_t* pamh, const char* assignment) {
    const auto& failing = host_functions().putenv_fails;
    if (!failing.empty() && std::strncmp(assignment, (failing + "=").c_str(), failing.size() + 1) == 0)
        return PAM_BUF_ERR;
    return solo::testing::next<decltype(pam_putenv)>("pam_putenv")(pamh, assignment);
}

int pam_modutil_audit_write(pam_handle_t* pamh, int type, const char* message, int result) {
    host_functions().audit.push_back({type, message, result});
    return solo::testing::next<decltype(pam_modutil_audit_write)>("pam_modutil_audit_write")(pamh, type,
                                                                                             message, result);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    if (host_functions().before_connect)
        host_functions().before_connect();
    return solo::testing::next<decltype(connect)>("connect")(fd, address, size);
}

} // extern "C"

#pragma GCC visibility pop
