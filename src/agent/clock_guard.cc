#include "agent/clock_guard.h"

#include <algorithm>
#include <vector>

namespace gophercron::agent {

void ClockGuard::Note(const std::string& source, Instant theirs, BootTime at) {
  Source& noted = sources_[source];
  noted.ahead[noted.count++ % kSamples] = theirs.time_since_epoch() - at.time_since_epoch();
  noted.last = at;
  std::erase_if(sources_, [at](const auto& one) { return one.second.last + kFreshness < at; });
}

ClockGuard::Verdict ClockGuard::Judge(Instant wall, BootTime boot) const {
  const microseconds mine = wall.time_since_epoch() - boot.time_since_epoch();
  Verdict verdict;
  std::vector<microseconds> offsets;
  for (const auto& [name, source] : sources_) {
    if (source.last + kFreshness < boot) continue;
    const auto* const end = source.ahead.begin() + std::min(source.count, kSamples);
    const microseconds offset = *std::max_element(source.ahead.begin(), end) - mine;
    const microseconds behind = source.count > 1 ? kTolerance : kTolerance + kListedAge;
    if (offset > kTolerance || offset < -behind) ++verdict.contradicted;
    offsets.push_back(offset);
  }
  verdict.others = static_cast<int>(offsets.size());
  if (offsets.empty()) return verdict;
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::ranges::nth_element(offsets, middle);
  verdict.offset = *middle;
  return verdict;
}

}  // namespace gophercron::agent
