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

struct Why {
  task::Reason reason = task::Reason::kNone;
  std::string_view detail;
  bool operator==(const Why&) const = default;
};

void AddStretch(const Plan& plan, TickInstant after, TickInstant until, const Why& why,
                std::vector<Stretch>& stretches) {
  if (after >= until) return;
  const std::int64_t count = plan.Count(after, until);
  if (count == 0) return;
  const auto first = plan.Next(after);
  const auto last = plan.Latest(after, until);
  if (!first || !last) return;
  stretches.push_back({.first = *first,
                       .last = *last,
                       .count = count,
                       .reason = why.reason,
                       .detail = std::string(why.detail)});
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
                                 const std::optional<Waiting>& waiting,
                                 std::span<const Outage> outages) {
  if (mark >= until) return {};
  // Ticks up to `passed` had their deadline before now; those after `held` were waiting here.
  const TickInstant passed = std::chrono::ceil<seconds>(now - task.start_deadline) - seconds(1);
  const TickInstant held = waiting ? waiting->since - seconds(1) : until;
  const auto why = [&](TickInstant tick) -> Why {
    const auto outage = std::ranges::find_if(
        outages.rbegin(), outages.rend(),
        [&](const Outage& one) { return tick > one.after && tick <= one.until; });
    if (outage != outages.rend()) return {outage->reason, outage->detail};
    if (tick <= held) {
      return {tick <= passed ? task::Reason::kCatchUp : task::Reason::kOvertaken, ""};
    }
    const bool known = tick <= passed || waiting->reason == task::Reason::kRunLimit;
    return {known ? waiting->reason : task::Reason::kOvertaken, ""};
  };
  // Between two of these instants the answer is the same.
  std::vector<TickInstant> cuts = {until};
  const auto cut = [&](TickInstant at) {
    if (at > mark && at < until) cuts.push_back(at);
  };
  cut(passed);
  cut(held);
  for (const Outage& outage : outages) {
    cut(outage.after);
    cut(outage.until);
  }
  std::ranges::sort(cuts);
  std::vector<Stretch> stretches;
  TickInstant after = mark;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const Why here = why(cuts[i]);
    if (i + 1 < cuts.size() && why(cuts[i + 1]) == here) continue;
    AddStretch(plan, after, cuts[i], here, stretches);
    after = cuts[i];
  }
  return stretches;
}

OverlapStep DecideOverlap(task::Overlap policy, bool going, bool at_instant, bool catch_up,
                          bool in_order) {
  if (policy == task::Overlap::kAllow || !going) return OverlapStep::kClaim;
  if (!at_instant || catch_up) return OverlapStep::kWait;
  switch (policy) {
    case task::Overlap::kSkip:
      return OverlapStep::kSkip;
    case task::Overlap::kQueue:
      return in_order ? OverlapStep::kWait : OverlapStep::kEnqueue;
    case task::Overlap::kReplace:
      return OverlapStep::kReplace;
    case task::Overlap::kAllow:
      break;
  }
  return OverlapStep::kClaim;
}

}  // namespace gophercron::schedule
