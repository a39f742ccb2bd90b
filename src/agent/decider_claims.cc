// Transactions out, answers in.
#include <algorithm>
#include <limits>

#include "agent/decider_impl.h"
#include "agent/shown_command.h"
#include "base/check.h"

namespace gophercron::agent {

namespace {

schedule::Stretch One(TickInstant tick, task::Reason reason) {
  return {.first = tick, .last = tick, .count = 1, .reason = reason};
}

}  // namespace

Intent Decider::Impl::NewIntent(TaskState& state, Intent::What what) {
  Intent intent;
  intent.what = what;
  intent.slot = state.slot;
  intent.claim.task = state.key;
  intent.claim.session = session_;
  intent.claim.node_id = config_.node_id;
  if (state.task) intent.claim.task_revision = state.task->revision;
  intent.task = state.task;
  intent.plan = state.plan;
  intent.mark = state.Marked().mark.at;
  intent.waiting = state.waiting;
  return intent;
}

void Decider::Impl::AddRun(Intent& intent, const task::RunId& run_id, task::Cause cause,
                           std::optional<TickInstant> tick, bool take_lock) {
  const TaskState& state = *slots_[intent.slot];
  coordination::Claim::Run& run = intent.claim.run.emplace();
  run.run_id = run_id;
  run.take_lock = take_lock;
  if (run.take_lock) run.lock_from = state.lock_from;
  run.value.session = session_;
  task::RunRecord& record = run.value.record;
  record.run_id = run_id;
  record.task = state.key;
  record.tick = tick;
  record.cause = cause;
  if (tick && !state.by_node()) record.after = AfterOf(state, *tick);
  if (state.task) {
    record.task_name = state.task->name;
    record.command = ShownCommand(*state.task);
    record.task_revision = state.task->revision;
  }
  record.node_id = config_.node_id;
  record.node_address = config_.address;
  record.claimed_at = now_.wall;
}

void Decider::Impl::Issue(TaskState& state, Intent intent) {
  if (intent.NeedsPlace()) {
    ++places_used_;
    state.served = ++places_given_;
  }
  if (intent.claim.run) {
    claimed_.insert(intent.claim.run->run_id);
  } else {
    intent.claim.id = NewId(now_.wall, random_);
  }
  state.pending = true;
  claims_out_.push_back(std::move(intent));
}

void Decider::Impl::IssueRun(TaskState& state, TickInstant tick, bool catch_up) {
  Intent intent = NewIntent(state, Intent::What::kRun);
  intent.tick = tick;
  // Exactly the mark that this was planned from, not merely an older one: so what is jumped over is
  // known before the answer, and known even when the answer is lost.
  intent.claim.mark = {
      .to = tick, .from_revision = state.Marked().revision, .of_node = state.by_node()};
  AddRun(intent, NewId(now_.wall, random_), catch_up ? task::Cause::kCatchUp : task::Cause::kTick,
         tick, state.task->overlap != task::Overlap::kAllow && !state.by_node());
  if (catch_up) state.not_before = now_.wall + kCatchUpPace;
  Issue(state, std::move(intent));
}

void Decider::Impl::IssueAccount(TaskState& state, TickInstant tick,
                                 std::optional<task::Outcome> outcome, task::Reason reason,
                                 std::string detail) {
  Intent intent = NewIntent(state, Intent::What::kAccount);
  intent.tick = tick;
  intent.claim.mark = {
      .to = tick, .from_revision = state.Marked().revision, .of_node = state.by_node()};
  intent.outcome = outcome.value_or(task::Outcome::kMissed);
  intent.reason = reason;
  intent.detail = std::move(detail);
  Issue(state, std::move(intent));
}

void Decider::Impl::IssueEnqueue(TaskState& state, TickInstant tick) {
  Intent intent = NewIntent(state, Intent::What::kEnqueue);
  intent.tick = tick;
  intent.claim.mark = {
      .to = tick, .from_revision = state.Marked().revision, .of_node = state.by_node()};
  intent.claim.enqueue = tick;
  Issue(state, std::move(intent));
}

// A trigger or queued tick that is not to be run. Its run key carries the end of the story from the
// first moment: whoever finds it later, because the answer was lost or the agent died, writes down
// what it says.
void Decider::Impl::IssueGiveUp(TaskState& state, Intent::What what,
                                coordination::Claim::Consume consume, task::RunRecord end) {
  Intent intent = NewIntent(state, what);
  // Whatever the definition says meanwhile.
  if (what == Intent::What::kGiveUpManual) intent.claim.task_revision.reset();
  intent.claim.consume = std::move(consume);
  if (end.tick) intent.tick = *end.tick;
  AddRun(intent, end.run_id, end.cause, end.tick, false);
  task::RunRecord& record = intent.claim.run->value.record;
  record.outcome = end.outcome;
  record.reason = end.reason;
  record.detail = std::move(end.detail);
  record.requested_by = std::move(end.requested_by);
  record.ended_at = now_.wall;
  Issue(state, std::move(intent));
}

void Decider::Impl::RecordGivenUp(TaskState& state, Intent& intent, Revision fence) {
  auto own = std::make_unique<OwnRun>();
  own->state = OwnRun::State::kEnded;
  own->slot = state.slot;
  own->record = std::move(intent.claim.run->value.record);
  own->record.fence = fence;
  own->session = intent.claim.session;
  own->key_revision = fence;
  orphans_.erase(own->record.run_id);
  OwnRun& ended = *own;
  own_.emplace(ended.record.run_id, std::move(own));
  RecordRun(ended);
}

void Decider::Impl::IssueFirstMark(TaskState& state) {
  const TickInstant now = std::chrono::floor<seconds>(now_.wall);
  const TickInstant since = std::chrono::floor<seconds>(state.task->scheduled_since);
  coordination::Mark mark = {.at = now, .node_id = config_.node_id, .run_id = {}, .claim_id = {}};
  const seconds reach = state.by_node() ? kFirstNodeMarkReach : kFirstMarkReach;
  if (since < now && now - since <= reach) mark.at = since;
  state.pending = true;
  Upkeep part = {.what = Upkeep::What::kFirstMark, .slot = state.slot, .run_id = {}, .mark = mark};
  part.of_node = state.by_node();
  part.txn = coordination::BuildFirstMark(config_.keys, state.key, mark, part.of_node);
  AddUpkeep(std::move(part));
}

void Decider::Impl::AddUpkeep(Upkeep upkeep) {
  upkeep_out_.push_back(std::move(upkeep));
}

// A claim that surely did not happen: as if it had never been decided.
void Decider::Impl::Unclaim(const Intent& intent) {
  slots_[intent.slot]->pending = false;
  if (intent.NeedsPlace()) --places_used_;
  if (intent.claim.run) claimed_.erase(intent.claim.run->run_id);
}

void Decider::Impl::DropUnsent() {
  for (const Intent& intent : claims_out_) Unclaim(intent);
  claims_out_.clear();
}

coordination::Txn Decider::Impl::BuildClaims(const std::vector<Intent>& intents) const {
  std::vector<coordination::Txn> parts;
  parts.reserve(intents.size());
  for (const Intent& intent : intents) {
    parts.push_back(coordination::BuildClaim(config_.keys, intent.claim));
  }
  return coordination::BuildBatch(std::move(parts));
}

void Decider::Impl::Send(std::uint64_t id, const Pending& pending) {
  if (!pending.intents.empty()) {
    out_->commits.push_back({.id = id, .txn = BuildClaims(pending.intents)});
    return;
  }
  std::vector<coordination::Txn> parts;
  parts.reserve(pending.upkeep.size());
  for (const Upkeep& upkeep : pending.upkeep) parts.push_back(upkeep.txn);
  out_->commits.push_back({.id = id, .txn = coordination::BuildBatch(std::move(parts))});
}

// What comes while two batches are on their way shares the next one, so a slow store is asked less
// often and not more.
void Decider::Impl::FlushClaims() {
  std::size_t sent = 0;
  while (sent < claims_out_.size()) {
    const std::size_t count = std::min(claims_out_.size() - sent, coordination::kClaimsPerTxnMax);
    Pending batch;
    batch.partial = count < coordination::kClaimsPerTxnMax;
    batch.sent = std::chrono::floor<seconds>(now_.wall);
    if (batch.partial && partial_in_flight_ >= kPartialBatchesMax) break;
    partial_in_flight_ += batch.partial ? 1 : 0;
    for (std::size_t i = 0; i < count; ++i) {
      batch.intents.push_back(std::move(claims_out_[sent + i]));
    }
    sent += count;
    const std::uint64_t id = next_id_++;
    Send(id, pending_.emplace(id, std::move(batch)).first->second);
  }
  claims_out_.erase(claims_out_.begin(), claims_out_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void Decider::Impl::FlushUpkeep() {
  while (!upkeep_out_.empty() &&
         (upkeep_in_flight_ == 0 || upkeep_out_.size() >= coordination::kClaimsPerTxnMax)) {
    // One part for each task: two could write the same key. What stays keeps its order.
    Pending batch;
    batch.sent = std::chrono::floor<seconds>(now_.wall);
    std::set<std::uint32_t> taken;
    std::deque<Upkeep> rest;
    for (Upkeep& upkeep : upkeep_out_) {
      if (batch.upkeep.size() < coordination::kClaimsPerTxnMax &&
          taken.insert(upkeep.slot).second) {
        batch.upkeep.push_back(std::move(upkeep));
      } else {
        rest.push_back(std::move(upkeep));
      }
    }
    upkeep_out_ = std::move(rest);
    ++upkeep_in_flight_;
    const std::uint64_t id = next_id_++;
    Send(id, pending_.emplace(id, std::move(batch)).first->second);
  }
}

void Decider::Impl::HandleFailure(std::uint64_t id, Pending& pending, const Error& error) {
  const bool maybe = error.code == ErrorCode::kOutcomeUnknown;
  pending.unknown = pending.unknown || maybe;
  ++failures_;
  BeginOutage(pending.sent, task::Reason::kStoreHeld, error.message);
  const milliseconds backoff =
      std::min(kBackoffMost, kBackoffFirst * (1 << std::min(pending.tries, 5)));
  ++pending.tries;
  if (!maybe && !IsRetryable(error.code)) {
    alarms_.push_back({.kind = Alarm::Kind::kRefused, .task = {}, .sentence = error.message});
  }
  // An unknown claim is sent again unchanged until something definite is heard; so is upkeep, which
  // is not bound to a moment. A claim that surely did not happen is planned anew.
  if (!pending.upkeep.empty() && !maybe && !IsRetryable(error.code)) {
    SetAside(id, pending);
    return;
  }
  if (!pending.upkeep.empty() || pending.unknown) {
    pending.again_at = now_.boot + backoff;
    return;
  }
  for (const Intent& intent : pending.intents) {
    TaskState& state = *slots_[intent.slot];
    Unclaim(intent);
    state.retry_at = now_.boot + backoff;
    retries_.emplace(*state.retry_at, state.slot);
  }
  partial_in_flight_ -= pending.partial ? 1 : 0;
  pending_.erase(id);
}

// The coordinator will refuse these for ever, as they are. The one that is at fault must not hold
// up the others: each is sent alone, and what is still refused is tried now and then.
void Decider::Impl::SetAside(std::uint64_t id, Pending& pending) {
  if (!pending.aside) --upkeep_in_flight_;
  if (pending.upkeep.size() == 1) {
    pending.aside = true;
    pending.again_at = now_.boot + kRefusedPatience;
    // Nothing waits for it: its record is durable, and whoever finds the key later has that record.
    OwnRun* own = FindOwn(pending.upkeep.front().run_id);
    const Upkeep::What what = pending.upkeep.front().what;
    if ((what == Upkeep::What::kConclude || what == Upkeep::What::kPassOn) && own != nullptr) {
      std::erase(slots_[own->slot]->own, own);
      own->state = OwnRun::State::kConcluded;
      own->concluded_revision = std::numeric_limits<Revision>::max();
    }
    return;
  }
  std::vector<Upkeep> parts = std::move(pending.upkeep);
  pending_.erase(id);
  for (Upkeep& part : parts) {
    Pending alone;
    alone.upkeep.push_back(std::move(part));
    alone.sent = std::chrono::floor<seconds>(now_.wall);
    ++upkeep_in_flight_;
    const std::uint64_t next = next_id_++;
    Send(next, pending_.emplace(next, std::move(alone)).first->second);
  }
}

void Decider::Impl::HandleAnswer(std::uint64_t id, Result<coordination::TxnResult> result) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  if (!result) {
    HandleFailure(id, pending, result.error());
    return;
  }
  failures_ = 0;
  Pending done = std::move(pending);
  pending_.erase(found);
  if (!done.intents.empty()) {
    partial_in_flight_ -= done.partial ? 1 : 0;
    for (std::size_t i = 0; i < done.intents.size(); ++i) {
      const coordination::TxnResult& part = *result->results.at(i).nested;
      HandleClaim(done.intents[i],
                  coordination::ReadClaim(config_.keys, done.intents[i].claim, part),
                  result->revision);
    }
    return;
  }
  if (!done.aside) --upkeep_in_flight_;
  for (std::size_t i = 0; i < done.upkeep.size(); ++i) {
    HandleUpkeep(done.upkeep[i], *result->results.at(i).nested);
  }
}

void Decider::Impl::HandleClaim(Intent& intent, const coordination::ClaimAnswer& answer,
                                Revision revision) {
  using Kind = coordination::ClaimAnswer::Kind;
  TaskState& state = *slots_[intent.slot];
  state.pending = false;
  if (intent.claim.run) claimed_.erase(intent.claim.run->run_id);
  if (answer.kind == Kind::kWon) {
    HandleWon(state, intent, answer);
    return;
  }
  if (intent.NeedsPlace()) --places_used_;
  MarkDirty(state);
  switch (answer.kind) {
    case Kind::kWon:
      break;
    case Kind::kOvertaken:
      NoteMark(state, intent.claim.mark && intent.claim.mark->of_node, answer.mark,
               answer.mark_revision);
      if (!answer.mark) {
        // Unreadable: an operator has to look at it, and asking faster does not help.
        state.retry_at = now_.boot + seconds(1);
        retries_.emplace(*state.retry_at, state.slot);
      }
      break;
    case Kind::kEdited:
      if (intent.claim.task_revision && *intent.claim.task_revision >= state.task_revision) {
        state.refused_revision = *intent.claim.task_revision;
      }
      break;
    case Kind::kLocked:
      state.lock_from.clear();
      NoteLock(state, answer.lock_holder, revision);
      break;
    case Kind::kSessionGone:
      if (intent.claim.session == session_) session_lost_ = true;
      break;
    case Kind::kConsumed:
      for (SeenRun& seen : state.runs) {
        if (intent.claim.consume && seen.revision == intent.claim.consume->revision) {
          seen.refused = true;
        }
      }
      if (intent.claim.consume && state.queued_revision == intent.claim.consume->revision) {
        Queued(state, std::nullopt, revision);
      }
      std::erase_if(state.triggers, [&](const SeenTrigger& trigger) {
        return intent.claim.consume && trigger.revision == intent.claim.consume->revision;
      });
      break;
    case Kind::kNoMark:
      MarkGone(state.key, intent.claim.mark->of_node, revision);
      break;
  }
}

// The ticks up to `until` that the claim jumped over, as rows of the ledger.
void Decider::Impl::RecordJumped(const Intent& intent, TickInstant until) {
  if (!intent.plan) return;
  TickInstant after = intent.mark;
  for (const schedule::Stretch& stretch : schedule::JumpedTicks(
           *intent.plan, *intent.task, intent.mark, until, now_.wall, intent.waiting, outages_)) {
    RecordStretch(intent, stretch, after, task::Outcome::kMissed, stretch.detail);
    after = stretch.last;
  }
}

// Ticks of a task that one node runs are one row, a link of the task's chain. Those of a task that
// every node runs are one row each, as runs are, because every node has its own; and where this
// node was not there, nothing was expected of it.
void Decider::Impl::RecordStretch(const Intent& intent, const schedule::Stretch& ticks,
                                  std::optional<TickInstant> after, task::Outcome outcome,
                                  const std::string& detail) {
  if (!intent.claim.mark->of_node) {
    RecordSpan(intent.claim.task, ticks, after, outcome, detail);
    return;
  }
  if (ticks.reason == task::Reason::kCatchUp) return;
  std::optional<TickInstant> tick = ticks.last;
  for (std::int64_t i = 0; tick && *tick >= ticks.first && i < kNodeTicksRecordedMax; ++i) {
    task::LedgerRecord record;
    task::RunRecord& run = record.run.emplace();
    run.run_id = NewId(now_.wall, random_);
    run.task = intent.claim.task;
    run.tick = tick;
    run.task_name = intent.task->name;
    run.command = ShownCommand(*intent.task);
    run.task_revision = intent.task->revision;
    run.node_id = config_.node_id;
    run.node_address = config_.address;
    run.outcome = outcome;
    run.reason = ticks.reason;
    run.detail = detail;
    run.claimed_at = run.ended_at.emplace(now_.wall);
    const std::uint64_t id = next_id_++;
    records_.emplace(id, Record{.slot = intent.slot});
    out_->records.push_back({.id = id, .record = std::move(record)});
    tick = intent.plan->Latest(ticks.first - seconds(1), *tick - seconds(1));
  }
}

void Decider::Impl::HandleWon(TaskState& state, Intent& intent,
                              const coordination::ClaimAnswer& answer) {
  if (intent.claim.mark) {
    NoteMark(state, intent.claim.mark->of_node,
             coordination::Mark{.at = intent.claim.mark->to,
                                .node_id = config_.node_id,
                                .run_id = intent.claim.run ? intent.claim.run->run_id : "",
                                .claim_id = {}},
             answer.fence);
  }
  MarkDirty(state);
  const TickInstant before = intent.tick - seconds(1);
  const auto after_of_tick = [&]() -> TickInstant {
    if (!intent.plan) return intent.mark;
    return intent.plan->Latest(intent.mark, before).value_or(intent.mark);
  };
  switch (intent.what) {
    case Intent::What::kRun:
      RecordJumped(intent, before);
      if (!intent.claim.mark->of_node) intent.claim.run->value.record.after = after_of_tick();
      Hold(state, intent, answer.fence);
      return;
    case Intent::What::kAccount: {
      if (intent.former) {
        RecordStretch(
            intent,
            {.first = intent.plan->Next(intent.mark).value_or(intent.tick),
             .last = intent.tick,
             .count = std::max<std::int64_t>(intent.plan->Count(intent.mark, intent.tick), 1),
             .reason = intent.reason},
            intent.mark, intent.outcome, "");
        return;
      }
      if (intent.reason == task::Reason::kNone) {
        RecordJumped(intent, intent.tick);
        return;
      }
      RecordJumped(intent, before);
      RecordStretch(intent, One(intent.tick, intent.reason), after_of_tick(), intent.outcome,
                    intent.detail);
      return;
    }
    case Intent::What::kEnqueue: {
      RecordJumped(intent, before);
      const auto displaced =
          answer.repeated
              ? (state.queued && *state.queued < intent.tick ? state.queued : std::nullopt)
              : answer.displaced;
      if (displaced) {
        RecordSpan(state.key, One(*displaced, task::Reason::kQueued), AfterOf(state, *displaced),
                   task::Outcome::kSkipped);
      }
      Queued(state, intent.tick, answer.fence);
      return;
    }
    case Intent::What::kQueuedRun:
      Queued(state, std::nullopt, answer.fence);
      Hold(state, intent, answer.fence);
      return;
    case Intent::What::kRetry:
      RunKeyGone(state.key, intent.retry_of, answer.fence);
      Hold(state, intent, answer.fence);
      return;
    case Intent::What::kManualRun:
      TriggerGone(state, intent.claim.run->run_id, answer.fence + 1);
      Hold(state, intent, answer.fence);
      return;
    case Intent::What::kGiveUpQueued:
      Queued(state, std::nullopt, answer.fence);
      RecordGivenUp(state, intent, answer.fence);
      return;
    case Intent::What::kGiveUpManual:
      TriggerGone(state, intent.claim.run->run_id, answer.fence + 1);
      RecordGivenUp(state, intent, answer.fence);
      return;
  }
}

void Decider::Impl::HandleUpkeep(const Upkeep& upkeep, const coordination::TxnResult& result) {
  TaskState& state = *slots_[upkeep.slot];
  MarkDirty(state);
  OwnRun* own = FindOwn(upkeep.run_id);
  switch (upkeep.what) {
    case Upkeep::What::kFirstMark:
      state.pending = false;
      if (result.succeeded) {
        NoteMark(state, upkeep.of_node, upkeep.mark, result.revision);
      } else if (const auto& got = result.results.at(0).got) {
        if (auto mark = coordination::ParseMark(got->value)) {
          NoteMark(state, upkeep.of_node, *mark, got->mod_revision);
        }
      }
      return;
    case Upkeep::What::kUnlock:
      if (state.lock_from == upkeep.run_id) state.lock_from.clear();
      return;
    case Upkeep::What::kConclude:
      if (state.lock_from == upkeep.run_id) state.lock_from.clear();
      if (own != nullptr) {
        own->state = OwnRun::State::kConcluded;
        own->concluded_revision = result.revision;
        if (own->key_gone) DropOwn(upkeep.run_id);
      }
      return;
    case Upkeep::What::kPassOn:
      HandlePassOn(upkeep, result);
      return;
    case Upkeep::What::kRegister:
      if (own == nullptr) return;
      own->registering = false;
      look_at_runs_ = true;  // it may have to be tried again
      if (result.succeeded) {
        own->session = upkeep.session;
        own->start_told = own->start_told || upkeep.tells_start;
        own->key_revision = std::max(own->key_revision, result.revision);
        own->key_gone = false;
        return;
      }
      if (const auto& got = result.results.at(0).got) {
        own->key_revision = std::max(own->key_revision, got->mod_revision);
        own->key_gone = false;
        if (upkeep.tells_start) start_to_tell_.emplace_front(now_.boot, upkeep.run_id);
      } else {
        own->key_gone = own->was_gone = true;
      }
      return;  // RegisterRuns tries again
    case Upkeep::What::kRelock:
      if (own == nullptr || result.succeeded) return;
      if (const auto& got = result.results.at(0).got; got && got->value != upkeep.run_id) {
        own->record.detail = "overlapped with run " + got->value;
      }
      return;
    case Upkeep::What::kKill:
      return;
  }
}

}  // namespace gophercron::agent
