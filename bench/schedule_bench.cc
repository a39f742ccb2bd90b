// USES: schedule
// The due queue with a million tasks, and the decision after a year of outage.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "schedule/due_queue.h"
#include "schedule/plan.h"
#include "schedule/policy.h"

namespace gophercron::schedule {
namespace {

constexpr Instant kStart{seconds(1'700'000'000)};

// Fires the earliest entry and puts it back a period later: periods from a second to 30 days.
void FireAndRequeue(benchmark::State& state) {
  static constexpr std::int64_t kPeriods[] = {1, 10, 60, 300, 3600, 86'400, 2'592'000};
  const auto tasks = static_cast<DueQueue::Id>(state.range(0));
  std::mt19937_64 random(1);
  DueQueue queue;
  std::vector<seconds> periods;
  for (DueQueue::Id id = 0; id < tasks; ++id) {
    periods.emplace_back(kPeriods[random() % 7]);
    queue.Set(id, kStart + seconds(random() % static_cast<std::uint64_t>(periods[id].count())));
  }
  for (auto _ : state) {
    const DueQueue::Id id = queue.EarliestId();
    queue.Set(id, queue.EarliestAt() + periods[id]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(FireAndRequeue)->Arg(1000)->Arg(1'000'000);

// 1,000 tasks, some of them every second, after a year without an agent: what to run and what to
// write down. The promise is under a second.
void YearOfOutage(benchmark::State& state) {
  static constexpr const char* kCrons[] = {"* * * * * * *", "*/5 * * * * * *", "* * * * *",
                                           "7 * * * *", "30 3 * * 1-5"};
  std::vector<task::Task> tasks(1000);
  std::vector<Plan> plans;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].cron = kCrons[i % 5];
    tasks[i].zone = i % 2 == 0 ? "UTC" : "Europe/Berlin";
    tasks[i].catch_up.mode = static_cast<task::CatchUpMode>(i % 3);
    plans.push_back(*Plan::Make(tasks[i], {}));
  }
  const auto mark = std::chrono::floor<seconds>(kStart);
  const Instant now = kStart + std::chrono::days(365);
  for (auto _ : state) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const DueNow due = FindDue(plans[i], tasks[i], mark, now, milliseconds(50), {});
      benchmark::DoNotOptimize(JumpedTicks(plans[i], tasks[i], mark, due.tick, now, {}, {}));
    }
  }
}
BENCHMARK(YearOfOutage)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gophercron::schedule

BENCHMARK_MAIN();
