#include "service/stale_triggers.h"

#include <string>
#include <utility>
#include <vector>

#include "coordination/claim.h"
#include "coordination/task_value.h"
#include "task/task_json.h"

namespace gophercron::service {
namespace {

using coordination::CommitAndWait;
using coordination::RangeAndWait;

constexpr std::size_t kKeysAtATime = 100;

// A run key on no session that has ended: nobody's but a service's.
bool IsExpired(const coordination::LiveRun& run) {
  return run.session == 0 && run.record.ended_at.has_value();
}

Result<coordination::LiveRun> Expired(const Ports& ports, const task::TaskKey& key,
                                      const task::RunId& run_id,
                                      const coordination::Trigger& trigger) {
  coordination::LiveRun run;
  task::RunRecord& record = run.record;
  record.run_id = run_id;
  record.task = key;
  record.cause = task::Cause::kManual;
  record.claimed_at = trigger.requested_at;
  record.ended_at = ports.clock.Now();
  record.requested_by = trigger.requested_by;
  record.outcome = task::Outcome::kMissed;
  record.reason = task::Reason::kNoAgent;
  auto read = RangeAndWait(ports.coordinator, {.begin = ports.keys.Task(key), .end = ""});
  if (!read) return std::unexpected(std::move(read).error());
  if (read->items.empty()) return run;
  const auto task = coordination::ParseTask(key, read->items.front());
  if (!task) return run;
  record.task_name = task->name;
  record.command = task::CommandLine(*task);
  record.task_revision = task->revision;
  return run;
}

// To the ledger first, then away: what is cut short between the two is done again.
Status WriteDown(const Ports& ports, const task::RunRecord& run) {
  task::LedgerRecord record;
  record.run = run;
  if (Status recorded = ports.store.Record(std::vector{record}); !recorded) return recorded;
  auto gone = CommitAndWait(ports.coordinator,
                            coordination::BuildConclude(ports.keys, run.task, run.run_id));
  if (!gone) return std::unexpected(std::move(gone).error());
  return {};
}

Result<bool> Expire(const Ports& ports, const coordination::KeyValue& item) {
  const auto key = ports.keys.Parse(item.key);
  const auto trigger = coordination::ParseTrigger(item.value);
  if (!key || !trigger || ports.clock.Now() - trigger->requested_at < kTriggerLife) return false;
  auto run = Expired(ports, key->task, key->rest, *trigger);
  if (!run) return std::unexpected(std::move(run).error());
  auto taken = CommitAndWait(
      ports.coordinator,
      {.when = {coordination::ModRevisionIs(item.key, item.mod_revision)},
       .then = {coordination::Delete(item.key),
                coordination::Put(ports.keys.Run(key->task, key->rest), FormatLiveRun(*run))},
       .otherwise = {}});
  if (!taken) return std::unexpected(std::move(taken).error());
  if (!taken->succeeded) return false;  // an agent was faster
  if (Status written = WriteDown(ports, run->record); !written) {
    return std::unexpected(std::move(written).error());
  }
  return true;
}

}  // namespace

Result<std::int64_t> ExpireTriggers(const Ports& ports) {
  auto [begin, end] = ports.keys.AllTriggers();
  std::int64_t expired = 0;
  while (true) {
    auto read =
        RangeAndWait(ports.coordinator, {.begin = begin, .end = end, .limit = kKeysAtATime});
    if (!read) return std::unexpected(std::move(read).error());
    for (const coordination::KeyValue& item : read->items) {
      auto done = Expire(ports, item);
      if (!done) return std::unexpected(std::move(done).error());
      expired += *done ? 1 : 0;
    }
    if (!read->more || read->items.empty()) return expired;
    begin = read->items.back().key + '\0';
  }
}

Status RecordExpired(const Ports& ports) {
  auto [begin, end] = ports.keys.AllRuns();
  while (true) {
    auto read =
        RangeAndWait(ports.coordinator, {.begin = begin, .end = end, .limit = kKeysAtATime});
    if (!read) return std::unexpected(std::move(read).error());
    for (const coordination::KeyValue& item : read->items) {
      const auto run = coordination::ParseLiveRun(item.value);
      if (!run || !IsExpired(*run)) continue;
      if (Status written = WriteDown(ports, run->record); !written) return written;
    }
    if (!read->more || read->items.empty()) return {};
    begin = read->items.back().key + '\0';
  }
}

}  // namespace gophercron::service
