#include "schedule/policy.h"

#include <algorithm>

namespace gophercron::schedule {

namespace {

// The oldest of the newest `max_number` due ticks that are live or young enough.
std::optional<TickInstant> OldestToCatchUp(const Plan& plan, const task::Task& task,
                                           TickInstant mark, TickInstant newest, Instant now) {
  const seconds reach = std::max(task.catch_up.max_age, task.start_deadline);
  // Ticks have whole seconds: at or after `now` - `reach` is after the second before its ceiling.
  const TickInstant after = std::max(mark, std::chrono::ceil<seconds>(now - reach) - seconds(1));
  std::optional<TickInstant> oldest;
  TickInstant until = newest;
  for (int i = 0; i < std::max(task.catch_up.max_number, 1); ++i) {
    const auto tick = plan.Latest(after, until);
    if (!tick) break;
    oldest = tick;
    until = *tick - seconds(1);
  }
  return oldest;
}

void AddStretch(const Plan& plan, TickInstant after, TickInstant until, task::Reason reason,
                std::vector<Stretch>& stretches) {
  if (after >= until) return;
  const std::int64_t count = plan.Count(after, until);
  if (count == 0) return;
  const auto first = plan.Next(after);
  const auto last = plan.Latest(after, until);
  if (!first || !last) return;
  stretches.push_back({.first = *first, .last = *last, .count = count, .reason = reason});
}

}  // namespace

DueNow FindDue(const Plan& plan, const task::Task& task, TickInstant mark, Instant now,
               microseconds lead, const std::optional<Waiting>& waiting) {
  const TickInstant until = std::chrono::floor<seconds>(now + lead);
  const auto newest = plan.Latest(mark, until);
  if (!newest) {
    return {.kind = DueNow::Kind::kNothing, .next = plan.Next(std::max(mark, until))};
  }
  DueNow due = {.kind = DueNow::Kind::kRun, .tick = *newest};
  if (task.catch_up.mode == task::CatchUpMode::kAll) {
    const auto oldest = OldestToCatchUp(plan, task, mark, *newest, now);
    if (oldest) {
      due.tick = *oldest;
      due.catch_up = !IsLive(task, *oldest, now);
      return due;
    }
    due.kind = DueNow::Kind::kAccount;
    return due;
  }
  if (IsLive(task, *newest, now)) return due;
  const bool waited = waiting && *newest >= waiting->since;
  if (task.catch_up.mode == task::CatchUpMode::kLatest && !waited &&
      *newest + task.catch_up.max_age >= now) {
    due.catch_up = true;
    return due;
  }
  due.kind = DueNow::Kind::kAccount;
  return due;
}

std::vector<Stretch> JumpedTicks(const Plan& plan, const task::Task& task, TickInstant mark,
                                 TickInstant until, Instant now,
                                 const std::optional<Waiting>& waiting) {
  std::vector<Stretch> stretches;
  if (mark >= until) return stretches;
  // (mark, passed] had their deadline before now; (held, until] were waiting here.
  const TickInstant passed =
      std::clamp(std::chrono::ceil<seconds>(now - task.start_deadline) - seconds(1), mark, until);
  const TickInstant held = std::clamp(waiting ? waiting->since - seconds(1) : until, mark, until);
  const task::Reason reason = waiting ? waiting->reason : task::Reason::kNone;
  AddStretch(plan, mark, std::min(passed, held), task::Reason::kCatchUp, stretches);
  AddStretch(plan, std::min(passed, held), held, task::Reason::kOvertaken, stretches);
  const TickInstant late = std::max(passed, held);
  AddStretch(plan, held, late, reason, stretches);
  AddStretch(plan, late, until,
             reason == task::Reason::kRunLimit ? reason : task::Reason::kOvertaken, stretches);
  return stretches;
}

OverlapStep DecideOverlap(task::Overlap policy, bool going, bool at_instant, bool catch_up) {
  if (policy == task::Overlap::kAllow || !going) return OverlapStep::kClaim;
  if (!at_instant || catch_up) return OverlapStep::kWait;
  switch (policy) {
    case task::Overlap::kSkip:
      return OverlapStep::kSkip;
    case task::Overlap::kQueue:
      return OverlapStep::kEnqueue;
    case task::Overlap::kReplace:
      return OverlapStep::kReplace;
    case task::Overlap::kAllow:
      break;
  }
  return OverlapStep::kClaim;
}

}  // namespace gophercron::schedule
