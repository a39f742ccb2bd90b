#include "service/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace gophercron::service {
namespace {

// Of projects times days; beyond it what is out of date goes first, then everything.
constexpr std::size_t kCountedMax = 50'000;
constexpr std::size_t kTasksPerRead = 500;

std::string GapText(std::int64_t bytes) {
  return fmt::format("\n[{} bytes are not shown]\n", bytes);
}

std::string DateText(std::chrono::local_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// The begin of the output and, where the middle is not kept and there is room, its end.
Result<std::string> OutputOf(storage::Store& store, const task::RunRecord& run,
                             std::int64_t limit) {
  if (run.output_bytes == 0) return std::string();
  if (limit <= 0) return GapText(run.output_bytes);
  auto head = store.ReadOutput(run.run_id, 0, limit);
  if (!head) {
    // It went by retention.
    if (head.error().code == ErrorCode::kNotFound) return std::string();
    return std::unexpected(std::move(head).error());
  }
  std::string text = std::move(head->bytes);
  // A piece over the gap comes as both of its sides joined.
  std::int64_t end = static_cast<std::int64_t>(text.size());
  if (head->dropped_to > head->dropped_from && head->dropped_from < limit) {
    text.resize(std::min(text.size(), static_cast<std::size_t>(head->dropped_from)));
    text += GapText(head->dropped_to - head->dropped_from);
    const std::int64_t room = limit - head->dropped_from;
    auto tail = store.ReadOutput(run.run_id, head->dropped_to, room);
    if (!tail) return std::unexpected(std::move(tail).error());
    text += tail->bytes;
    end = head->dropped_to + static_cast<std::int64_t>(tail->bytes.size());
  }
  if (end < head->total) text += GapText(head->total - end);
  return text;
}

}  // namespace

RunLog::RunLog(const Ports& ports, const Access& access, const Tasks& tasks)
    : ports_(ports),
      access_(access),
      tasks_(tasks),
      counted_(std::make_shared<Guarded<CountedDays>>()) {}

Result<RunLogPage> RunLog::Page(const Grant& grant, std::string_view task_id, int offset,
                                int limit) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  const task::TaskKey key{grant.project(), std::string(task_id)};
  auto runs = ports_.store.CountRuns(key);
  if (!runs) return std::unexpected(std::move(runs).error());
  auto old = ports_.store.CountV1Logs(key);
  if (!old) return std::unexpected(std::move(old).error());
  RunLogPage page;
  page.total = *runs + *old;
  offset = std::max(offset, 0);
  limit = std::clamp(limit, 0, kPageRunsMax);
  storage::RunQuery query;
  query.task = key;
  query.offset = offset;
  query.limit = limit;
  auto ended = ports_.store.ListRuns(query);
  if (!ended) return std::unexpected(std::move(ended).error());
  std::int64_t room = kPageOutputBytesMax;
  for (task::RunRecord& run : *ended) {
    auto output = OutputOf(ports_.store, run, std::min(kOutputBytesMax, room));
    if (!output) return std::unexpected(std::move(output).error());
    room -= static_cast<std::int64_t>(output->size());
    page.items.emplace_back(LoggedRun{.record = std::move(run), .output = *std::move(output)});
  }
  const int left = limit - static_cast<int>(page.items.size());
  if (left <= 0 || *old == 0) return page;
  const auto behind = std::max<std::int64_t>(0, offset - *runs);
  if (behind >= *old) return page;
  auto logs = ports_.store.ListV1Logs(key, std::numeric_limits<std::int64_t>::max(), left,
                                      static_cast<int>(behind));
  if (!logs) return std::unexpected(std::move(logs).error());
  for (storage::V1Log& log : *logs) page.items.emplace_back(std::move(log));
  return page;
}

Status RunLog::Clean(const Grant& grant, std::string_view task_id) const {
  if (const Status may = grant.Require(Right::kEdit); !may) return may;
  return ports_.store.DeleteTaskHistory({grant.project(), std::string(task_id)});
}

Status RunLog::CleanProject(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kEdit); !may) return may;
  std::set<std::string> tasks;
  std::string after;
  do {
    auto page = tasks_.List(grant, after, kTasksPerRead, 0);
    if (!page) return std::unexpected(std::move(page).error());
    for (const TaskView& view : page->items) tasks.insert(view.task.key.task_id);
    after = page->next;
  } while (!after.empty());
  // Those that are deleted left their runs.
  auto ran = ports_.store.RecentRuns(grant.project(), 1);
  if (!ran) return std::unexpected(std::move(ran).error());
  for (const task::RunRecord& run : *ran) tasks.insert(run.task.task_id);
  for (const std::string& task : tasks) {
    if (const Status gone = Clean(grant, task); !gone) return gone;
  }
  return {};
}

Result<RunLog::Counted> RunLog::CountDay(task::ProjectId project, Instant from, Instant to) const {
  const BootTime now = ports_.clock.Boot();
  const std::pair key(project, from);
  std::optional<Counted> known;
  counted_->With([&](CountedDays& days) {
    const auto found = days.find(key);
    if (found != days.end() && found->second.until > now) known = found->second;
  });
  if (known) return *known;
  auto counts = ports_.store.CountRunsClaimed(project, from, to);
  if (!counts) return std::unexpected(std::move(counts).error());
  Counted counted;
  counted.until = now + (ports_.clock.Now() < to ? kTodayKept : kPastKept);
  for (const storage::RunCount& count : *counts) {
    (count.outcome == task::Outcome::kSucceeded ? counted.succeeded : counted.failed) += count.runs;
  }
  counted_->With([&](CountedDays& days) {
    if (days.size() >= kCountedMax) {
      std::erase_if(days, [&](const auto& day) { return day.second.until <= now; });
      if (days.size() >= kCountedMax) days.clear();
    }
    days[key] = counted;
  });
  return counted;
}

Result<std::vector<DayCount>> RunLog::Days(const Caller& caller, int days) const {
  auto zone = tasks_.ClusterZone();
  if (!zone) return std::unexpected(std::move(zone).error());
  auto visible = access_.Visible(caller);
  if (!visible) return std::unexpected(std::move(visible).error());
  std::vector<task::ProjectId> projects;
  if (*visible) {
    projects = **std::move(visible);
  } else {
    auto all = ports_.store.ListProjects();
    if (!all) return std::unexpected(std::move(all).error());
    for (const storage::Project& project : *all) projects.push_back(project.id);
  }
  const auto now = std::chrono::floor<seconds>(ports_.clock.Now());
  const auto today = std::chrono::floor<std::chrono::days>(zone->ToWall(now));
  std::vector<DayCount> counts;
  for (int back = days - 1; back >= 0; --back) {
    const std::chrono::local_days day = today - std::chrono::days(back);
    DayCount count{.date = DateText(day)};
    const Instant from = zone->FromWall(day);
    const Instant to = zone->FromWall(day + std::chrono::days(1));
    for (const task::ProjectId project : projects) {
      const auto counted = CountDay(project, from, to);
      if (!counted) return std::unexpected(counted.error());
      count.succeeded += counted->succeeded;
      count.failed += counted->failed;
    }
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace gophercron::service
