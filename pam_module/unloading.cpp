// SPDX-License-Identifier: MIT
// The C++ library that the module carries takes 73 KB for exceptions when it is loaded, and would leave them
// behind in a login program that loads and unloads the module for every login. (Only for the library linked
// into the module: a shared one is not ours to clean.)
//
// And where an exception finds no handler, the library's own terminate handler would say so on the host's
// standard error, for which the module would carry a demangler and stdio: 60 KB to load with every login.
// This one takes its place in the link.

#include <cstdlib>

namespace __gnu_cxx { // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

/// Of libstdc++ (libsupc++/eh_alloc.cc), made for memory checkers; in no header.
void __freeres() noexcept; // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

/// Of libstdc++ (libsupc++/vterminate.cc); what std::terminate() calls.
void __verbose_terminate_handler();  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
void __verbose_terminate_handler() { // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
    std::abort();
}

} // namespace __gnu_cxx

namespace {

__attribute__((destructor)) void give_back_exception_memory() {
    __gnu_cxx::__freeres();
}

} // namespace
