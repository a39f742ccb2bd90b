// The ledger of SimStore.

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/id.h"
#include "sim/sim_store.h"
#include "storage/span.h"

namespace gophercron::sim {
namespace {

using storage::IsGuess;
using storage::LedgerGap;
using storage::LedgerRow;
using task::OutcomeSpan;
using task::RunRecord;

std::unexpected<Error> Unknown(std::string what) {
  return Fail(ErrorCode::kNotFound, "there is no such " + what);
}

bool Overlap(const OutcomeSpan& a, const OutcomeSpan& b) {
  return a.first <= b.last && b.first <= a.last;
}

// Every element of `spans` without the ticks of [first, last].
std::vector<OutcomeSpan> Without(const std::vector<OutcomeSpan>& spans, TickInstant first,
                                 TickInstant last, std::int64_t count) {
  std::vector<OutcomeSpan> left;
  for (const OutcomeSpan& span : spans) {
    if (span.last < first || span.first > last) {
      left.push_back(span);
      continue;
    }
    const storage::SpanPieces pieces = storage::Cut(span, first, last, count);
    if (pieces.before) left.push_back(*pieces.before);
    if (pieces.after) left.push_back(*pieces.after);
  }
  return left;
}

void SortSpans(std::vector<OutcomeSpan>& spans) {
  std::ranges::sort(spans, {}, &OutcomeSpan::first);
}

}  // namespace

#define WITH_LOCK(kind)                                                                     \
  const std::lock_guard lock(mutex_);                                                       \
  if (outage_ == Outage::kUnavailable || (outage_ == Outage::kUnanswered && (kind) == 'r')) \
  return Fail(ErrorCode::kUnavailable, "the store is away")

TickInstant SimStore::At(const RunRecord& run) {
  return run.tick ? *run.tick : std::chrono::floor<seconds>(run.claimed_at);
}

const SimStore::StoredRun* SimStore::FindRun(std::string_view run_id) const {
  for (const auto& [key, history] : ledger_) {
    for (const StoredRun& stored : history.runs) {
      if (stored.run.run_id == run_id) return &stored;
    }
  }
  return nullptr;
}

std::vector<RunRecord> SimStore::RunsAt(const History& history, TickInstant at) {
  std::vector<RunRecord> runs;
  for (const StoredRun& stored : history.runs) {
    if (stored.run.tick == at) runs.push_back(stored.run);
  }
  return runs;
}

Status SimStore::Record(std::span<const task::LedgerRecord> batch) {
  for (const task::LedgerRecord& record : batch) {
    if (Status sound = storage::CheckRecord(record); !sound) return sound;
  }
  WITH_LOCK('w');
  for (const task::LedgerRecord& record : batch) {
    if (record.run) AddRun(record);
    if (record.span) AddSpan(*record.span);
  }
  if (outage_ == Outage::kUnanswered) {
    return Fail(ErrorCode::kOutcomeUnknown, "the store did not answer");
  }
  return {};
}

void SimStore::AddRun(const task::LedgerRecord& record) {
  const RunRecord& run = *record.run;
  History& history = ledger_[run.task];
  const auto same = [&](const RunRecord& other) {
    return other.run_id == run.run_id ||
           (run.tick && other.tick == run.tick && other.attempt == run.attempt &&
            other.node_id == run.node_id && (IsGuess(run) || IsGuess(other)));
  };
  for (const StoredRun& stored : history.runs) {
    if (same(stored.run) && (IsGuess(run) || !IsGuess(stored.run))) return;
  }
  if (run.tick) {
    for (const OutcomeSpan& span : history.spans) {
      if (span.first <= *run.tick && *run.tick <= span.last && IsGuess(run) && !IsGuess(span)) {
        return;
      }
    }
    history.spans = Without(history.spans, *run.tick, *run.tick, 1);
    history.last = std::max(history.last, run.tick);
  }
  std::erase_if(history.runs, [&](const StoredRun& stored) { return same(stored.run); });
  history.runs.push_back({run, record.output, next_sequence_++});
  std::ranges::sort(history.runs, {}, [](const StoredRun& stored) {
    return std::tuple(At(stored.run), stored.run.attempt, stored.run.run_id);
  });
}

void SimStore::AddSpan(const OutcomeSpan& span) {
  History& history = ledger_[span.task];
  std::vector<OutcomeSpan> parts = {span};
  std::vector<OutcomeSpan> kept;
  for (const OutcomeSpan& there : history.spans) {
    if (!Overlap(there, span)) {
      kept.push_back(there);
    } else if (!IsGuess(span) && IsGuess(there)) {
      for (const OutcomeSpan& piece : Without({there}, span.first, span.last, span.count)) {
        kept.push_back(piece);
      }
    } else {
      kept.push_back(there);
      parts = Without(parts, there.first, there.last, there.count);
    }
  }
  history.spans = std::move(kept);
  std::erase_if(history.runs, [&](const StoredRun& stored) {
    const RunRecord& run = stored.run;
    return run.tick && *run.tick >= span.first && *run.tick <= span.last && IsGuess(run) &&
           !IsGuess(span) && run.node_id == span.node_id;
  });
  for (const StoredRun& stored : history.runs) {
    if (stored.run.tick) parts = Without(parts, *stored.run.tick, *stored.run.tick, 1);
  }
  for (const OutcomeSpan& part : parts) {
    SortSpans(history.spans);
    if (part.after && part.after == history.last && !history.spans.empty() &&
        storage::Continues(history.spans.back(), part)) {
      OutcomeSpan& newest = history.spans.back();
      newest.last = part.last;
      newest.count += part.count;
      newest.node_id = part.node_id;
      newest.recorded_at = part.recorded_at;
    } else {
      history.spans.push_back(part);
    }
    history.last = std::max(history.last, std::optional(part.last));
  }
  SortSpans(history.spans);
}

Result<std::vector<RunRecord>> SimStore::ListRuns(const storage::RunQuery& query) {
  WITH_LOCK('r');
  std::vector<RunRecord> all;
  for (const auto& [key, history] : ledger_) {
    if (query.task && key != *query.task) continue;
    if (query.projects &&
        std::ranges::find(*query.projects, key.project_id) == query.projects->end()) {
      continue;
    }
    for (auto stored = history.runs.rbegin(); stored != history.runs.rend(); ++stored) {
      all.push_back(stored->run);
    }
  }
  if (!query.task) std::ranges::sort(all, std::ranges::greater(), &RunRecord::run_id);
  if (query.task && !query.before.empty()) {
    const auto before = std::ranges::find(all, query.before, &RunRecord::run_id);
    all.erase(all.begin(), before == all.end() ? before : before + 1);
  }
  std::vector<RunRecord> page;
  int left_out = query.task ? query.offset : 0;
  for (const RunRecord& run : all) {
    if (static_cast<int>(page.size()) >= query.limit) break;
    if (!query.task && !query.before.empty() && run.run_id >= query.before) continue;
    if (query.outcome && run.outcome != *query.outcome) continue;
    if (left_out-- <= 0) page.push_back(run);
  }
  return page;
}

Result<std::int64_t> SimStore::CountRuns(const task::TaskKey& task) {
  WITH_LOCK('r');
  const auto found = ledger_.find(task);
  return found == ledger_.end() ? 0 : static_cast<std::int64_t>(found->second.runs.size());
}

Result<std::vector<storage::RunCount>> SimStore::CountRunsClaimed(task::ProjectId project,
                                                                  Instant from, Instant to) {
  WITH_LOCK('r');
  std::map<task::Outcome, std::int64_t> counts;
  for (const auto& [key, history] : ledger_) {
    if (key.project_id != project) continue;
    for (const StoredRun& stored : history.runs) {
      const std::string& id = stored.run.run_id;
      if (id >= FirstIdAt(from) && id < FirstIdAt(to)) ++counts[stored.run.outcome];
    }
  }
  std::vector<storage::RunCount> result;
  for (const auto& [outcome, runs] : counts) result.push_back({.outcome = outcome, .runs = runs});
  return result;
}

Result<RunRecord> SimStore::RunById(std::string_view run_id) {
  WITH_LOCK('r');
  const StoredRun* stored = FindRun(run_id);
  if (stored == nullptr) return Unknown("run");
  return stored->run;
}

Result<storage::OutputRange> SimStore::ReadOutput(std::string_view run_id, std::int64_t from,
                                                  std::int64_t limit) {
  WITH_LOCK('r');
  const StoredRun* stored = FindRun(run_id);
  if (stored == nullptr) return Unknown("run");
  const auto head = static_cast<std::int64_t>(stored->output.head.size());
  const auto tail = static_cast<std::int64_t>(stored->output.tail.size());
  storage::OutputRange range;
  range.total = std::max(stored->run.output_bytes, head + tail);
  if (head + tail < range.total) {
    range.dropped_from = head;
    range.dropped_to = range.total - tail;
  }
  from = std::max<std::int64_t>(from, 0);
  for (std::int64_t at = from; at < range.total && at - from < limit; ++at) {
    if (at < head) {
      range.bytes += stored->output.head[static_cast<std::size_t>(at)];
    } else if (at >= range.total - tail) {
      range.bytes += stored->output.tail[static_cast<std::size_t>(at - (range.total - tail))];
    } else {
      at = range.total - tail - 1 < from + limit ? range.total - tail - 1 : from + limit;
    }
  }
  return range;
}

Result<std::vector<LedgerRow>> SimStore::ListLedger(const storage::LedgerQuery& query) {
  WITH_LOCK('r');
  std::map<TickInstant, LedgerRow> rows;
  const History& history = ledger_[query.task];
  for (const StoredRun& stored : history.runs) {
    const auto& tick = stored.run.tick;
    if (!tick || (query.from && *tick < *query.from) || (query.to && *tick >= *query.to)) continue;
    rows[*tick].runs.push_back(stored.run);
  }
  for (const OutcomeSpan& span : history.spans) {
    if ((query.from && span.last < *query.from) || (query.to && span.first >= *query.to)) continue;
    rows[span.first].span = span;
  }
  std::vector<LedgerRow> page;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (query.before && row->first >= *query.before) continue;
    if (static_cast<int>(page.size()) < query.limit) page.push_back(row->second);
  }
  return page;
}

Result<LedgerRow> SimStore::LedgerAt(const task::Tick& tick) {
  WITH_LOCK('r');
  const History& history = ledger_[tick.task];
  LedgerRow row{.runs = RunsAt(history, tick.at), .span = std::nullopt};
  if (!row.runs.empty()) return row;
  for (const OutcomeSpan& span : history.spans) {
    if (span.first <= tick.at && tick.at <= span.last) row.span = span;
  }
  if (!row.span) return Unknown("tick in the ledger");
  return row;
}

Result<std::optional<TickInstant>> SimStore::LastAccounted(const task::TaskKey& task) {
  WITH_LOCK('r');
  return ledger_[task].last;
}

Result<std::vector<LedgerGap>> SimStore::FindGaps(int limit,
                                                  const std::optional<LedgerGap>& behind) {
  WITH_LOCK('r');
  std::vector<LedgerGap> gaps;
  const bool skips = behind && ledger_.contains(behind->task);
  for (const auto& [key, history] : ledger_) {
    // First tick, chain and last tick of every row.
    std::map<TickInstant, std::pair<std::optional<TickInstant>, TickInstant>> rows;
    for (const OutcomeSpan& span : history.spans) rows[span.first] = {span.after, span.last};
    for (const StoredRun& stored : history.runs) {
      if (!stored.run.tick) continue;
      auto& row = rows[*stored.run.tick];
      row = {std::max(row.first, stored.run.after), *stored.run.tick};
    }
    std::optional<TickInstant> before = history.pruned;
    for (const auto& [first, row] : rows) {
      const auto& [after, last] = row;
      const bool skipped =
          skips && std::pair(key, first) <= std::pair(behind->task, behind->shown_by);
      if (before && after && *after > *before && !history.closed.contains({*before, *after}) &&
          !skipped && static_cast<int>(gaps.size()) < limit) {
        gaps.push_back({.task = key, .after = *before, .until = *after, .shown_by = first});
      }
      before = std::max(before, std::optional(last));
    }
  }
  return gaps;
}

Status SimStore::CloseGap(const LedgerGap& gap) {
  WITH_LOCK('w');
  ledger_[gap.task].closed.insert({gap.after, gap.until});
  return {};
}

Result<std::vector<storage::OutcomeCount>> SimStore::CountOutcomes(const task::TaskKey& task,
                                                                   Instant from, Instant to) {
  WITH_LOCK('r');
  std::map<TickInstant, const RunRecord*> last_attempts;
  const History& history = ledger_[task];
  for (const StoredRun& stored : history.runs) {
    const auto& tick = stored.run.tick;
    if (tick && *tick >= from && *tick < to) last_attempts[*tick] = &stored.run;
  }
  std::map<std::pair<task::Outcome, task::Reason>, std::int64_t> counts;
  for (const auto& [tick, run] : last_attempts) ++counts[{run->outcome, run->reason}];
  for (const OutcomeSpan& span : history.spans) {
    const std::int64_t ticks = storage::TicksWithin(span, from, to);
    if (ticks > 0) counts[{span.outcome, span.reason}] += ticks;
  }
  std::vector<storage::OutcomeCount> result;
  for (const auto& [how, ticks] : counts) result.push_back({how.first, how.second, ticks});
  return result;
}

Result<std::vector<RunRecord>> SimStore::RecentRuns(task::ProjectId project, int per_task) {
  WITH_LOCK('r');
  std::vector<RunRecord> runs;
  for (const auto& [key, history] : ledger_) {
    if (key.project_id != project) continue;
    int left = per_task;
    for (auto run = history.runs.rbegin(); run != history.runs.rend() && left-- > 0; ++run) {
      runs.push_back(run->run);
    }
  }
  return runs;
}

Status SimStore::DeleteTaskHistory(const task::TaskKey& task) {
  WITH_LOCK('w');
  ledger_.erase(task);
  return {};
}

Result<std::int64_t> SimStore::Prune(const storage::Retention& retention, Instant now,
                                     std::int64_t rows_max) {
  WITH_LOCK('w');
  std::int64_t gone = 0;
  const TickInstant cutoff = std::chrono::floor<seconds>(now - retention.max_age);
  for (auto& [key, history] : ledger_) {
    while (gone < rows_max) {
      const bool has_run = history.runs.size() > 1;
      const bool has_span = !history.spans.empty();
      if (!has_run && !has_span) break;
      const bool take_run =
          has_run && (!has_span || At(history.runs.front().run) < history.spans.front().last);
      const TickInstant at = take_run ? At(history.runs.front().run) : history.spans.front().last;
      const auto rows = static_cast<std::int64_t>(history.runs.size() + history.spans.size());
      const bool old = retention.max_age > seconds(0) && at < cutoff;
      const bool many = retention.max_rows_per_task > 0 && rows > retention.max_rows_per_task;
      if (!old && !many) break;
      if (!take_run || history.runs.front().run.tick) {
        history.pruned = std::max(history.pruned, std::optional(at));
      }
      if (take_run) {
        history.runs.erase(history.runs.begin());
      } else {
        history.spans.erase(history.spans.begin());
      }
      ++gone;
    }
  }
  while (retention.max_output_bytes > 0 && gone < rows_max) {
    std::int64_t total = 0;
    StoredRun* oldest = nullptr;
    for (auto& [key, history] : ledger_) {
      for (StoredRun& stored : history.runs) {
        const std::size_t bytes = stored.output.head.size() + stored.output.tail.size();
        total += static_cast<std::int64_t>(bytes);
        if (bytes > 0 && (oldest == nullptr || stored.sequence < oldest->sequence)) {
          oldest = &stored;
        }
      }
    }
    if (total <= retention.max_output_bytes || oldest == nullptr) break;
    oldest->output = {};
    oldest->run.dropped_bytes = oldest->run.output_bytes;
    ++gone;
  }
  std::erase_if(ended_sessions_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  return gone;
}

}  // namespace gophercron::sim
