// SPDX-License-Identifier: MIT
#include "daemon/record_queue.hpp"

#include "daemon/log.hpp"
#include "daemon/store_aside.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace solo {

namespace {

/// Between two attempts to write while the disk fails, and between two checkpoints.
constexpr std::chrono::seconds interval{1};

/// So many records are tried again with each login while the disk fails.
constexpr std::size_t many = 64;

/// How long a record waits that can. A login program that fails at once is over before, and written once.
constexpr std::chrono::milliseconds moment{100};

/// In pages, 16 MB: much more than what the store keeps. From here on the event loop takes the last step of a
/// checkpoint itself, and logins wait for that.
constexpr int longest_log = 4096;

} // namespace

RecordQueue::RecordQueue(asio::any_io_executor executor, Store& store, Degraded degraded)
    : store_{store}, degraded_{std::move(degraded)}, next_write_{executor}, checkpoint_{executor},
      checkpoints_{executor} {}

void RecordQueue::add(const Session& session) {
    // A session keeps its first place: the end of a holder stays before the grant of its successor.
    const auto [place, is_new] = places_.try_emplace(session.id, queue_.size());
    if (is_new)
        queue_.push_back(session);
    else
        queue_[place->second] = session;
}

void RecordQueue::add(const AccountNote& note) {
    const auto known = std::ranges::find(notes_, note.account, &AccountNote::account);
    if (known != notes_.end())
        *known = note;
    else
        notes_.push_back(note);
}

bool RecordQueue::has_lost_records() {
    if (!store_.close_if_lost())
        return false;
    log(Priority::alert, "the database was removed or replaced; what lives is written again");
    return true;
}

void RecordQueue::write() {
    refused_.clear();
    if (queue_.empty() && notes_.empty())
        return;
    auto saved = store_.save(queue_, notes_);
    if (!saved && saved.error().is_conflict)
        saved = write_one_by_one();
    if (!saved) {
        set_problem(saved.error().text);
        schedule_write(interval);
        return;
    }
    queue_ = {};
    places_ = {}; // clear() would keep its buckets, and go over all of them each time
    notes_.clear();
    set_problem({});
    schedule_checkpoint();
}

void RecordQueue::write_now_or_in_turn() {
    if (waiting() <= many)
        write();
    else
        refused_.clear();
}

/// The database refuses one of the records. It is the last word on its slots: that one is not granted, the
/// others are written. Where the disk fails meanwhile, what is left stays in the queue.
tl::expected<void, SaveError> RecordQueue::write_one_by_one() {
    const std::vector<Session> queue = std::exchange(queue_, {});
    places_.clear();
    for (auto session = queue.begin(); session != queue.end(); ++session) {
        auto saved = store_.save(std::span{&*session, 1});
        if (saved)
            continue;
        if (!saved.error().is_conflict) {
            std::for_each(session, queue.end(), [this](const Session& left) { add(left); });
            return saved;
        }
        refused_.insert(session->id);
        log(Priority::alert, "session {}: the database refuses its record: {}", session->id.text(),
            saved.error().text);
    }
    return store_.save({}, notes_);
}

void RecordQueue::set_problem(std::string problem) {
    const bool is_news = problem.empty() != problem_.empty();
    problem_ = std::move(problem);
    if (is_news)
        degraded_(problem_);
}

tl::expected<std::optional<Session>, std::string> RecordQueue::find(const SessionId& id) {
    if (const auto place = places_.find(id); place != places_.end())
        return queue_[place->second];
    return store_.find(id);
}

void RecordQueue::write_soon() {
    if (!queue_.empty() && !is_write_due_)
        schedule_write(moment);
}

void RecordQueue::schedule_write(std::chrono::milliseconds pause) {
    is_write_due_ = true;
    next_write_.expires_after(pause);
    next_write_.async_wait([this](std::error_code error) {
        if (error) // it is due at another time, or this is no more
            return;
        is_write_due_ = false;
        write();
    });
}

void RecordQueue::schedule_checkpoint() {
    if (std::exchange(is_checkpoint_due_, true))
        return;
    checkpoint_.expires_after(interval);
    checkpoint_.async_wait([this](std::error_code error) {
        if (error) // this may be no more
            return;
        is_checkpoint_due_ = false;
        if (is_checkpoint_running_) { // the disk is slow
            schedule_checkpoint();
            return;
        }
        is_checkpoint_running_ = true;
        if (const auto kept = store_.keep_log(); !kept)
            log(Priority::warning, "checkpoint: {}", kept.error());
        checkpoints_.run([path = store_.path()] { return checkpoint(path); },
                         [this](const auto& pages) { checkpoint_done(pages); });
    });
}

/// Where something is written all the time, the log never begins anew by itself.
void RecordQueue::checkpoint_done(const tl::expected<int, std::string>& pages) {
    is_checkpoint_running_ = false;
    if (!pages)
        log(Priority::warning, "checkpoint: {}", pages.error());
    if (pages.value_or(0) < longest_log)
        return;
    if (const auto done = store_.checkpoint(); !done)
        log(Priority::warning, "checkpoint: {}", done.error());
}

} // namespace solo
