#include "coordination/settings.h"

#include <fmt/format.h>

namespace gophercron::coordination {

Result<std::string> GetOrPutSetting(Coordinator& coordinator, const Keys& keys,
                                    std::string_view name, std::string_view value) {
  const std::string key = keys.Setting(name);
  const auto put = CommitAndWait(
      coordinator,
      {.when = {Absent(key)}, .then = {Put(key, std::string(value))}, .otherwise = {Get(key)}});
  if (!put) {
    if (put.error().code != ErrorCode::kOutcomeUnknown) return std::unexpected(put.error());
    // Whether it was written or not, what stands there now is in force.
    const auto read = RangeAndWait(coordinator, {.begin = key, .end = {}});
    if (!read) return std::unexpected(read.error());
    if (read->items.empty()) return std::unexpected(put.error());
    return read->items.front().value;
  }
  if (put->succeeded) return std::string(value);
  const auto& found = put->results.at(0).got;
  if (!found) return Fail(ErrorCode::kConflict, fmt::format("the setting {} was removed", name));
  return found->value;
}

}  // namespace gophercron::coordination
