// SPDX-License-Identifier: MIT
#include "daemon/statistics.hpp"

namespace solo {

Statistics::Statistics(Events& events)
    : subscription_{events.subscribe([this](const Happening& happening) { count(happening); })} {}

void Statistics::count_answer(const CountedAnswer& answer) {
    latencies_.at(static_cast<std::size_t>(answer.kind)).add(answer.took);
    if (answer.outcome)
        ++outcomes_of(answer.service).at(static_cast<std::size_t>(*answer.outcome));
}

Statistics::Outcomes& Statistics::outcomes_of(std::string_view service) {
    const auto known = services_.find(service);
    if (known != services_.end())
        return known->second;
    const bool has_room = services_.size() < most_services;
    return services_[std::string{has_room ? service : other_service}];
}

void Statistics::count(const Happening& happening) {
    using enum protocol::EventKind;
    if (happening.kind == opened)
        ++opened_;
    else if (happening.kind == refused)
        ++refused_;
    else if (happening.kind == superseding)
        ++superseded_;
    else if (happening.kind == ended)
        ++ended_;
    if (happening.kind == ended && happening.session != nullptr && happening.session->reason)
        ++reasons_.at(static_cast<std::size_t>(*happening.session->reason));
}

} // namespace solo
