// When an expression fires in a zone. Ticks are strictly ordered, none is lost and none comes
// twice, also where clocks change:
//   - A time that the clocks skip fires once, at the first instant after the gap.
//   - A time that comes twice fires once, the first time.
//   - An expression that matches every hour follows elapsed time: it keeps its pace through a
//     gap, and in a repeated hour it fires both times.
// Pure functions without allocation (Between apart); any thread. Ticks lie between 1970 and the end
// of 2099 on the zone's wall.
#ifndef GOPHERCRON_CRON_TICKS_H_
#define GOPHERCRON_CRON_TICKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "cron/expression.h"
#include "cron/zone.h"

namespace gophercron::cron {

// The first tick after `after`; nullopt when it never fires again.
std::optional<TickInstant> Next(const Expression& expression, Zone zone, TickInstant after);
inline std::optional<TickInstant> Next(const Expression& expression, Zone zone, Instant after) {
  return Next(expression, zone, std::chrono::floor<seconds>(after));
}

// The last tick in [not_before, not_after].
std::optional<TickInstant> Latest(const Expression& expression, Zone zone, TickInstant not_after,
                                  TickInstant not_before);

// How many ticks lie in (after, until]. Does not step through them: a year costs under a
// microsecond.
std::uint64_t Count(const Expression& expression, Zone zone, TickInstant after, TickInstant until);

// The first `limit` ticks in (after, until], in order.
std::vector<TickInstant> Between(const Expression& expression, Zone zone, TickInstant after,
                                 TickInstant until, std::size_t limit);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_TICKS_H_
