// SPDX-License-Identifier: MIT
// The C++ library that the module carries takes 73 KB for exceptions when it is loaded, and would leave them
// behind in a login program that loads and unloads the module for every login. (Only for the library linked
// into the module: a shared one is not ours to clean.)

namespace __gnu_cxx { // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

/// Of libstdc++ (libsupc++/eh_alloc.cc), made for memory checkers; in no header.
void __freeres() noexcept; // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

} // namespace __gnu_cxx

namespace {

__attribute__((destructor)) void give_back_exception_memory() {
    __gnu_cxx::__freeres();
}

} // namespace
