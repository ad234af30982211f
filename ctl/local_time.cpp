// SPDX-License-Identifier: MIT
#include "ctl/local_time.hpp"

#include <chrono>
#include <ctime>

namespace solo::ctl {

namespace {

struct DayAndTime {
    std::string day;
    std::string time;
};

DayAndTime split(std::chrono::sys_time<std::chrono::microseconds> when) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
    const std::time_t since_epoch = seconds.time_since_epoch().count();
    std::tm parts{};
    if (::localtime_r(&since_epoch, &parts) == nullptr)
        return {"?", "?"};
    char day[64];
    char time[16];
    (void)std::strftime(day, sizeof day, "%Y-%m-%d", &parts);
    (void)std::strftime(time, sizeof time, "%H:%M:%S", &parts);
    return {day, time};
}

DayAndTime split(std::int64_t microseconds) {
    return split(std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{microseconds}});
}

} // namespace

std::string local_time(std::int64_t microseconds) {
    const auto [day, time] = split(microseconds);
    return day + " " + time;
}

std::string short_local_time(std::int64_t microseconds) {
    const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    const auto [day, time] = split(microseconds);
    return day == split(now).day ? time : day + " " + time;
}

} // namespace solo::ctl
