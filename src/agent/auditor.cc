#include "agent/auditor.h"

#include <algorithm>
#include <utility>

#include "schedule/plan.h"

namespace gophercron::agent {

namespace {

using Interval = std::pair<TickInstant, TickInstant>;

std::vector<Interval> OpenIntervals(const OpenTicks& open) {
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < open.firsts.size(); ++i) {
    intervals.emplace_back(open.firsts[i], open.lasts[i]);
  }
  std::ranges::sort(intervals);
  return intervals;
}

// The ticks in (after, until) that nothing covers; `until` belongs to them when `closed`.
void AddMissing(const AuditConfig& config, const std::optional<schedule::Plan>& plan,
                const OpenTicks& open, TickInstant after, TickInstant until, bool closed,
                Instant now, std::vector<task::OutcomeSpan>& spans) {
  const TickInstant last_possible = closed ? until : until - seconds(1);
  if (last_possible <= after) return;
  task::OutcomeSpan span;
  span.task = open.task;
  span.first = span.last = last_possible;
  span.after = after;
  span.outcome = task::Outcome::kMissed;
  span.reason = task::Reason::kNotRecorded;
  const std::int64_t count = plan ? plan->Count(after, last_possible) : 0;
  // Where a mark stood there was a tick, whatever the definition says today; elsewhere only the
  // definition knows.
  if (count == 0 && !closed) return;
  if (count > 0) {
    span.first = plan->Next(after).value_or(last_possible);
    if (!closed) span.last = plan->Latest(after, last_possible).value_or(last_possible);
    span.count = count;
  }
  span.node_id = config.node_id;
  span.recorded_at = now;
  spans.push_back(std::move(span));
}

std::vector<task::OutcomeSpan> AuditRange(const AuditConfig& config, TickInstant after,
                                          TickInstant until, const OpenTicks& open, Instant now) {
  std::optional<schedule::Plan> plan;
  if (open.definition) {
    if (auto made = schedule::Plan::Make(*open.definition, config.zone)) plan = *made;
  }
  std::vector<task::OutcomeSpan> spans;
  for (const auto& [first, last] : OpenIntervals(open)) {
    if (last <= after) continue;
    if (first > until) break;
    AddMissing(config, plan, open, after, first, false, now, spans);
    after = std::max(after, last);
  }
  if (after < until) AddMissing(config, plan, open, after, until, true, now, spans);
  return spans;
}

}  // namespace

std::vector<task::OutcomeSpan> AuditGap(const AuditConfig& config, const storage::LedgerGap& gap,
                                        const OpenTicks& open, Instant now) {
  if (gap.until > open.mark) return {};
  return AuditRange(config, gap.after, gap.until, open, now);
}

std::vector<task::OutcomeSpan> AuditTail(const AuditConfig& config,
                                         std::optional<TickInstant> last_accounted,
                                         const OpenTicks& open, Instant now) {
  if (!last_accounted || *last_accounted >= open.mark) return {};
  return AuditRange(config, *last_accounted, open.mark, open, now);
}

}  // namespace gophercron::agent
