// SPDX-License-Identifier: MIT
// load_once MODULE: loads a PAM module as libpam does, in a process that has not loaded it before, and prints
// the nanoseconds that took.
#include "tests/bench/rounds.hpp"

#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <security/pam_appl.h>

int main(int /*argc*/, char** argv) {
    (void)::pam_strerror(nullptr, 0); // libpam is there already in every login program
    void* module = nullptr;
    const auto time = solo::bench::time_of([&] { module = ::dlopen(argv[1], RTLD_NOW); });
    if (module == nullptr || ::dlsym(module, "pam_sm_open_session") == nullptr) {
        std::fprintf(stderr, "load_once: %s\n", ::dlerror());
        return EXIT_FAILURE;
    }
    std::printf("%lld\n", static_cast<long long>(time));
    return EXIT_SUCCESS;
}
