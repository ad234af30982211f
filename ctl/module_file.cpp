// SPDX-License-Identifier: MIT
#include "ctl/module_file.hpp"

#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo::ctl {

namespace {

using protocol::UniqueFd;

/// What the beginning of an ELF file says in the same place for 32 and 64 bits.
struct Machine {
    unsigned char width = 0; ///< ELFCLASS32, ELFCLASS64
    unsigned char order = 0; ///< of bytes
    Elf64_Half type = 0;     ///< EM_X86_64 and so on
    bool operator==(const Machine&) const = default;
};

std::optional<Machine> machine_of(int fd) {
    Elf64_Ehdr header{};
    constexpr auto needed = offsetof(Elf64_Ehdr, e_version); // up to here both are the same
    if (::pread(fd, &header, needed, 0) != static_cast<ssize_t>(needed) ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return std::nullopt;
    return Machine{header.e_ident[EI_CLASS], header.e_ident[EI_DATA], header.e_machine};
}

/// Whoever may write the module, or put another one in its place, may become root.
std::optional<std::string> owner_fault(const std::filesystem::path& path) {
    struct stat state {};
    if (::stat(path.c_str(), &state) != 0)
        return fmt::format("{}: {}", path.string(), std::strerror(errno));
    if (state.st_uid != 0)
        return fmt::format("{} belongs to uid {} and not to root", path.string(), state.st_uid);
    if ((state.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (state.st_mode & S_ISVTX) == 0)
        return fmt::format("{} may be written by others than root", path.string());
    return std::nullopt;
}

} // namespace

std::optional<std::string> module_fault(const std::filesystem::path& module) {
    const UniqueFd fd{::open(module.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd)
        return fmt::format("{}: {}", module.string(), std::strerror(errno));
    for (const auto& path : {module, module.parent_path()}) {
        if (auto fault = owner_fault(path))
            return fault;
    }
    const UniqueFd self{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    const auto machine = machine_of(fd.get());
    if (!machine)
        return fmt::format("{} is no ELF file", module.string());
    if (machine != machine_of(self.get()))
        return fmt::format("{} is built for another machine than this program", module.string());
    void* const loaded = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (loaded == nullptr)
        return fmt::format("{} cannot be loaded: {}", module.string(), ::dlerror());
    (void)::dlclose(loaded);
    return std::nullopt;
}

} // namespace solo::ctl
