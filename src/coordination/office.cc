#include "coordination/office.h"

#include <string>

namespace gophercron::coordination {

Result<bool> HoldOffice(Coordinator& coordinator, const Keys& keys, std::string_view office,
                        LeaseId lease) {
  if (lease == 0) return false;
  const std::string key = keys.Elected(office);
  const std::string holder = FormatLease(lease);
  const auto put = CommitAndWait(
      coordinator,
      {.when = {Absent(key)}, .then = {Put(key, holder, lease)}, .otherwise = {Get(key)}});
  if (!put) return std::unexpected(put.error());
  if (put->succeeded) return true;
  const auto& found = put->results.at(0).got;
  return found && found->value == holder;
}

}  // namespace gophercron::coordination
