#include "service/auditor.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordination/claim.h"
#include "coordination/task_value.h"
#include "schedule/retry.h"

namespace gophercron::service {
namespace {

using coordination::Keys;
using coordination::KeyValue;

constexpr std::size_t kPageKeys = 1'000;
constexpr char kName[] = "service";

Result<std::vector<KeyValue>> ReadAll(const Ports& ports, Keys::Span span, bool keys_only = false) {
  std::vector<KeyValue> all;
  auto [begin, end] = std::move(span);
  while (true) {
    auto page = coordination::RangeAndWait(
        ports.coordinator,
        {.begin = begin, .end = end, .limit = kPageKeys, .keys_only = keys_only});
    if (!page) return std::unexpected(std::move(page).error());
    if (!page->items.empty()) begin = page->items.back().key + '\0';
    std::move(page->items.begin(), page->items.end(), std::back_inserter(all));
    if (!page->more) return all;
  }
}

void AddOpen(std::map<task::TaskKey, agent::OpenTicks>& open, const task::TaskKey& task,
             TickInstant tick) {
  const auto found = open.find(task);
  if (found == open.end()) return;
  found->second.firsts.push_back(tick);
  found->second.lasts.push_back(tick);
}

}  // namespace

Auditor::Auditor(const Ports& ports, cron::Zone zone, agent::LiveSink& listener)
    : ports_(ports),
      listener_(listener),
      audit_(ports.store, {.node_id = kName, .zone = std::move(zone)}) {}

// Marks first: whatever they have passed by then has left a run key, a place in the queue or a
// record by the time those are read.
Result<Auditor::Snapshot> Auditor::Read() const {
  const Keys& keys = ports_.keys;
  auto marks = ReadAll(ports_, keys.AllMarks());
  if (!marks) return std::unexpected(std::move(marks).error());
  auto runs = ReadAll(ports_, keys.AllRuns());
  if (!runs) return std::unexpected(std::move(runs).error());
  auto queued = ReadAll(ports_, keys.AllQueued());
  if (!queued) return std::unexpected(std::move(queued).error());
  auto tasks = ReadAll(ports_, keys.AllTasks());
  if (!tasks) return std::unexpected(std::move(tasks).error());
  auto sessions = ReadAll(ports_, keys.AllSessions(), true);
  if (!sessions) return std::unexpected(std::move(sessions).error());

  Snapshot snapshot;
  std::map<task::TaskKey, agent::OpenTicks> open;
  for (const KeyValue& item : *marks) {
    const auto name = keys.Parse(item.key);
    const auto mark = coordination::ParseMark(item.value);
    // Each node writes down itself what became of a tick that every node runs.
    if (!name || name->family != Keys::Parsed::Family::kMark || !mark) continue;
    agent::OpenTicks ticks;
    ticks.task = name->task;
    ticks.mark = mark->at;
    open.emplace(name->task, std::move(ticks));
  }
  for (KeyValue& item : *runs) {
    auto run = coordination::ParseLiveRun(item.value);
    if (!run) continue;
    if (run->record.tick) AddOpen(open, run->record.task, *run->record.tick);
    snapshot.runs.push_back({.item = std::move(item), .run = *std::move(run)});
  }
  for (const KeyValue& item : *queued) {
    const auto name = keys.Parse(item.key);
    const auto waiting = coordination::ParseQueuedTick(item.value);
    if (name && waiting) AddOpen(open, name->task, waiting->at);
  }
  for (const KeyValue& item : *tasks) {
    const auto name = keys.Parse(item.key);
    if (!name || name->family != Keys::Parsed::Family::kTask) continue;
    const auto found = open.find(name->task);
    if (found == open.end()) continue;
    if (auto task = coordination::ParseTask(name->task, item)) {
      found->second.definition = std::make_shared<const task::Task>(*std::move(task));
    }
  }
  for (const KeyValue& item : *sessions) {
    if (const auto name = keys.Parse(item.key)) snapshot.sessions.insert(name->lease);
  }
  for (auto& [task, ticks] : open) snapshot.open.push_back(std::move(ticks));
  return snapshot;
}

// Into the ledger first: what is cut short between the two is done again. A node that comes back
// and registers its run anew changes the key, which then stays.
//
// One that is to be run again leaves its key standing, for the agent that takes it from there.
Status Auditor::RecordLost(const LiveRunKey& orphan, const task::Task* definition) {
  task::LedgerRecord record;
  record.run = orphan.run.record;
  record.run->fence = orphan.item.create_revision;
  if (!record.run->ended_at) {
    record.run->outcome = task::Outcome::kLost;
    record.run->reason = task::Reason::kAgentDied;
    record.run->ended_at = ports_.clock.Now();
    if (definition != nullptr && !definition->broadcast && !orphan.run.kill_requested) {
      record.run->retry_at =
          schedule::NextAttemptAt(*definition, *record.run, *record.run->ended_at);
    }
  }
  if (Status recorded = ports_.store.Record(std::vector{record}); !recorded) return recorded;
  listener_.RunEnded(*record.run, record.output);
  coordination::LiveRun followed = orphan.run;
  followed.record = *record.run;
  auto gone = coordination::CommitAndWait(
      ports_.coordinator,
      {.when = {coordination::ModRevisionIs(orphan.item.key, orphan.item.mod_revision)},
       .then = {record.run->retry_at
                    ? coordination::Put(orphan.item.key, coordination::FormatLiveRun(followed))
                    : coordination::Delete(orphan.item.key)},
       .otherwise = {}});
  if (!gone) return std::unexpected(std::move(gone).error());
  return {};
}

Status Auditor::EndOrphans(const Snapshot& snapshot, std::int64_t* lost) {
  std::set<std::string> orphans;
  for (const LiveRunKey& live : snapshot.runs) {
    // One that waits for its next attempt is every agent's to take.
    if (snapshot.sessions.contains(live.run.session) || live.run.record.retry_at) continue;
    const bool seen_before = orphans_.contains(live.item.key);
    orphans.insert(live.item.key);
    if (!seen_before) continue;
    const auto ticks =
        std::ranges::find(snapshot.open, live.run.record.task, &agent::OpenTicks::task);
    const bool known = ticks != snapshot.open.end();
    if (Status recorded = RecordLost(live, known ? ticks->definition.get() : nullptr); !recorded) {
      return recorded;
    }
    ++*lost;
  }
  orphans_ = std::move(orphans);
  return {};
}

Result<Auditor::Look> Auditor::LookOnce() {
  const Instant now = ports_.clock.Now();
  auto snapshot = Read();
  if (!snapshot) return std::unexpected(std::move(snapshot).error());
  Look look;
  if (Status ended = EndOrphans(*snapshot, &look.lost_runs); !ended) {
    return std::unexpected(std::move(ended).error());
  }
  auto spans = audit_.Answer(snapshot->open, now);
  if (!spans) return std::unexpected(std::move(spans).error());
  std::set<SpanName> suspected;
  std::vector<task::LedgerRecord> records;
  for (task::OutcomeSpan& span : *spans) {
    const SpanName name{span.task, span.first, span.last};
    if (suspected_.contains(name)) {
      records.push_back({.run = std::nullopt, .output = {}, .span = std::move(span)});
    } else {
      suspected.insert(name);
    }
  }
  suspected_ = std::move(suspected);
  if (!records.empty()) {
    if (Status recorded = ports_.store.Record(records); !recorded) {
      return std::unexpected(std::move(recorded).error());
    }
    for (const task::LedgerRecord& record : records) listener_.TicksEnded(*record.span);
    look.missed_spans = static_cast<std::int64_t>(records.size());
    log::Warning("{} stretches of ticks were never written down and are called missed",
                 look.missed_spans);
  }
  return look;
}

}  // namespace gophercron::service
