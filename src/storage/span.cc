#include "storage/span.h"

#include <fmt/format.h>

#include <algorithm>

namespace gophercron::storage {
namespace {

using task::OutcomeSpan;

// Tick number `index` of the span, were they evenly spaced.
TickInstant TickOf(const OutcomeSpan& span, std::int64_t index) {
  if (index <= 0 || span.count <= 1) return span.first;
  if (index >= span.count - 1) return span.last;
  const std::int64_t width = (span.last - span.first).count();
  return span.first + seconds(width * index / (span.count - 1));
}

// How many ticks of the span are before `at`, were they evenly spaced.
std::int64_t TicksBefore(const OutcomeSpan& span, TickInstant at) {
  if (at <= span.first) return 0;
  if (at > span.last) return span.count;
  const std::int64_t width = (span.last - span.first).count();
  const std::int64_t offset = (at - span.first).count();
  // The smallest index whose tick is at or after `at`.
  return std::clamp<std::int64_t>((offset * (span.count - 1) + width - 1) / width, 1,
                                  span.count - 1);
}

}  // namespace

bool IsGuess(const task::RunRecord& run) {
  return run.outcome == task::Outcome::kLost && run.reason == task::Reason::kAgentDied;
}

bool IsGuess(const OutcomeSpan& span) {
  return span.outcome == task::Outcome::kMissed && span.reason == task::Reason::kNotRecorded;
}

SpanPieces Cut(const OutcomeSpan& span, TickInstant first, TickInstant last,
               std::optional<std::int64_t> count) {
  std::int64_t before = TicksBefore(span, first);
  std::int64_t after = span.count - TicksBefore(span, last + seconds(1));
  // What is known of the part cut out is better than what even spacing says of it.
  if (count && first >= span.first && last <= span.last) {
    // Its two ends are ticks for certain: a side that is left keeps at least its own.
    const std::int64_t least_before = first > span.first ? 1 : 0;
    const std::int64_t least_after = last < span.last ? 1 : 0;
    after = std::min(after, std::max(least_after, span.count - before - *count));
    before = std::min(before, std::max(least_before, span.count - after - *count));
  }
  SpanPieces pieces;
  if (before > 0) {
    pieces.before = span;
    pieces.before->count = before;
    pieces.before->last =
        std::max(span.first, std::min(TickOf(span, before - 1), first - seconds(1)));
  }
  if (after > 0) {
    pieces.after = span;
    pieces.after->count = after;
    pieces.after->first =
        std::min(span.last, std::max(TickOf(span, span.count - after), last + seconds(1)));
    pieces.after->after = last;
  }
  return pieces;
}

std::int64_t TicksWithin(const OutcomeSpan& span, Instant from, Instant to) {
  const auto begin = std::chrono::ceil<seconds>(from);
  const auto end = std::chrono::ceil<seconds>(to);
  return std::max<std::int64_t>(0, TicksBefore(span, end) - TicksBefore(span, begin));
}

bool Continues(const OutcomeSpan& row, const OutcomeSpan& next) {
  return next.after == row.last && next.outcome == row.outcome && next.reason == row.reason &&
         next.detail == row.detail;
}

Status CheckRecord(const task::LedgerRecord& record) {
  const auto bad = [](std::string message) {
    return Fail(ErrorCode::kInvalidArgument, std::move(message));
  };
  if (record.run.has_value() == record.span.has_value()) {
    return bad("a ledger record must hold either a run or a span of ticks, exactly one of them");
  }
  if (record.run) {
    const task::RunRecord& run = *record.run;
    if (run.run_id.empty()) return bad("a run without a run id can not be recorded");
    if (run.task.project_id <= 0 || run.task.task_id.empty()) {
      return bad(fmt::format("run {} does not name its project and task", run.run_id));
    }
    if (run.attempt < 1) {
      return bad(
          fmt::format("run {} has attempt {}: attempts count from 1", run.run_id, run.attempt));
    }
    return {};
  }
  const OutcomeSpan& span = *record.span;
  if (span.task.project_id <= 0 || span.task.task_id.empty()) {
    return bad("a span of ticks does not name its project and task");
  }
  if (span.last < span.first || span.count < 1 ||
      (span.last - span.first).count() < span.count - 1) {
    return bad(fmt::format("a span of task {} has {} ticks from {} to {}: that can not be",
                           span.task.task_id, span.count, FormatRfc3339(span.first),
                           FormatRfc3339(span.last)));
  }
  return {};
}

}  // namespace gophercron::storage
