#include "service/replace_schedule.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "coordination/claim.h"
#include "schedule/plan.h"
#include "task/run.h"

namespace gophercron::service {
namespace {

struct LastTicks {
  coordination::Revision mark_revision = 0;
  task::OutcomeSpan span;
};

Result<std::optional<LastTicks>> FindLastTicks(const Ports& ports, cron::Zone cluster_zone,
                                               const task::Task& task, bool edited, Instant now) {
  auto read = coordination::RangeAndWait(ports.coordinator,
                                         {.begin = ports.keys.Mark(task.key), .end = ""});
  if (!read) return std::unexpected(std::move(read).error());
  if (read->items.empty()) return std::nullopt;
  const auto mark = coordination::ParseMark(read->items.front().value);
  const auto plan = schedule::Plan::Make(task, cluster_zone);
  if (!mark || !plan) return std::nullopt;
  const auto last = plan->Latest(mark->at, std::chrono::floor<seconds>(now));
  if (!last) return std::nullopt;
  LastTicks ticks;
  ticks.mark_revision = read->items.front().mod_revision;
  ticks.span.task = task.key;
  ticks.span.first = plan->Next(mark->at).value_or(*last);
  ticks.span.last = *last;
  ticks.span.count = plan->Count(mark->at, *last);
  ticks.span.after = mark->at;
  ticks.span.outcome = task::Outcome::kSuperseded;
  ticks.span.reason = edited ? task::Reason::kEdited : task::Reason::kPaused;
  ticks.span.node_id = std::string(kServiceNode);
  ticks.span.recorded_at = now;
  return ticks;
}

}  // namespace

Result<coordination::TxnResult> ReplaceSchedule(const Ports& ports, cron::Zone cluster_zone,
                                                const task::Task& before, bool edited, Instant now,
                                                coordination::Txn txn) {
  const auto last = FindLastTicks(ports, cluster_zone, before, edited, now);
  if (!last) return std::unexpected(last.error());
  if (*last) {
    const std::string key = ports.keys.Mark(before.key);
    txn.when.push_back(coordination::ModRevisionIs(key, (*last)->mark_revision));
    txn.then.push_back(
        coordination::Put(key, coordination::FormatMark({.at = (*last)->span.last,
                                                         .node_id = std::string(kServiceNode),
                                                         .run_id = {},
                                                         .claim_id = NewId(now, ports.random)})));
  }
  auto done = coordination::CommitAndWait(ports.coordinator, std::move(txn));
  if (!done || !done->succeeded || !*last) return done;
  task::LedgerRecord record;
  record.span = (*last)->span;
  if (const Status written = ports.store.Record(std::span(&record, 1)); !written) {
    // The chain of the ledger shows the gap, and the auditor fills it.
    log::Warning("{} ticks of task {} that its new schedule has replaced could not be recorded: {}",
                 record.span->count, before.key.task_id, written.error().message);
  }
  return done;
}

}  // namespace gophercron::service
