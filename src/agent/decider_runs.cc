// Runs of this process from claim to conclusion, and run keys that nobody owns any more.
#include <algorithm>

#include "agent/decider_impl.h"
#include "agent/rank.h"
#include "agent/shown_command.h"

namespace gophercron::agent {

namespace {

task::Outcome OutcomeOf(const RunEnd& end) {
  switch (end.end) {
    case process::End::kExited:
      return end.exit_code == 0 ? task::Outcome::kSucceeded : task::Outcome::kFailed;
    case process::End::kSignalled:
      return task::Outcome::kFailed;
    case process::End::kTimedOut:
      return task::Outcome::kTimedOut;
    case process::End::kKilled:
      return task::Outcome::kKilled;
    case process::End::kFailedToStart:
      return task::Outcome::kFailedToStart;
  }
  return task::Outcome::kFailed;
}

}  // namespace

OwnRun* Decider::Impl::FindOwn(std::string_view run_id) {
  const auto found = own_.find(run_id);
  return found == own_.end() ? nullptr : found->second.get();
}

void Decider::Impl::DropOwn(std::string_view run_id) {
  const auto found = own_.find(run_id);
  if (found == own_.end()) return;
  MarkDirty(*slots_[found->second->slot]);
  own_.erase(found);
}

void Decider::Impl::Hold(TaskState& state, Intent& intent, Revision fence) {
  auto own = std::make_unique<OwnRun>();
  own->slot = state.slot;
  own->record = std::move(intent.claim.run->value.record);
  own->record.fence = fence;
  own->task = intent.task;
  own->session = intent.claim.session;
  own->key_revision = fence;
  own->took_lock = intent.claim.run->take_lock;
  if (own->took_lock) state.lock_from.clear();
  // A kill may have been seen before the answer.
  for (const SeenRun& seen : state.runs) {
    if (seen.value->record.run_id != own->record.run_id || !seen.value->kill_requested) continue;
    own->kill_wanted = true;
    look_at_runs_ = true;
    own->kill_by = seen.value->kill_by;
    own->kill_why = seen.value->kill_why;
  }
  orphans_.erase(own->record.run_id);
  state.own.push_back(own.get());
  // A clock that was set back may have made even a queued tick's instant lie ahead again.
  const Instant at = own->record.tick ? std::max<Instant>(now_.wall, *own->record.tick) : now_.wall;
  held_.emplace(at, own->record.run_id);
  own_.emplace(own->record.run_id, std::move(own));
}

// Those whose instant has come; or all, because some may not be to be started at all.
void Decider::Impl::StartHeld(bool all) {
  const auto end = all ? held_.end() : held_.upper_bound(now_.wall);
  for (auto held = held_.begin(); held != end;) {
    OwnRun* own = FindOwn(held->second);
    const bool due = held->first <= now_.wall;
    if (own == nullptr || own->state != OwnRun::State::kHeld) {
      held = held_.erase(held);
    } else if (due ? TryStart(*own) : (own->kill_wanted || own->session != session_)) {
      // Whatever is not to be started at all need not wait for its instant to be told so.
      if (own->state == OwnRun::State::kHeld) TryStart(*own);
      held = held_.erase(held);
    } else {
      ++held;
    }
  }
}

// Whether what was claimed is still to be run, by the newest definition that is known here.
bool Decider::Impl::StillWanted(OwnRun& run, task::Reason& why_not) const {
  const TaskState& state = *slots_[run.slot];
  if (state.task == run.task) return true;
  if (!state.task) {
    why_not = task::Reason::kPaused;
    return false;
  }
  const bool same = task::SameSchedule(*state.task, *run.task);
  if (!run.record.tick || same || (state.plan && state.plan->IsTick(*run.record.tick))) {
    run.task = state.task;
    return true;
  }
  why_not = state.task->enabled ? task::Reason::kEdited : task::Reason::kPaused;
  return false;
}

// Starts a held run whose instant has come, or ends it without a start. False: not yet.
bool Decider::Impl::TryStart(OwnRun& run) {
  if (run.kill_wanted) {
    EndUnstarted(run, task::Outcome::kKilled, task::Reason::kNone, run.kill_why);
    return true;
  }
  if (run.session != session_) {
    EndUnstarted(run, task::Outcome::kMissed, task::Reason::kDeadline,
                 "the agent's session ended before the start");
    return true;
  }
  task::Reason why_not = task::Reason::kNone;
  if (!StillWanted(run, why_not)) {
    EndUnstarted(run, task::Outcome::kSuperseded, why_not, "");
    return true;
  }
  if (run.record.cause == task::Cause::kTick &&
      !schedule::IsLive(*run.task, *run.record.tick, now_.wall)) {
    EndUnstarted(run, task::Outcome::kMissed, task::Reason::kDeadline, "");
    return true;
  }
  if (!Trusted()) return false;
  Start(run);
  return true;
}

void Decider::Impl::Start(OwnRun& run) {
  run.state = OwnRun::State::kRunning;
  run.record.task_name = run.task->name;
  run.record.command = ShownCommand(*run.task);
  run.record.task_revision = run.task->revision;
  out_->starts.push_back({.task = run.task, .run = run.record});
}

void Decider::Impl::LeaveTask(OwnRun& run) {
  TaskState& state = *slots_[run.slot];
  const bool followed = run.record.retry_at.has_value();
  if (!followed) std::erase(state.own, &run);
  state.free_since = now_.wall;
  --places_used_;
  run.state = OwnRun::State::kEnded;
  if (run.took_lock && run.session == session_ && !followed) {
    state.lock_from = run.record.run_id;
    // Others can not see that the run has ended until the lock is given back; alone, the next claim
    // takes it over and the conclusion removes it.
    if (peers_.size() > 1) {
      AddUpkeep({.what = Upkeep::What::kUnlock,
                 .slot = run.slot,
                 .run_id = run.record.run_id,
                 .txn = coordination::BuildUnlock(config_.keys, state.key, run.record.run_id)});
    }
  }
  MarkDirty(state);
}

void Decider::Impl::EndUnstarted(OwnRun& run, task::Outcome outcome, task::Reason reason,
                                 std::string detail) {
  run.record.outcome = outcome;
  run.record.reason = reason;
  run.record.detail = std::move(detail);
  run.record.killed_by = outcome == task::Outcome::kKilled ? run.kill_by : "";
  run.record.ended_at = now_.wall;
  LeaveTask(run);
  RecordRun(run);
}

void Decider::Impl::Ended(std::string_view run_id, const RunEnd& end) {
  OwnRun* run = FindOwn(run_id);
  if (run == nullptr || run->state != OwnRun::State::kRunning) return;
  task::RunRecord& record = run->record;
  record.outcome = OutcomeOf(end);
  if (end.started_at) record.started_at = end.started_at;
  record.ended_at = end.ended_at;
  record.exit_code = end.exit_code;
  record.signal = end.signal;
  record.core_dumped = end.core_dumped;
  record.output_bytes = end.output_bytes;
  record.dropped_bytes = end.dropped_bytes;
  record.cpu_us = end.cpu_us;
  record.memory_max_kib = end.memory_max_kib;
  if (!end.failure.empty()) record.detail = end.failure;
  if (record.outcome == task::Outcome::kKilled) {
    record.killed_by = run->kill_by;
    if (record.detail.empty()) record.detail = run->kill_why;
  }
  if (!run->kill_wanted && !run->was_gone) {
    record.retry_at = NextAttempt(*slots_[run->slot], record, end.ended_at);
  }
  LeaveTask(*run);
  RecordRun(*run);
}

void Decider::Impl::RecordRun(OwnRun& run) {
  const std::uint64_t id = next_id_++;
  Record entry = {.slot = run.slot, .run_id = run.record.run_id};
  if (run.record.tick) {
    entry.first = entry.last = *run.record.tick;
    entry.ticks = true;
  }
  records_.emplace(id, std::move(entry));
  task::LedgerRecord record;
  record.run = run.record;
  out_->records.push_back({.id = id, .record = std::move(record)});
}

void Decider::Impl::RecordSpan(const task::TaskKey& task, const schedule::Stretch& ticks,
                               std::optional<TickInstant> after, task::Outcome outcome,
                               const std::string& detail) {
  task::OutcomeSpan span;
  span.task = task;
  span.first = ticks.first;
  span.last = ticks.last;
  span.count = ticks.count;
  span.after = after;
  span.outcome = outcome;
  span.reason = ticks.reason;
  span.detail = detail;
  span.node_id = config_.node_id;
  span.recorded_at = now_.wall;
  const std::uint64_t id = next_id_++;
  records_.emplace(id, Record{.slot = by_key_.at(span.task),
                              .run_id = {},
                              .first = span.first,
                              .last = span.last,
                              .ticks = true});
  task::LedgerRecord record;
  record.span = std::move(span);
  out_->records.push_back({.id = id, .record = std::move(record)});
}

void Decider::Impl::Recorded(std::uint64_t id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const Record record = std::move(found->second);
  records_.erase(found);
  OwnRun* own = FindOwn(record.run_id);
  if (record.pass_on) {
    PassOn(*slots_[record.slot], *record.pass_on, record.read_at);
  } else if (own != nullptr && own->record.retry_at && !own->kill_wanted) {
    PassOnOwn(*own);
  } else if (!record.run_id.empty()) {
    if (own != nullptr) std::erase(slots_[record.slot]->own, own);
    Conclude(record.slot, record.run_id);
  }
  MarkDirty(*slots_[record.slot]);
}

void Decider::Impl::Conclude(std::uint32_t slot, const task::RunId& run_id) {
  AddUpkeep({.what = Upkeep::What::kConclude,
             .slot = slot,
             .run_id = run_id,
             .txn = coordination::BuildConclude(config_.keys, slots_[slot]->key, run_id)});
}

void Decider::Impl::SendKills() {
  for (const auto& [run_id, run] : own_) {
    if (run->state != OwnRun::State::kRunning && run->state != OwnRun::State::kHeld) continue;
    if (stopping_ && !run->kill_wanted) {
      run->kill_wanted = true;
      run->kill_why = "shutdown";
    }
    if (run->state != OwnRun::State::kRunning || !run->kill_wanted || run->kill_sent) continue;
    run->kill_sent = true;
    out_->kills.push_back({.run_id = run_id, .by = run->kill_by, .why = run->kill_why});
  }
}

void Decider::Impl::LoseSession() {
  session_ = 0;
  look_at_runs_ = true;
  session_lost_ = false;
  DropUnsent();
  for (const auto& state : slots_) {
    if (!state) continue;
    state->lock_from.clear();
  }
  MarkAllDirty();
}

// After a new session was opened: what lives goes on, under its name. And what has been going for a
// while: others see in its key since when.
void Decider::Impl::RegisterRuns() {
  if (session_ == 0) return;
  for (const auto& [run_id, run] : own_) {
    if (CanRegister(*run) && (run->session != session_ || run->key_gone)) Register(*run);
  }
}

bool Decider::Impl::CanRegister(const OwnRun& run) {
  return run.state == OwnRun::State::kRunning && !run.registering;
}

void Decider::Impl::TellStarts() {
  for (const task::RunId& run_id : started_) {
    start_to_tell_.emplace_back(now_.boot + kStartToldAfter, run_id);
  }
  started_.clear();
  if (session_ == 0) return;
  while (!start_to_tell_.empty() && start_to_tell_.front().first <= now_.boot) {
    OwnRun* run = FindOwn(start_to_tell_.front().second);
    if (run != nullptr && CanRegister(*run) && !run->start_told) Register(*run);
    start_to_tell_.pop_front();
  }
}

void Decider::Impl::Register(OwnRun& run) {
  const TaskState& state = *slots_[run.slot];
  coordination::LiveRun value;
  value.record = run.record;
  value.session = session_;
  value.kill_requested = run.kill_wanted;
  value.kill_by = run.kill_by;
  value.kill_why = run.kill_why;
  coordination::Txn txn;
  if (run.key_gone) {
    // Somebody took it for lost. The record that comes at its end replaces that guess.
    const std::string key = config_.keys.Run(state.key, run.record.run_id);
    txn = {.when = {coordination::Absent(key)},
           .then = {coordination::Put(key, coordination::FormatLiveRun(value))},
           .otherwise = {coordination::Get(key)}};
  } else {
    txn = coordination::BuildUpdateRun(config_.keys, value, run.key_revision);
  }
  run.registering = true;
  AddUpkeep({.what = Upkeep::What::kRegister,
             .slot = run.slot,
             .run_id = run.record.run_id,
             .session = session_,
             .tells_start = run.record.started_at.has_value(),
             .txn = std::move(txn)});
  if (!run.took_lock || run.session == session_) return;
  const std::string lock = config_.keys.Lock(state.key);
  AddUpkeep({.what = Upkeep::What::kRelock,
             .slot = run.slot,
             .run_id = run.record.run_id,
             .txn = {.when = {coordination::Exists(config_.keys.Session(session_)),
                              coordination::Absent(lock)},
                     .then = {coordination::Put(lock, run.record.run_id, session_)},
                     .otherwise = {coordination::Get(lock)}}});
}

void Decider::Impl::RecordLost(TaskState& state, const SeenRun& seen) {
  const coordination::LiveRun& value = *seen.value;
  const std::uint64_t id = next_id_++;
  Record entry = {.slot = state.slot, .run_id = value.record.run_id};
  if (value.record.tick) {
    entry.first = entry.last = *value.record.tick;
    entry.ticks = true;
  }
  task::LedgerRecord record;
  record.run = value.record;
  // One that was given up says itself how it ended.
  if (!value.record.ended_at) {
    record.run->outcome = task::Outcome::kLost;
    record.run->reason = task::Reason::kAgentDied;
    if (!value.kill_requested) record.run->retry_at = NextAttempt(state, *record.run, now_.wall);
    if (record.run->retry_at) {
      entry.pass_on = value;
      entry.pass_on->record = *record.run;
      entry.pass_on->record.ended_at = now_.wall;
      entry.read_at = seen.revision;
    }
  }
  records_.emplace(id, std::move(entry));
  out_->records.push_back({.id = id, .record = std::move(record)});
}

// True when the run key needs no more attention from here.
bool Decider::Impl::HandleOrphan(const task::RunId& run_id, TaskState& state, BootTime since) {
  if (own_.contains(run_id)) return true;
  if (claimed_.contains(run_id)) return false;
  const auto seen = std::ranges::find_if(
      state.runs, [&](const SeenRun& one) { return one.value->record.run_id == run_id; });
  if (seen == state.runs.end()) return true;
  const coordination::LiveRun& value = *seen->value;
  if (value.record.retry_at) return true;  // AttendRetries has it
  if (value.record.node_id == config_.node_id) {
    if (!strays_ended_) return false;
    if (const auto recorded = found_recorded_.extract(run_id)) {
      if (recorded.mapped() && !value.kill_requested) {
        coordination::LiveRun ended = value;
        ended.record = *recorded.mapped();
        PassOn(state, std::move(ended), seen->revision);
      } else {
        Conclude(state.slot, run_id);
      }
    } else {
      RecordLost(state, *seen);
    }
    return true;
  }
  if (peers_.contains(value.session)) return true;  // comes back here when that session ends
  for (const auto& [lease, peer] : peers_) {
    if (peer.node.node_id == value.record.node_id) return true;  // alive again: its own business
  }
  if (!Trusted()) return false;
  const Instant base{};
  const auto delay = TurnOf(TopicOf(run_id), state.key.project_id, base) - base;
  if (now_.boot < since + kOrphanGrace + delay) return false;
  RecordLost(state, *seen);
  return true;
}

void Decider::Impl::HandleOrphans() {
  if (!listed_) return;
  for (auto orphan = orphans_.begin(); orphan != orphans_.end();) {
    if (!orphan->second.since) orphan->second.since = now_.boot;
    if (HandleOrphan(orphan->first, *slots_[orphan->second.slot], *orphan->second.since)) {
      orphan = orphans_.erase(orphan);
    } else {
      ++orphan;
    }
  }
}

}  // namespace gophercron::agent
