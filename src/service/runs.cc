#include "service/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "service/password.h"
#include "service/tasks.h"

namespace gophercron::service {
namespace {

using coordination::CommitAndWait;
using coordination::RangeAndWait;

constexpr int kAttemptsMax = 8;
constexpr std::size_t kIdempotencyKeyBytesMax = 255;
constexpr std::size_t kKillsMax = 1'000;
constexpr int kWaitingForEndMax = 2;

// Ids sort by the time they were made; none is older than the epoch.
std::string FirstRunIdAt(Instant at) {
  return FirstIdAt(std::max(at, Instant{}));
}

Error NoSuchRun() {
  return {.code = ErrorCode::kNotFound,
          .message = "there is no such run, or it is not one of your projects'"};
}

bool IsRunId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

RunView EndedView(task::RunRecord record) {
  return {.record = std::move(record),
          .state = RunState::kEnded,
          .kill_requested = false,
          .kill_by = ""};
}

}  // namespace

std::string_view Name(RunState state) {
  switch (state) {
    case RunState::kWaiting:
      return "waiting";
    case RunState::kRunning:
      return "running";
    case RunState::kEnded:
      return "ended";
  }
  return "ended";
}

Result<std::vector<Runs::LiveKey>> Runs::ReadLive() const {
  std::vector<LiveKey> live;
  // Triggers first: one that is taken meanwhile is then seen as a run, not overlooked.
  for (const auto& [begin, end] : {ports_.keys.AllTriggers(), ports_.keys.AllRuns()}) {
    auto read = RangeAndWait(ports_.coordinator, {.begin = begin, .end = end});
    if (!read) return std::unexpected(std::move(read).error());
    for (coordination::KeyValue& item : read->items) {
      const auto key = ports_.keys.Parse(item.key);
      if (!key) continue;
      LiveKey found;
      if (key->family == coordination::Keys::Parsed::Family::kTrigger) {
        auto trigger = coordination::ParseTrigger(item.value);
        if (!trigger) continue;
        found.view.state = RunState::kWaiting;
        found.view.record.run_id = key->rest;
        found.view.record.task = key->task;
        found.view.record.cause = task::Cause::kManual;
        found.view.record.claimed_at = trigger->requested_at;
        found.view.record.requested_by = trigger->requested_by;
      } else {
        auto run = coordination::ParseLiveRun(item.value);
        if (!run) continue;
        // One that is not to be run after all stands here as it ended, on its way to the ledger.
        found.view.state = run->record.ended_at ? RunState::kEnded : RunState::kRunning;
        found.view.record = std::move(run->record);
        found.view.kill_requested = run->kill_requested;
        found.view.kill_by = std::move(run->kill_by);
      }
      found.item = std::move(item);
      live.push_back(std::move(found));
    }
  }
  return live;
}

Result<Runs::LiveKey> Runs::FindLive(std::string_view run_id) const {
  auto live = ReadLive();
  if (!live) return std::unexpected(std::move(live).error());
  // The last one: a trigger that became a run while we read is in the list as both.
  for (auto found = live->rbegin(); found != live->rend(); ++found) {
    if (found->view.record.run_id == run_id) return std::move(*found);
  }
  return std::unexpected(NoSuchRun());
}

Result<RunView> Runs::Find(std::string_view run_id) const {
  if (!IsRunId(run_id)) return std::unexpected(NoSuchRun());
  // In the order in which a run moves from one place to the next, so that none falls between.
  if (auto live = FindLive(run_id)) {
    if (auto ended = events_.RecentlyEnded(run_id)) return EndedView(std::move(ended->record));
    return std::move(live->view);
  } else if (live.error().code != ErrorCode::kNotFound) {
    return std::unexpected(std::move(live).error());
  }
  if (auto ended = events_.RecentlyEnded(run_id)) return EndedView(std::move(ended->record));
  auto stored = ports_.store.RunById(run_id);
  if (stored) return EndedView(*std::move(stored));
  if (stored.error().code == ErrorCode::kNotFound) return std::unexpected(NoSuchRun());
  return std::unexpected(std::move(stored).error());
}

Result<Grant> Runs::EnterFor(const Caller& caller, const RunView& run) const {
  auto grant = access_.Enter(caller, run.record.task.project_id);
  if (!grant && grant.error().code == ErrorCode::kNotFound) return std::unexpected(NoSuchRun());
  return grant;
}

Result<RunView> Runs::Show(const Caller& caller, std::string_view run_id) const {
  auto run = Find(run_id);
  if (!run) return run;
  const auto grant = EnterFor(caller, *run);
  if (!grant) return std::unexpected(grant.error());
  if (const Status may = grant->Require(Right::kView); !may) return std::unexpected(may.error());
  return run;
}

Result<RunPage> Runs::List(const Caller& caller, const RunFilter& filter) const {
  storage::RunQuery query;
  if (filter.project) {
    const auto grant = access_.Enter(caller, *filter.project);
    if (!grant) return std::unexpected(grant.error());
    if (const Status may = grant->Require(Right::kView); !may) return std::unexpected(may.error());
    query.projects = std::vector{*filter.project};
    if (!filter.task_id.empty()) query.task = task::TaskKey{*filter.project, filter.task_id};
  } else {
    auto visible = access_.Visible(caller);
    if (!visible) return std::unexpected(std::move(visible).error());
    query.projects = *std::move(visible);
  }
  if (query.task && (filter.from || filter.to)) {
    return Fail(ErrorCode::kInvalidArgument,
                "from and to do not go together with task; the ledger of the task takes them");
  }
  query.outcome = filter.outcome;
  query.before = filter.before;
  if (filter.to) {
    std::string end = FirstRunIdAt(*filter.to);
    if (query.before.empty() || end < query.before) query.before = std::move(end);
  }
  const std::string oldest = filter.from ? FirstRunIdAt(*filter.from) : "";
  query.limit = static_cast<int>(filter.limit) + 1;

  const auto wanted = [&](const RunView& view) {
    const task::RunRecord& run = view.record;
    if (query.task && run.task != *query.task) return false;
    if (query.projects &&
        std::ranges::find(*query.projects, run.task.project_id) == query.projects->end()) {
      return false;
    }
    if (filter.outcome && (view.state != RunState::kEnded || run.outcome != *filter.outcome)) {
      return false;
    }
    return run.run_id >= oldest && (query.before.empty() || run.run_id < query.before);
  };

  RunPage page;
  auto live = ReadLive();
  if (!live) return std::unexpected(std::move(live).error());
  std::set<std::string> ended;
  if (!filter.live_only && !(query.projects && query.projects->empty())) {
    auto stored = ports_.store.ListRuns(query);
    if (!stored) return std::unexpected(std::move(stored).error());
    for (task::RunRecord& run : *stored) {
      if (run.run_id < oldest) break;  // and so are all behind it
      ended.insert(run.run_id);
      page.items.push_back(EndedView(std::move(run)));
    }
  }
  for (LiveKey& found : *live) {
    if (ended.contains(found.view.record.run_id) || !wanted(found.view)) continue;
    if (filter.live_only && found.view.state == RunState::kEnded) continue;
    // Its key goes a moment after its end.
    if (auto just = events_.RecentlyEnded(found.view.record.run_id)) {
      if (filter.live_only) continue;
      found.view = EndedView(std::move(just->record));
      if (!wanted(found.view)) continue;
    }
    page.items.push_back(std::move(found.view));
  }
  const auto newer = [](const RunView& a, const RunView& b) {
    return a.record.run_id > b.record.run_id;
  };
  std::ranges::stable_sort(page.items, newer);
  const auto same = [](const RunView& a, const RunView& b) {
    return a.record.run_id == b.record.run_id;
  };
  const auto [first, last] = std::ranges::unique(page.items, same);
  page.items.erase(first, last);
  if (page.items.size() > filter.limit) {
    page.items.resize(filter.limit);
    page.next = page.items.back().record.run_id;
  }
  return page;
}

Result<Triggered> Runs::Trigger(const Grant& grant, std::string_view task_id,
                                std::string_view idempotency_key, bool ignore_overlap) const {
  if (const Status may = grant.Require(Right::kOperate); !may) return std::unexpected(may.error());
  if (task_id.empty() || task_id.find('/') != std::string_view::npos) {
    return std::unexpected(NoSuchTask(task_id));
  }
  if (idempotency_key.size() > kIdempotencyKeyBytesMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("an idempotency key has at most {} bytes", kIdempotencyKeyBytesMax));
  }
  const task::TaskKey key{grant.project(), std::string(task_id)};
  const Instant now = ports_.clock.Now();
  const task::RunId run_id = NewId(now, ports_.random);
  const std::string task_at = ports_.keys.Task(key);

  coordination::Txn txn;
  txn.when = {coordination::Exists(task_at)};
  txn.then = {coordination::Put(ports_.keys.Trigger(key, run_id),
                                coordination::FormatTrigger({.requested_by = grant.caller().account,
                                                             .requested_at = now,
                                                             .ignore_overlap = ignore_overlap}))};
  if (!idempotency_key.empty()) {
    const std::string name = Sha256Hex(fmt::format("{}\n{}\n{}\n{}", grant.caller().user_id,
                                                   key.project_id, key.task_id, idempotency_key));
    const std::string at = ports_.keys.Setting(std::string(kTriggerSettingPrefix) + name);
    txn.when.push_back(coordination::Absent(at));
    txn.then.push_back(coordination::Put(
        at, json::serialize(json::object{{"run_id", run_id}, {"at", FormatRfc3339(now)}})));
    txn.otherwise = {coordination::Get(at)};
  }
  // Asked before anything is written: a run that nobody can take is better refused than forgotten.
  auto nodes = nodes_.Serving(grant.project());
  if (!nodes) return std::unexpected(std::move(nodes).error());
  if (nodes->empty()) {
    auto task = RangeAndWait(ports_.coordinator, {.begin = task_at, .end = "", .keys_only = true});
    if (!task) return std::unexpected(std::move(task).error());
    if (task->items.empty()) return std::unexpected(NoSuchTask(task_id));
    return Fail(ErrorCode::kUnavailable,
                "no node serves this project at the moment, so nothing was started; try again when "
                "one does");
  }
  auto done = CommitAndWait(ports_.coordinator, std::move(txn));
  if (!done) return std::unexpected(std::move(done).error());
  if (done->succeeded) return Triggered{.run_id = run_id, .repeated = false};
  if (!done->results.empty() && done->results.front().got) {
    const auto kept = json::ParseObject(done->results.front().got->value);
    const auto before = kept ? json::String(*kept, "run_id") : std::nullopt;
    if (before) return Triggered{.run_id = std::string(*before), .repeated = true};
  }
  return std::unexpected(NoSuchTask(task_id));
}

Result<RunView> Runs::Kill(const Caller& caller, std::string_view run_id) const {
  auto run = Find(run_id);
  if (!run) return run;
  const auto grant = EnterFor(caller, *run);
  if (!grant) return std::unexpected(grant.error());
  if (const Status may = grant->Require(Right::kOperate); !may) return std::unexpected(may.error());

  const bool going = run->state != RunState::kEnded || run->record.retry_at;
  for (int attempt = 0; attempt < kAttemptsMax && going; ++attempt) {
    auto live = FindLive(run_id);
    if (!live && live.error().code != ErrorCode::kNotFound) {
      return std::unexpected(std::move(live).error());
    }
    // Of one that waits for its next attempt, that attempt is what is called off.
    if (!live || (live->view.state == RunState::kEnded && !live->view.record.retry_at)) break;
    if (live->view.kill_requested) return std::move(live->view);
    coordination::Txn txn;
    txn.when = {coordination::ModRevisionIs(live->item.key, live->item.mod_revision)};
    if (live->view.state == RunState::kWaiting) {
      txn.then = {coordination::Delete(live->item.key)};
    } else {
      auto value = coordination::ParseLiveRun(live->item.value);
      if (!value) return std::unexpected(std::move(value).error());
      value->kill_requested = true;
      value->kill_by = caller.account;
      value->kill_why.clear();
      txn.then = {
          coordination::Put(live->item.key, coordination::FormatLiveRun(*value), live->item.lease)};
    }
    auto done = CommitAndWait(ports_.coordinator, std::move(txn));
    if (!done) return std::unexpected(std::move(done).error());
    if (done->succeeded) {
      live->view.kill_requested = true;
      live->view.kill_by = caller.account;
      return std::move(live->view);
    }
  }
  return Fail(ErrorCode::kConflict, "this run has ended already");
}

Result<std::vector<task::TaskId>> Runs::RunningTasks(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  const auto [begin, end] = ports_.keys.RunsOf(grant.project());
  auto read = RangeAndWait(ports_.coordinator, {.begin = begin, .end = end, .keys_only = true});
  if (!read) return std::unexpected(std::move(read).error());
  std::vector<task::TaskId> tasks;
  for (const coordination::KeyValue& item : read->items) {
    const auto key = ports_.keys.Parse(item.key);
    // A run's key goes a moment after its end.
    if (key && !events_.RecentlyEnded(key->rest)) tasks.push_back(key->task.task_id);
  }
  std::ranges::sort(tasks);
  const auto [first, last] = std::ranges::unique(tasks);
  tasks.erase(first, last);
  return tasks;
}

Status Runs::KillAll(const Grant& grant, std::string_view task_id, milliseconds patience) const {
  if (const Status may = grant.Require(Right::kOperate); !may) return may;
  const task::TaskKey key{grant.project(), std::string(task_id)};
  // What wakes the wait below: shared, because the hub may call while we leave.
  struct Bell {
    std::mutex mutex;
    std::condition_variable rung;
    bool woken = false;
  };
  const auto bell = std::make_shared<Bell>();
  const auto events = events_.Subscribe(std::vector{grant.project()}, [bell] {
    const std::lock_guard lock(bell->mutex);
    bell->woken = true;
    bell->rung.notify_one();
  });
  const auto running = [&]() -> Result<std::vector<RunView>> {
    RunFilter filter;
    filter.project = grant.project();
    filter.task_id = key.task_id;
    filter.live_only = true;
    filter.limit = kKillsMax;
    auto page = List(grant.caller(), filter);
    if (!page) return std::unexpected(std::move(page).error());
    return std::move(page->items);
  };
  auto live = running();
  if (!live) return std::unexpected(std::move(live).error());
  for (const RunView& run : *live) {
    const auto killed = Kill(grant.caller(), run.record.run_id);
    // It ended by itself meanwhile.
    const bool over = !killed && (killed.error().code == ErrorCode::kConflict ||
                                  killed.error().code == ErrorCode::kNotFound);
    if (!killed && !over) return std::unexpected(killed.error());
  }
  if (live->empty()) return {};
  const auto one_less = [](std::atomic<int>* waiting) { waiting->fetch_sub(1); };
  const std::unique_ptr<std::atomic<int>, decltype(one_less)> place(waiting_.get(), one_less);
  if (waiting_->fetch_add(1) >= kWaitingForEndMax) return {};
  const BootTime until = ports_.clock.Boot() + patience;
  while (!live->empty() && ports_.clock.Boot() < until) {
    {
      std::unique_lock lock(bell->mutex);
      bell->rung.wait_for(lock, std::chrono::milliseconds(100), [&] { return bell->woken; });
      bell->woken = false;
    }
    events->Take();
    live = running();
    if (!live) return std::unexpected(std::move(live).error());
  }
  return {};
}

Result<OutputView> Runs::ReadOutput(const Caller& caller, std::string_view run_id,
                                    std::int64_t from, std::int64_t limit) const {
  auto run = Show(caller, run_id);
  if (!run) return std::unexpected(std::move(run).error());
  OutputView view;
  view.ended = run->state == RunState::kEnded;
  if (const auto ended = events_.RecentlyEnded(run_id)) {
    OutputPiece piece =
        ReadKept(ended->output, ended->record.output_bytes, from, static_cast<std::size_t>(limit));
    view.bytes = std::move(piece.bytes);
    view.offset = piece.offset;
    view.total = ended->record.output_bytes;
    if (ended->record.dropped_bytes > 0) {
      view.dropped_from = static_cast<std::int64_t>(ended->output.head.size());
      view.dropped_to = view.dropped_from + ended->record.dropped_bytes;
    }
    return view;
  }
  if (!view.ended) {
    view.offset = from;
    return view;
  }
  auto range = ports_.store.ReadOutput(run_id, from, limit);
  if (range && from >= range->dropped_from && from < range->dropped_to) {
    from = range->dropped_to;
    range = ports_.store.ReadOutput(run_id, from, limit);
  }
  if (!range) {
    // Its output went by retention, or there never was any.
    if (range.error().code != ErrorCode::kNotFound)
      return std::unexpected(std::move(range).error());
    view.offset = from;
    view.total = run->record.output_bytes;
    return view;
  }
  // What is given is one piece: nothing from behind the gap is joined to what stands before it.
  if (from < range->dropped_from) {
    range->bytes.resize(
        std::min(range->bytes.size(), static_cast<std::size_t>(range->dropped_from - from)));
  }
  view.bytes = std::move(range->bytes);
  view.total = range->total;
  view.dropped_from = range->dropped_from;
  view.dropped_to = range->dropped_to;
  view.offset = from;
  return view;
}

}  // namespace gophercron::service
