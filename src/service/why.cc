#include "service/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "coordination/claim.h"
#include "schedule/plan.h"

namespace gophercron::service {
namespace {

constexpr std::array<std::string_view, 15> kVerdicts = {
    "ran",        "running",    "skipped",    "missed",    "lost",
    "superseded", "queued",     "unrecorded", "due",       "overdue",
    "not_due",    "not_a_tick", "paused",     "not_valid", "before_schedule"};

Verdict VerdictOf(task::Outcome outcome) {
  switch (outcome) {
    case task::Outcome::kSkipped:
      return Verdict::kSkipped;
    case task::Outcome::kMissed:
      return Verdict::kMissed;
    case task::Outcome::kLost:
      return Verdict::kLost;
    case task::Outcome::kSuperseded:
      return Verdict::kSuperseded;
    default:
      return Verdict::kRan;
  }
}

std::string ReasonSentence(task::Reason reason, const std::string& detail) {
  const std::string which = detail.empty() ? "" : " (" + detail + ")";
  switch (reason) {
    case task::Reason::kNone:
      return detail.empty() ? "no reason was written down" : detail;
    case task::Reason::kOverlap:
      return detail.empty() ? "a run of the same task was still going"
                            : fmt::format("run {} of the same task was still going", detail);
    case task::Reason::kQueued:
      return "it waited for the run before it, and a newer tick took its place";
    case task::Reason::kRunLimit:
      return "every node was at its run limit until the start deadline had passed" + which;
    case task::Reason::kDeadline:
      return "it could not be started before its start deadline" + which;
    case task::Reason::kCatchUp:
      return "nothing was running then, and the task's catch-up policy does not run it afterwards" +
             which;
    case task::Reason::kOvertaken:
      return "a later tick of the task was claimed before it" + which;
    case task::Reason::kNoAgent:
      return "no node served the project" + which;
    case task::Reason::kNotRecorded:
      return "a node took it and died before it wrote down what it did with it" + which;
    case task::Reason::kAgentDied:
      return "the node that ran it died, so nobody knows how it ended" + which;
    case task::Reason::kEdited:
      return "the task was edited between the claim and the start" + which;
    case task::Reason::kPaused:
      return "the task was paused or deleted before it started" + which;
    case task::Reason::kStoreHeld:
      return "scheduling was held by an alarm" + which;
  }
  return "no reason was written down";
}

std::string EndSentence(const task::RunRecord& run) {
  std::string how(task::Name(run.outcome));
  if (run.exit_code && run.outcome == task::Outcome::kFailed)
    how += fmt::format(" with exit code {}", *run.exit_code);
  if (run.signal) how += fmt::format(" by signal {}", *run.signal);
  if (!run.killed_by.empty()) how += " by " + run.killed_by;
  std::string out = fmt::format("attempt {} is run {} on node {}: {}", run.attempt, run.run_id,
                                run.node_address.empty() ? run.node_id : run.node_address, how);
  if (run.started_at) out += ", started " + FormatRfc3339(*run.started_at);
  if (run.ended_at) out += ", ended " + FormatRfc3339(*run.ended_at);
  if (!run.detail.empty()) out += " (" + run.detail + ")";
  return out;
}

void FillFromRow(storage::LedgerRow row, Explanation* out) {
  const std::string at = FormatRfc3339(out->at);
  if (row.span) {
    const task::OutcomeSpan& span = *row.span;
    out->verdict = VerdictOf(span.outcome);
    out->answer = fmt::format("the tick of {} was {}: {}", at, task::Name(span.outcome),
                              ReasonSentence(span.reason, span.detail));
    if (span.count > 1) {
      out->facts.push_back(fmt::format("so were {} ticks in a row, from {} to {}", span.count,
                                       FormatRfc3339(span.first), FormatRfc3339(span.last)));
    }
    out->facts.push_back(fmt::format("written down by node {} at {}", span.node_id,
                                     FormatRfc3339(span.recorded_at)));
  } else if (!row.runs.empty()) {
    const task::RunRecord& last = row.runs.back();
    out->verdict = VerdictOf(last.outcome);
    out->answer = fmt::format("the tick of {} ran: {}", at, task::Name(last.outcome));
    if (!task::IsRunOutcome(last.outcome)) {
      out->answer = fmt::format("the tick of {} was claimed and is {}: {}", at,
                                task::Name(last.outcome), ReasonSentence(last.reason, last.detail));
    }
    for (const task::RunRecord& run : row.runs) out->facts.push_back(EndSentence(run));
  }
  out->runs = std::move(row.runs);
  out->span = std::move(row.span);
}

}  // namespace

std::string_view Name(Verdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

// What the coordinator holds of a task.
struct Why::Held {
  std::optional<coordination::Mark> mark;
  std::optional<TickInstant> queued;
  std::vector<coordination::LiveRun> runs;
  std::vector<task::RunRecord> retried;  // ended, and waiting for their next attempt
};

Result<Why::Held> Why::ReadHeld(const task::TaskKey& key) const {
  Held held;
  auto mark =
      coordination::RangeAndWait(ports_.coordinator, {.begin = ports_.keys.Mark(key), .end = ""});
  if (!mark) return std::unexpected(std::move(mark).error());
  if (!mark->items.empty()) {
    if (auto parsed = coordination::ParseMark(mark->items.front().value))
      held.mark = *std::move(parsed);
  }
  auto queued =
      coordination::RangeAndWait(ports_.coordinator, {.begin = ports_.keys.Queued(key), .end = ""});
  if (!queued) return std::unexpected(std::move(queued).error());
  if (!queued->items.empty()) {
    // A queued tick is written as a mark begins.
    if (auto parsed = coordination::ParseQueuedTick(queued->items.front().value))
      held.queued = parsed->at;
  }
  const auto [begin, end] = ports_.keys.RunsOf(key);
  auto runs = coordination::RangeAndWait(ports_.coordinator, {.begin = begin, .end = end});
  if (!runs) return std::unexpected(std::move(runs).error());
  for (const coordination::KeyValue& item : runs->items) {
    auto run = coordination::ParseLiveRun(item.value);
    // One that has ended is on its way to the ledger: nothing is going.
    if (run && run->record.retry_at) held.retried.push_back(run->record);
    if (run && !run->record.ended_at) held.runs.push_back(*std::move(run));
  }
  return held;
}

Result<bool> Why::FromRecords(const task::TaskKey& key, const Held& held, Explanation* out) const {
  auto row = ports_.store.LedgerAt({.task = key, .at = out->at});
  // A further attempt that is going is not in the row of those before it.
  const auto later = std::ranges::find_if(held.runs, [&](const coordination::LiveRun& run) {
    return run.record.tick == out->at && run.record.attempt > 1;
  });
  const bool superseded = row && later != held.runs.end() &&
                          std::ranges::find(row->runs, later->record.run_id,
                                            &task::RunRecord::run_id) == row->runs.end();
  if (row && !superseded) {
    FillFromRow(*std::move(row), out);
    for (const task::RunRecord& run : held.retried) {
      if (run.tick != out->at) continue;
      out->facts.push_back(fmt::format("attempt {} is due at {}, so this is not its outcome yet",
                                       run.attempt + 1, FormatRfc3339(*run.retry_at)));
    }
    return true;
  }
  if (!row && row.error().code != ErrorCode::kNotFound)
    return std::unexpected(std::move(row).error());
  for (const coordination::LiveRun& run : held.runs) {
    if (run.record.tick != out->at) continue;
    out->verdict = Verdict::kRunning;
    out->answer = fmt::format("the tick of {} is running now, as run {} on node {}",
                              FormatRfc3339(out->at), run.record.run_id, run.record.node_id);
    if (run.kill_requested) {
      out->facts.push_back(fmt::format("its end was asked for by {}",
                                       run.kill_by.empty() ? "the program itself" : run.kill_by));
    }
    if (superseded) {
      for (const task::RunRecord& before : row->runs) out->facts.push_back(EndSentence(before));
      out->runs = std::move(row->runs);
    }
    out->runs.push_back(run.record);
    return true;
  }
  if (held.queued == out->at) {
    out->verdict = Verdict::kQueued;
    out->answer = fmt::format("the tick of {} waits until the run before it has ended",
                              FormatRfc3339(out->at));
    for (const coordination::LiveRun& run : held.runs) {
      out->facts.push_back(fmt::format("run {} is still going", run.record.run_id));
      out->runs.push_back(run.record);
    }
    return true;
  }
  return false;
}

Status Why::FromSchedule(const task::Task& task, const Held& held, Explanation* out) const {
  auto zone = tasks_.ClusterZone();
  if (!zone) return std::unexpected(std::move(zone).error());
  const std::string at = FormatRfc3339(out->at);

  // The schedule alone, without what bounds or stops it, so that each of those can be named.
  task::Task bare = task;
  bare.enabled = true;
  bare.valid_from.reset();
  bare.valid_until.reset();
  bare.scheduled_since = Instant();
  auto plan = schedule::Plan::Make(bare, *zone);
  if (!plan) {
    out->verdict = Verdict::kNotATick;
    out->answer =
        "the task's schedule can not be read, so it has no ticks: " + plan.error().message;
    return {};
  }
  out->tick_before = plan->Latest(TickInstant(), out->at - seconds(1));
  out->tick_after = plan->Next(out->at);
  if (!plan->IsTick(out->at)) {
    out->verdict = Verdict::kNotATick;
    out->answer =
        fmt::format("{} is no tick of this task: its schedule \"{}\" in zone {} does not name it",
                    at, task.cron, task.zone.empty() ? zone->name() : task.zone);
    if (task.jitter > seconds(0)) {
      out->facts.push_back(
          fmt::format("its ticks are moved by {} s of jitter",
                      schedule::JitterOffset(task.key.task_id, task.jitter).count()));
    }
    return {};
  }
  if ((task.valid_from && out->at < *task.valid_from) ||
      (task.valid_until && out->at >= *task.valid_until)) {
    out->verdict = Verdict::kNotValid;
    out->answer = fmt::format("{} lies outside the time in which the task is valid", at);
    if (task.valid_from) out->facts.push_back("valid from " + FormatRfc3339(*task.valid_from));
    if (task.valid_until) out->facts.push_back("valid until " + FormatRfc3339(*task.valid_until));
    return {};
  }
  if (out->at <= task.scheduled_since) {
    out->verdict = Verdict::kBeforeSchedule;
    out->answer = fmt::format(
        "the task has had its present schedule only since {}; before, it was not there, was "
        "paused, or had "
        "another one, and the ledger knows no tick of it at {}",
        FormatRfc3339(task.scheduled_since), at);
    return {};
  }
  if (!task.enabled) {
    out->verdict = Verdict::kPaused;
    out->answer = fmt::format("the task is paused since {}, so {} is not run",
                              FormatRfc3339(task.scheduled_since), at);
    return {};
  }
  return FromClaims(task, held, out);
}

Status Why::FromClaims(const task::Task& task, const Held& held, Explanation* out) const {
  const Instant now = ports_.clock.Now();
  const std::string at = FormatRfc3339(out->at);
  auto nodes = nodes_.Serving(task.key.project_id);
  if (!nodes) return std::unexpected(std::move(nodes).error());
  std::size_t claiming = 0;
  for (const coordination::Node& node : *nodes) claiming += node.claims ? 1 : 0;
  const std::string who =
      fmt::format("{} nodes serve this project, {} of them take ticks", nodes->size(), claiming);

  if (held.mark && held.mark->at >= out->at) {
    out->verdict = Verdict::kUnrecorded;
    out->answer = fmt::format(
        "a node has dealt with the tick of {}, and what it did is not in the ledger yet: its "
        "record is on "
        "the way, or the node died and the auditor will say so",
        at);
    out->facts.push_back(fmt::format(
        "the task's mark is at {}, moved by node {}{}", FormatRfc3339(held.mark->at),
        held.mark->node_id, held.mark->run_id.empty() ? "" : " for run " + held.mark->run_id));
    return {};
  }
  out->facts.push_back(held.mark ? "the task's mark is at " + FormatRfc3339(held.mark->at)
                                 : "the task has no mark yet: no node has seen it");
  out->facts.push_back(who);
  if (out->at > now) {
    out->verdict = Verdict::kNotDue;
    out->answer = fmt::format("{} lies in the future; it will run in {} s", at,
                              std::chrono::ceil<seconds>(out->at - now).count());
    if (claiming == 0) out->answer += ", provided a node takes ticks by then";
    if (!held.runs.empty()) {
      out->facts.push_back(
          fmt::format("run {} is going; if it still is then, overlap \"{}\" decides",
                      held.runs.front().record.run_id, task::Name(task.overlap)));
    }
    return {};
  }
  const Instant deadline = out->at + task.start_deadline;
  if (now <= deadline) {
    out->verdict = Verdict::kDue;
    out->answer =
        fmt::format("{} is due and no node has claimed it yet; it may be started until {}", at,
                    FormatRfc3339(deadline));
    return {};
  }
  out->verdict = Verdict::kOverdue;
  const char* because = claiming == 0 ? "no node takes ticks" : "no node has claimed it in time";
  const bool in_window = now - out->at <= task.catch_up.max_age;
  out->answer =
      fmt::format("{} was due and {}; catch-up \"{}\" {} when a node looks at the task", at,
                  because, task::Name(task.catch_up.mode),
                  task.catch_up.mode == task::CatchUpMode::kSkip ? "will write it down as missed"
                  : in_window                                    ? "may still run it"
                              : "will write it down as missed, for it is too old");
  return {};
}

Result<Explanation> Why::Explain(const Grant& grant, std::string_view task_id,
                                 TickInstant at) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  if (task_id.empty() || task_id.find('/') != std::string_view::npos) {
    return std::unexpected(NoSuchTask(task_id));
  }
  const task::TaskKey key{grant.project(), std::string(task_id)};
  Explanation out;
  out.at = at;
  // What is held is read first: what it has let go of by then is in the ledger.
  auto held = ReadHeld(key);
  if (!held) return std::unexpected(std::move(held).error());
  auto settled = FromRecords(key, *held, &out);
  if (!settled) return std::unexpected(std::move(settled).error());
  auto task = tasks_.Show(grant, task_id);
  if (!task) {
    // A deleted task still has its ledger.
    if (*settled && task.error().code == ErrorCode::kNotFound) {
      out.facts.push_back("the task has been deleted since");
      return out;
    }
    return std::unexpected(std::move(task).error());
  }
  if (*settled) return out;
  if (const Status done = FromSchedule(task->task, *held, &out); !done) {
    return std::unexpected(done.error());
  }
  return out;
}

}  // namespace gophercron::service
