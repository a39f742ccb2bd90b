// An office: what one process of many does for all, for as long as its lease lives.
#ifndef GOPHERCRON_COORDINATION_OFFICE_H_
#define GOPHERCRON_COORDINATION_OFFICE_H_

#include <string_view>

#include "base/result.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"

namespace gophercron::coordination {

// Takes the office if nobody holds it, and says whether it is held by `lease`. Waits for the
// coordinator: not on its loop's thread. Who holds it may lose it the next moment with its lease:
// what the holder does must be harmless when two do it.
Result<bool> HoldOffice(Coordinator& coordinator, const Keys& keys, std::string_view office,
                        LeaseId lease);

// Looks for what nobody wrote down, cleans up, compacts history.
inline constexpr std::string_view kOfficeUpkeep = "upkeep";

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_OFFICE_H_
