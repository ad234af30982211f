// SPDX-License-Identifier: MIT
#include "daemon/statistics.hpp"

namespace solo {

Statistics::Statistics(Events& events)
    : subscription_{events.subscribe([this](const Happening& happening) { count(happening); })} {}

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
}

} // namespace solo
