// SPDX-License-Identifier: MIT
// How sessions, and what is kept of accounts, stand in rows of the database.
#pragma once

#include "daemon/core/session.hpp"
#include "protocol/fields.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

namespace solo {

/// A database that cannot be used and will not get better: not one of ours, or damaged.
class Unusable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Binds the parameters of a statement one after the other. Texts are not copied: what is bound must outlive
/// the statement's run, and nothing looks at it after that.
class Binder {
public:
    explicit Binder(SQLite::Statement& statement) : statement_{statement} {
        (void)statement.tryReset(); // it says again what went wrong the last time
    }

    template<class T>
        requires std::is_integral_v<T>
    Binder& add(T number) {
        statement_.bind(++last_, static_cast<std::int64_t>(number));
        return *this;
    }

    template<protocol::WireEnum T>
    Binder& add(T value) {
        statement_.bindNoCopy(++last_, protocol::name_of(value).data()); // a literal
        return *this;
    }

    Binder& add(const std::string& text) {
        statement_.bindNoCopy(++last_, text);
        return *this;
    }
    Binder& add(std::string&&) = delete;

    Binder& add(const SessionId& id) {
        statement_.bind(++last_, id.bytes.data(), static_cast<int>(id.bytes.size()));
        return *this;
    }

    /// NULL where there is none.
    template<class T>
    Binder& add(const std::optional<T>& value) {
        if (value)
            return add(*value);
        statement_.bind(++last_);
        return *this;
    }

private:
    SQLite::Statement& statement_;
    int last_ = 0;
};

/// Reads the columns of a row one after the other. Throws Unusable where one is nothing that Solo has
/// written.
class Row {
public:
    explicit Row(SQLite::Statement& row) : row_{row} {}

    template<class T>
    T get() {
        return value_of(row_.getColumn(next_++), static_cast<T*>(nullptr));
    }

private:
    template<class T>
        requires std::is_integral_v<T>
    static T value_of(const SQLite::Column& column, T* /*type*/) {
        return static_cast<T>(column.getInt64());
    }

    template<protocol::WireEnum T>
    static T value_of(const SQLite::Column& column, T* /*type*/) {
        const auto value = protocol::value_of<T>(column.getString());
        if (!value)
            throw Unusable{fmt::format("a session's {} is \"{}\"", column.getName(), column.getString())};
        return *value;
    }

    static std::string value_of(const SQLite::Column& column, std::string* /*type*/) {
        return column.getString();
    }

    static SessionId value_of(const SQLite::Column& column, SessionId* /*type*/) {
        SessionId id;
        if (column.size() != static_cast<int>(id.bytes.size()))
            throw Unusable{"a session's id has a wrong length"};
        std::memcpy(id.bytes.data(), column.getBlob(), id.bytes.size());
        return id;
    }

    template<class T>
    static std::optional<T> value_of(const SQLite::Column& column, std::optional<T>* /*type*/) {
        return column.isNull() ? std::nullopt : std::optional{value_of(column, static_cast<T*>(nullptr))};
    }

    SQLite::Statement& row_;
    int next_ = 0;
};

/// To be run by write_session(): a new row, or what can change of one that is there.
std::string insert_session_sql();
void write_session(SQLite::Statement& insert, std::int64_t boot, const Session& session);

/// Every session for which the condition holds; it may have parameters, and ORDER BY and LIMIT follow it.
std::string select_sessions_sql(const std::string& condition);
std::vector<Session> read_sessions(SQLite::Statement& query);

/// To be run by write_note().
std::string insert_note_sql();
void write_note(SQLite::Statement& insert, const AccountNote& note);

std::string select_notes_sql();
std::vector<AccountNote> read_notes(SQLite::Statement& query);

} // namespace solo
