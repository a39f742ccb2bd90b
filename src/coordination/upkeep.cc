#include "coordination/upkeep.h"

namespace gophercron::coordination {

std::optional<Revision> CompactionPlan::Observe(BootTime now, Revision revision) {
  // A store that went back has another history.
  if (!samples_.empty() && revision < samples_.back().revision) {
    samples_.clear();
    compacted_ = 0;
  }
  samples_.push_back({.at = now, .revision = revision});
  if (samples_.size() > kSamplesMax) samples_.pop_front();
  Revision old_enough = 0;
  while (!samples_.empty() && now - samples_.front().at >= kept_) {
    old_enough = samples_.front().revision;
    samples_.pop_front();
  }
  if (old_enough <= compacted_) return std::nullopt;
  compacted_ = old_enough;
  return old_enough;
}

}  // namespace gophercron::coordination
