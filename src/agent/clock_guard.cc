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
  std::vector<microseconds> offsets;
  for (const auto& [name, source] : sources_) {
    if (source.count < 2 || source.last + kFreshness < boot) continue;
    const auto* const end = source.ahead.begin() + std::min(source.count, kSamples);
    offsets.push_back(*std::max_element(source.ahead.begin(), end) - mine);
  }
  Verdict verdict{.others = static_cast<int>(offsets.size()), .contradicted = 0, .offset = {}};
  if (offsets.empty()) return verdict;
  verdict.contradicted = static_cast<int>(std::ranges::count_if(
      offsets, [](microseconds offset) { return offset > kTolerance || offset < -kTolerance; }));
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::ranges::nth_element(offsets, middle);
  verdict.offset = *middle;
  return verdict;
}

}  // namespace gophercron::agent
