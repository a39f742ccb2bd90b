#include "agent/ledger_audit.h"

#include <iterator>

#include "base/log.h"

namespace gophercron::agent {
namespace {

constexpr int kGapsPerLook = 1000;

// True when all of the gap lies behind the mark and none of it can still be filled by somebody.
bool NothingOpen(const storage::LedgerGap& gap, const OpenTicks& open) {
  if (gap.until > open.mark) return false;
  for (std::size_t i = 0; i < open.firsts.size(); ++i) {
    if (open.firsts[i] <= gap.until && open.lasts[i] > gap.after) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<task::OutcomeSpan>> LedgerAudit::Answer(std::span<const OpenTicks> asked,
                                                           Instant now) {
  std::map<task::TaskKey, const OpenTicks*> by_task;
  for (const auto& open : asked) by_task.emplace(open.task, &open);

  std::vector<task::OutcomeSpan> found;
  const auto gaps = store_.FindGaps(kGapsPerLook, looked_at_);
  if (!gaps) return std::unexpected(gaps.error());
  // Gaps of tasks that this agent does not know stay; the next look goes on behind them.
  looked_at_.reset();
  if (gaps->size() == static_cast<std::size_t>(kGapsPerLook)) looked_at_ = gaps->back();
  for (const auto& gap : *gaps) {
    const auto open = by_task.find(gap.task);
    if (open == by_task.end()) continue;
    auto spans = AuditGap(config_, gap, *open->second, now);
    if (spans.empty() && NothingOpen(gap, *open->second)) {
      // The schedule has no tick there: what looked like a gap is none.
      if (const Status closed = store_.CloseGap(gap); !closed) {
        log::Warning("closing a gap of the ledger: {}", closed.error().message);
      }
    }
    std::move(spans.begin(), spans.end(), std::back_inserter(found));
  }

  std::map<task::TaskKey, TickInstant> complete;
  for (const auto& open : asked) {
    bool whole = open.firsts.empty();
    const auto known = complete_until_.find(open.task);
    if (known == complete_until_.end() || known->second != open.mark) {
      const auto last = store_.LastAccounted(open.task);
      if (!last) return std::unexpected(last.error());
      auto spans = AuditTail(config_, *last, open, now);
      whole = whole && spans.empty();
      std::move(spans.begin(), spans.end(), std::back_inserter(found));
    }
    if (whole) complete.emplace(open.task, open.mark);
  }
  complete_until_ = std::move(complete);
  return found;
}

}  // namespace gophercron::agent
