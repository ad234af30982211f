// SPDX-License-Identifier: MIT
#include "daemon/core/lease_budget.hpp"
#include "tests/unit/expect.hpp"

using namespace solo;
using namespace solo::testing;

namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t start = 1000 * second;

/// How many a user gets who asks again and again.
int spent(LeaseBudget& budget, std::uint32_t uid, std::int64_t now) {
    int count = 0;
    while (count < 10'000 && budget.spend(uid, now))
        ++count;
    return count;
}

void so_many_may_be_spent_at_once_and_one_more_each_second(void** /*state*/) {
    LeaseBudget budget;
    expect_equal(spent(budget, 1, start), LeaseBudget::most);
    expect_equal(spent(budget, 1, start + second - 1), 0);
    expect_equal(spent(budget, 1, start + second), 1);
    expect_equal(spent(budget, 1, start + 11 * second), 10);
    expect_equal(spent(budget, 1, start + 10'000 * second), LeaseBudget::most);
}

void each_user_has_their_own(void** /*state*/) {
    LeaseBudget budget;
    expect_equal(spent(budget, 1, start), LeaseBudget::most);
    expect_equal(spent(budget, 2, start), LeaseBudget::most);
}

void who_may_spend_all_is_not_remembered(void** /*state*/) {
    LeaseBudget budget;
    for (std::uint32_t uid = 0; uid < 100'000; ++uid)
        expect(budget.spend(uid, start + uid * second), "one");
    expect(budget.users() < 200, std::to_string(budget.users()));
    expect_equal(spent(budget, 7, start + 100'000 * second), LeaseBudget::most);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(so_many_may_be_spent_at_once_and_one_more_each_second),
        SOLO_TEST(each_user_has_their_own),
        SOLO_TEST(who_may_spend_all_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
