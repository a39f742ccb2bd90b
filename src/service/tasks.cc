#include "service/tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "coordination/claim.h"
#include "coordination/settings.h"
#include "coordination/task_value.h"
#include "cron/explain.h"
#include "cron/ticks.h"
#include "schedule/plan.h"
#include "service/replace_schedule.h"
#include "task/task_json.h"
#include "task/validate.h"

namespace gophercron::service {
namespace {

using coordination::CommitAndWait;
using coordination::RangeAndWait;

// How often an edit without a demanded revision is tried against others who write the same task.
constexpr int kAttemptsMax = 8;
// Keys below a project that are no task (GopherCron v1's) are skipped, up to so many at a time.
constexpr std::size_t kRangeExtra = 64;

// Null for what is no task of ours: v1's other keys, values that are not JSON.
std::optional<task::Task> ReadTask(const coordination::Keys& keys,
                                   const coordination::KeyValue& item) {
  const auto parsed = keys.Parse(item.key);
  if (!parsed || parsed->family != coordination::Keys::Parsed::Family::kTask) return std::nullopt;
  auto task = coordination::ParseTask(parsed->task, item);
  if (!task) return std::nullopt;
  return *std::move(task);
}

std::optional<TickInstant> NextTick(const task::Task& task, cron::Zone cluster_zone, Instant now) {
  const auto plan = schedule::Plan::Make(task, cluster_zone);
  if (!plan) return std::nullopt;
  return plan->Next(std::chrono::floor<seconds>(now));
}

Error Changed(std::string_view task_id) {
  return {.code = ErrorCode::kConflict,
          .message = fmt::format(
              "task {} was changed by somebody else since it was read; read it again", task_id)};
}

std::string StoredText(const task::Task& task) {
  return json::serialize(task::ToStoredJson(task));
}

}  // namespace

Error NoSuchTask(std::string_view task_id) {
  return {.code = ErrorCode::kNotFound,
          .message = fmt::format("there is no task \"{}\" in this project", task_id)};
}

Result<cron::Zone> Tasks::ClusterZone() const {
  auto read = RangeAndWait(ports_.coordinator,
                           {.begin = ports_.keys.Setting(coordination::kSettingZone), .end = ""});
  if (!read) return std::unexpected(std::move(read).error());
  if (read->items.empty()) return cron::Zone();
  return cron::Zone::Load(read->items.front().value);
}

Result<cron::Zone> Tasks::EnsureClusterZone(std::string_view name) const {
  if (auto zone = cron::Zone::Load(name); !zone) return zone;
  auto in_force = coordination::GetOrPutSetting(ports_.coordinator, ports_.keys,
                                                coordination::kSettingZone, name);
  if (!in_force) return std::unexpected(std::move(in_force).error());
  return cron::Zone::Load(*in_force);
}

Result<task::Task> Tasks::Read(const task::TaskKey& key) const {
  if (key.task_id.empty() || key.task_id.find('/') != std::string::npos) {
    return std::unexpected(NoSuchTask(key.task_id));
  }
  auto read = RangeAndWait(ports_.coordinator, {.begin = ports_.keys.Task(key), .end = ""});
  if (!read) return std::unexpected(std::move(read).error());
  if (read->items.empty()) return std::unexpected(NoSuchTask(key.task_id));
  auto task = ReadTask(ports_.keys, read->items.front());
  if (!task) return std::unexpected(NoSuchTask(key.task_id));
  return *std::move(task);
}

Result<TaskView> Tasks::View(task::Task task) const {
  auto zone = ClusterZone();
  if (!zone) return std::unexpected(std::move(zone).error());
  TaskView view;
  view.next = NextTick(task, *zone, ports_.clock.Now());
  view.task = std::move(task);
  return view;
}

Result<TaskPage> Tasks::List(const Grant& grant, std::string_view after, std::size_t limit,
                             int recent_runs) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  auto zone = ClusterZone();
  if (!zone) return std::unexpected(std::move(zone).error());
  auto [begin, end] = ports_.keys.TasksOf(grant.project());
  if (!after.empty()) {
    begin = ports_.keys.Task({grant.project(), std::string(after)}) + '\0';
  }
  const Instant now = ports_.clock.Now();
  TaskPage page;
  bool more = true;
  while (more && page.items.size() <= limit) {
    auto read = RangeAndWait(ports_.coordinator,
                             {.begin = begin, .end = end, .limit = limit + kRangeExtra});
    if (!read) return std::unexpected(std::move(read).error());
    more = read->more && !read->items.empty();
    if (more) begin = read->items.back().key + '\0';
    for (const coordination::KeyValue& item : read->items) {
      auto task = ReadTask(ports_.keys, item);
      if (!task || page.items.size() > limit) continue;
      TaskView view;
      view.next = NextTick(*task, *zone, now);
      view.task = *std::move(task);
      page.items.push_back(std::move(view));
    }
  }
  // One more than asked for was looked for: whether there is another page.
  if (page.items.size() > limit) {
    page.items.pop_back();
    page.next = page.items.back().task.key.task_id;
  }
  if (recent_runs > 0) {
    // Of this page's tasks only: a project may have very many more.
    for (TaskView& view : page.items) {
      auto recent = ports_.store.ListRuns({.projects = {},
                                           .task = view.task.key,
                                           .outcome = {},
                                           .before = {},
                                           .limit = recent_runs});
      if (!recent) return std::unexpected(std::move(recent).error());
      view.recent = *std::move(recent);
    }
  }
  return page;
}

Result<std::vector<task::Task>> Tasks::Definitions(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  const auto [begin, end] = ports_.keys.TasksOf(grant.project());
  auto read = RangeAndWait(ports_.coordinator, {.begin = begin, .end = end});
  if (!read) return std::unexpected(std::move(read).error());
  std::vector<task::Task> tasks;
  for (const coordination::KeyValue& item : read->items) {
    if (auto task = ReadTask(ports_.keys, item)) tasks.push_back(*std::move(task));
  }
  return tasks;
}

Result<std::vector<Tasks::Version>> Tasks::Versions(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  const auto [begin, end] = ports_.keys.TasksOf(grant.project());
  auto read = RangeAndWait(ports_.coordinator, {.begin = begin, .end = end, .keys_only = true});
  if (!read) return std::unexpected(std::move(read).error());
  std::vector<Version> versions;
  versions.reserve(read->items.size());
  for (coordination::KeyValue& item : read->items) {
    // Below the project stands the id; v1's other keys have more of a path and come along.
    versions.push_back({.task_id = item.key.substr(begin.size()), .revision = item.mod_revision});
  }
  return versions;
}

Result<std::vector<std::int64_t>> Tasks::Count(std::span<const task::ProjectId> projects) const {
  std::vector<std::int64_t> counts;
  for (const task::ProjectId project : projects) {
    const auto [begin, end] = ports_.keys.TasksOf(project);
    auto read = RangeAndWait(ports_.coordinator, {.begin = begin, .end = end, .keys_only = true});
    if (!read) return std::unexpected(std::move(read).error());
    counts.push_back(std::ranges::count_if(read->items, [&](const coordination::KeyValue& item) {
      const auto key = ports_.keys.Parse(item.key);
      return key && key->family == coordination::Keys::Parsed::Family::kTask;
    }));
  }
  return counts;
}

Result<TaskView> Tasks::Show(const Grant& grant, std::string_view task_id) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  auto task = Read({grant.project(), std::string(task_id)});
  if (!task) return std::unexpected(std::move(task).error());
  return View(*std::move(task));
}

Result<TaskView> Tasks::Create(const Grant& grant, task::Task task) const {
  if (const Status may = grant.Require(Right::kEdit); !may) return std::unexpected(may.error());
  const Instant now = ports_.clock.Now();
  task.key.project_id = grant.project();
  if (task.key.task_id.empty()) task.key.task_id = NewNumericId(now, ports_.random);
  task.created_by = task.updated_by = grant.caller().account;
  task.created_at = task.updated_at = std::chrono::floor<seconds>(now);
  task.scheduled_since = now;
  if (const Status fit = task::Validate(task, now); !fit) return std::unexpected(fit.error());

  const std::string key = ports_.keys.Task(task.key);
  // With its first mark: so its ticks count from now on, whenever an agent sees it. The mark of a
  // deleted task of the same id stays: its ticks must not run twice.
  const coordination::Mark mark{.at = std::chrono::floor<seconds>(now),
                                .node_id = std::string(kServiceNode),
                                .run_id = {},
                                .claim_id = {}};
  auto put = CommitAndWait(
      ports_.coordinator,
      {.when = {coordination::Absent(key)},
       .then = {coordination::Put(key, StoredText(task)),
                coordination::Nested(coordination::BuildFirstMark(ports_.keys, task.key, mark))},
       .otherwise = {}});
  if (!put) return std::unexpected(std::move(put).error());
  if (!put->succeeded) {
    return Fail(ErrorCode::kConflict,
                fmt::format("there is a task \"{}\" in this project already", task.key.task_id));
  }
  task.revision = put->revision;
  return View(std::move(task));
}

Result<TaskView> Tasks::Edit(const Grant& grant, std::string_view task_id,
                             std::optional<task::Revision> revision, const Change& change) const {
  if (const Status may = grant.Require(Right::kEdit); !may) return std::unexpected(may.error());
  const task::TaskKey key{grant.project(), std::string(task_id)};
  const auto zone = ClusterZone();
  if (!zone) return std::unexpected(zone.error());
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto before = Read(key);
    if (!before) return std::unexpected(std::move(before).error());
    if (revision && before->revision != *revision) return std::unexpected(Changed(task_id));

    const Instant now = ports_.clock.Now();
    task::Task after = *before;
    if (const Status made = change(after); !made) return std::unexpected(made.error());
    after.key = key;
    if (StoredText(after) == StoredText(*before)) return View(*std::move(before));
    if (!SameSchedule(*before, after)) after.scheduled_since = now;
    after.updated_by = grant.caller().account;
    after.updated_at = std::chrono::floor<seconds>(now);
    if (const Status fit = task::Validate(after, now); !fit) return std::unexpected(fit.error());

    const std::string stored_at = ports_.keys.Task(key);
    coordination::Txn txn{.when = {coordination::ModRevisionIs(stored_at, before->revision)},
                          .then = {coordination::Put(stored_at, StoredText(after))},
                          .otherwise = {}};
    auto put = SameSchedule(*before, after)
                   ? CommitAndWait(ports_.coordinator, std::move(txn))
                   : ReplaceSchedule(ports_, *zone, *before, after.enabled, now, std::move(txn));
    if (!put) return std::unexpected(std::move(put).error());
    if (put->succeeded) {
      after.revision = put->revision;
      return View(std::move(after));
    }
  }
  return std::unexpected(Changed(task_id));
}

Result<TaskView> Tasks::SetEnabled(const Grant& grant, std::string_view task_id,
                                   bool enabled) const {
  if (const Status may = grant.Require(Right::kOperate); !may) return std::unexpected(may.error());
  const task::TaskKey key{grant.project(), std::string(task_id)};
  const auto zone = ClusterZone();
  if (!zone) return std::unexpected(zone.error());
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto task = Read(key);
    if (!task) return std::unexpected(std::move(task).error());
    if (task->enabled == enabled) return View(*std::move(task));
    const Instant now = ports_.clock.Now();
    const task::Task before = *task;
    task->enabled = enabled;
    task->scheduled_since = now;
    task->updated_by = grant.caller().account;
    task->updated_at = std::chrono::floor<seconds>(now);
    // Stored data is not held to today's rules: v1's task may be paused whatever it says.
    if (enabled) {
      if (const Status fit = task::Validate(*task, now); !fit) return std::unexpected(fit.error());
    }
    const std::string stored_at = ports_.keys.Task(key);
    auto put = ReplaceSchedule(ports_, *zone, before, enabled, now,
                               {.when = {coordination::ModRevisionIs(stored_at, task->revision)},
                                .then = {coordination::Put(stored_at, StoredText(*task))},
                                .otherwise = {}});
    if (!put) return std::unexpected(std::move(put).error());
    if (put->succeeded) {
      task->revision = put->revision;
      return View(*std::move(task));
    }
  }
  return std::unexpected(Changed(task_id));
}

Status Tasks::Delete(const Grant& grant, std::string_view task_id,
                     std::optional<task::Revision> revision) const {
  if (const Status may = grant.Require(Right::kEdit); !may) return may;
  const task::TaskKey key{grant.project(), std::string(task_id)};
  const auto zone = ClusterZone();
  if (!zone) return std::unexpected(zone.error());
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto task = Read(key);
    if (!task) return std::unexpected(std::move(task).error());
    if (revision && task->revision != *revision) return std::unexpected(Changed(task_id));
    const Instant now = ports_.clock.Now();
    auto gone =
        ReplaceSchedule(ports_, *zone, *task, false, now,
                        coordination::BuildDeleteTask(ports_.keys, key, task->revision, now));
    if (!gone) return std::unexpected(std::move(gone).error());
    if (gone->succeeded) return {};
  }
  return std::unexpected(Changed(task_id));
}

Result<Preview> Tasks::PreviewSchedule(const task::Task& asked, std::optional<Instant> from,
                                       std::size_t count) const {
  auto zone = asked.zone.empty() ? ClusterZone() : cron::Zone::Load(asked.zone);
  if (!zone) {
    Error error = std::move(zone).error();
    if (error.fields.empty()) error.fields = {{.field = "zone", .message = error.message}};
    return std::unexpected(std::move(error));
  }
  auto expression = cron::Parse(asked.cron, asked.key.task_id);
  if (!expression) return std::unexpected(std::move(expression).error());
  task::Task task = asked;
  task.enabled = true;
  // A preview may look back, before any schedule of ours.
  task.scheduled_since = Instant();
  auto plan = schedule::Plan::Make(task, *zone);
  if (!plan) return std::unexpected(std::move(plan).error());

  Preview preview;
  preview.zone = zone->name();
  preview.english = cron::Explain(*expression, cron::Language::kEnglish);
  preview.chinese = cron::Explain(*expression, cron::Language::kChinese);
  auto at = plan->Next(std::chrono::floor<seconds>(from.value_or(ports_.clock.Now())));
  while (at && preview.next.size() < count) {
    preview.next.push_back(*at);
    at = plan->Next(*at);
  }
  return preview;
}

}  // namespace gophercron::service
