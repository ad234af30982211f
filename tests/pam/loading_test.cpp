// SPDX-License-Identifier: MIT
// loading_test MODULE: that nothing of the module stays behind when libpam has unloaded it.
#include "tests/pam/host_state.hpp"
#include "tests/support/cmocka.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <malloc.h>

namespace {

using solo::testing::host_state;
using solo::testing::maps;

std::string module_path;

void load_and_unload() {
    void* const module = ::dlopen(module_path.c_str(), RTLD_NOW);
    assert_non_null(module);
    assert_int_equal(module == nullptr ? -1 : ::dlclose(module), 0);
}

void module_is_mapped_while_it_is_loaded_and_not_after(void** /*state*/) {
    void* const module = ::dlopen(module_path.c_str(), RTLD_NOW);
    assert_non_null(module);
    assert_true(maps("pam_solo.so") > 0);
    assert_int_equal(::dlclose(module), 0);
    assert_int_equal(maps("pam_solo.so"), 0);
}

void module_that_was_used_is_not_mapped_after(void** /*state*/) {
    void* const module = ::dlopen(module_path.c_str(), RTLD_NOW);
    assert_non_null(module);
    using Phase = int(void*, int, int, const char**);
    auto* const account = reinterpret_cast<Phase*>(::dlsym(module, "pam_sm_acct_mgmt"));
    const char* no_arguments = nullptr;
    assert_int_not_equal(account(nullptr, 0, 0, &no_arguments), 0);
    assert_int_equal(::dlclose(module), 0);
    assert_int_equal(maps("pam_solo.so"), 0);
}

void a_thousand_loads_leave_no_descriptor_no_map_and_no_memory(void** /*state*/) {
    for (int i = 0; i < 10; ++i)
        load_and_unload();
    const auto descriptors_before = host_state("").descriptors;
    const auto maps_before = maps("");
    const auto memory_before = ::mallinfo2().uordblks;
    for (int i = 0; i < 1000; ++i)
        load_and_unload();
    assert_true(host_state("").descriptors == descriptors_before);
    assert_int_equal(maps(""), maps_before);
    assert_in_range(::mallinfo2().uordblks, 0, memory_before + 16'384);
}

} // namespace

int main(int argc, char** argv) {
    const char* const sanitized = std::getenv("SOLO_SANITIZE");
    if (sanitized != nullptr && std::strcmp(sanitized, "1") == 0) {
        (void)std::fputs("skipped: a sanitizer keeps what was loaded\n", stderr);
        return 77;
    }
    if (argc != 2)
        return 2;
    module_path = argv[1];
    const CMUnitTest tests[] = {
        SOLO_TEST(module_is_mapped_while_it_is_loaded_and_not_after),
        SOLO_TEST(module_that_was_used_is_not_mapped_after),
        SOLO_TEST(a_thousand_loads_leave_no_descriptor_no_map_and_no_memory),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
