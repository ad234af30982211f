// SPDX-License-Identifier: MIT
// The .varlink files and the C++ structs say the same: every type, method and error, every field's name,
// place and type. Both sides are brought into one form, with named types spelled out, and compared.
#include "protocol/interfaces.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/service_messages.hpp"
#include "protocol/sessions_messages.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/protocol_varlink_file.hpp"

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace solo::protocol;
using solo::testing::VarlinkFile;

namespace {

// The C++ side in varlink's words.

template<class T>
struct Spelling;

template<class T>
std::string spelled() {
    return Spelling<T>::text();
}

template<>
struct Spelling<std::string> {
    static std::string text() { return "string"; }
};
template<>
struct Spelling<bool> {
    static std::string text() { return "bool"; }
};
template<std::integral T>
struct Spelling<T> {
    static std::string text() { return "int"; }
};
template<class T>
struct Spelling<std::optional<T>> {
    static std::string text() { return "?" + spelled<T>(); }
};
template<class T>
struct Spelling<std::vector<T>> {
    static std::string text() { return "[]" + spelled<T>(); }
};
template<WireEnum T>
struct Spelling<T> {
    static std::string text() {
        std::string text;
        for (const auto name : enum_names(T{}))
            text.append(text.empty() ? "" : ", ").append(name);
        return "(" + text + ")";
    }
};

template<class M, class V>
std::string spelled_field(const Field<M, V>& field) {
    return std::string{field.name} + ": " + spelled<V>();
}

template<Message T>
struct Spelling<T> {
    static std::string text() {
        std::string text;
        std::apply(
            [&](const auto&... field) {
                ((text.append(text.empty() ? "" : ", ").append(spelled_field(field))), ...);
            },
            T::fields());
        return "(" + text + ")";
    }
};

/// An interface as the structs have it: "type X", "method X" or "error X" and its spelling.
class Structs {
public:
    explicit Structs(std::string_view interface) : prefix_{std::string{interface} + "."} {}

    template<class T>
    Structs& type(const std::string& name) {
        entries["type " + name] = spelled<T>();
        return *this;
    }

    template<Message... Ts>
    Structs& methods() {
        (add("method ", Ts::method, spelled<Ts>() + " -> " + spelled<typename Ts::Reply>()), ...);
        return *this;
    }

    template<Message... Ts>
    Structs& errors() {
        (add("error ", Ts::error, spelled<Ts>()), ...);
        return *this;
    }

    std::map<std::string, std::string> entries;

private:
    void add(const char* kind, std::string_view full_name, std::string spelling) {
        if (!full_name.starts_with(prefix_))
            fail_msg("%s is not of the interface %s", std::string{full_name}.c_str(), prefix_.c_str());
        entries[kind + std::string{full_name.substr(prefix_.size())}] = std::move(spelling);
    }

    std::string prefix_;
};

void assert_same(const std::map<std::string, std::string>& file,
                 const std::map<std::string, std::string>& structs) {
    for (const auto& [name, spelling] : file) {
        const auto found = structs.find(name);
        if (found == structs.end())
            fail_msg("%s is in the .varlink file and has no struct", name.c_str());
        if (found->second != spelling) {
            fail_msg("%s differs\n  file:   %s\n  struct: %s", name.c_str(), spelling.c_str(),
                     found->second.c_str());
        }
    }
    for (const auto& [name, spelling] : structs) {
        if (!file.contains(name))
            fail_msg("%s has a struct and is not in the .varlink file", name.c_str());
    }
}

VarlinkFile file_of(std::string_view interface) {
    const auto text = interface_description(interface);
    assert_false(text.empty());
    auto file = solo::testing::parse_varlink(text);
    assert_string_equal(file.interface.c_str(), std::string{interface}.c_str());
    return file;
}

void the_login_interface_and_its_structs_agree(void** /*state*/) {
    const auto structs = Structs{login::interface_name}
                             .type<Origin>("Origin")
                             .type<Account>("Account")
                             .type<Holder>("Holder")
                             .type<Decision>("Decision")
                             .methods<login::Check, login::Open, login::Confirm, login::Close>()
                             .errors<login::Refused, login::PermissionDenied, login::Unavailable>();
    assert_same(file_of(login::interface_name).entries, structs.entries);
}

void the_sessions_interface_and_its_structs_agree(void** /*state*/) {
    using namespace sessions;
    const auto structs = Structs{interface_name}
                             .type<State>("State")
                             .type<Session>("Session")
                             .type<Event>("Event")
                             .type<StateCount>("StateCount")
                             .type<OpenCount>("OpenCount")
                             .type<EndCount>("EndCount")
                             .type<DecisionTimes>("DecisionTimes")
                             .methods<List, Get, Validate, Explain, End, Unlock, Watch, Status, Metrics,
                                      OpenLease, Renew, CloseLease>()
                             .errors<Refused, NoSuchSession, PermissionDenied, NotActive, NotALease,
                                     CannotEnd, TooManyConnections, Unavailable>();
    assert_same(file_of(interface_name).entries, structs.entries);
}

void the_service_interface_and_its_structs_agree(void** /*state*/) {
    using namespace service;
    const auto structs = Structs{interface_name}
                             .methods<GetInfo, GetInterfaceDescription>()
                             .errors<InterfaceNotFound, MethodNotFound, MethodNotImplemented,
                                     InvalidParameter, PermissionDenied, ExpectedMore>();
    assert_same(file_of(interface_name).entries, structs.entries);
}

void an_interface_of_nobody_has_no_description(void** /*state*/) {
    assert_true(interface_description("org.pamsolo").empty());
    assert_true(interface_description("").empty());
}

void the_parser_of_this_test_reads_every_part(void** /*state*/) {
    const auto file = solo::testing::parse_varlink("# c\ninterface a.b\ntype E (x, y) # c\n"
                                                   "type T (\n  e: ?E,\n  l: []int\n)\n"
                                                   "method M(t: T) -> (k: (u, v))\nerror N ()\n");
    assert_int_equal(file.entries.size(), 4);
    assert_string_equal(file.entries.at("type T").c_str(), "(e: ?(x, y), l: []int)");
    assert_string_equal(file.entries.at("method M").c_str(), "(t: (e: ?(x, y), l: []int)) -> (k: (u, v))");
    assert_string_equal(file.entries.at("error N").c_str(), "()");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(the_login_interface_and_its_structs_agree),
        SOLO_TEST(the_sessions_interface_and_its_structs_agree),
        SOLO_TEST(the_service_interface_and_its_structs_agree),
        SOLO_TEST(an_interface_of_nobody_has_no_description),
        SOLO_TEST(the_parser_of_this_test_reads_every_part),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
