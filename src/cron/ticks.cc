#include "cron/ticks.h"

#include <algorithm>

#include "cron/calendar.h"
#include "cron/zone_table.h"

namespace gophercron::cron {
namespace {

using Seconds = std::int64_t;

// Wall times lie in [0, kWallEnd), so instants of ticks do within a day's offset.
constexpr Seconds kInstantFirst = -ZoneTable::kOffsetMax;
constexpr Seconds kInstantLast = Seconds{kDayEnd} * kSecondsPerDay + ZoneTable::kOffsetMax;

TickInstant Tick(Seconds instant) {
  return TickInstant(seconds(instant));
}
Seconds CountOf(TickInstant instant) {
  return instant.time_since_epoch().count();
}
Seconds CountOf(WallTime wall) {
  return wall.time_since_epoch().count();
}
WallTime Wall(Seconds wall) {
  return WallTime(seconds(wall));
}

// The first instant at or after `at` whose wall time matches.
std::optional<TickInstant> NextElapsed(const Expression& expression, const ZoneTable& table,
                                       Seconds at) {
  const ZoneSegment* segment = table.At(at);
  for (;;) {
    const Seconds wall_at = at + segment->offset;
    const auto match = expression.AtOrAfter(Wall(wall_at));
    const Seconds wall = match ? CountOf(*match) : kInstantLast + ZoneTable::kOffsetMax;
    if (match && wall - segment->offset < segment[1].start) return Tick(wall - segment->offset);
    ++segment;
    if (segment->start > kInstantLast) return std::nullopt;
    at = segment->start;
    // Unless the clocks went back over what was searched, nothing matches before `wall` in any
    // segment.
    if (at + segment->offset >= wall_at && wall - ZoneTable::kOffsetMax > at) {
      at = wall - ZoneTable::kOffsetMax;
      if (at > kInstantLast) return std::nullopt;
      segment = table.At(at);
    }
  }
}

std::optional<TickInstant> LatestElapsed(const Expression& expression, const ZoneTable& table,
                                         Seconds at, Seconds not_before) {
  const ZoneSegment* segment = table.At(at);
  while (at >= not_before) {
    const Seconds wall_at = at + segment->offset;
    const auto match = expression.AtOrBefore(Wall(wall_at));
    const Seconds wall = match ? CountOf(*match) : kInstantFirst - 2 * ZoneTable::kOffsetMax;
    if (match && wall - segment->offset >= segment->start) {
      const Seconds instant = wall - segment->offset;
      return instant >= not_before ? std::optional(Tick(instant)) : std::nullopt;
    }
    if (segment == table.segments.data()) return std::nullopt;
    at = segment->start - 1;
    --segment;
    if (at + segment->offset <= wall_at && wall + ZoneTable::kOffsetMax < at) {
      at = wall + ZoneTable::kOffsetMax;
      segment = table.At(at);
    }
  }
  return std::nullopt;
}

std::uint64_t CountElapsed(const Expression& expression, const ZoneTable& table, Seconds from,
                           Seconds to) {
  std::uint64_t count = 0;
  for (const ZoneSegment* segment = table.At(from); segment->start < to; ++segment) {
    const Seconds begin = std::max(from, segment->start);
    const Seconds end = std::min(to, segment[1].start);
    count += expression.CountBetween(Wall(begin + segment->offset), Wall(end + segment->offset));
  }
  return count;
}

// Where every wall time is due once: ticks are the images of matching wall times under a map that
// never goes backwards, so a search among instants is one among wall times.

// The first wall time whose instant is at or after `at`, which lies in `segment`.
Seconds FirstWallFrom(const ZoneSegment& segment, Seconds at) {
  return at == segment.start ? segment.first_wall
                             : std::max(at + segment.offset, segment.first_wall);
}

std::optional<TickInstant> NextOnce(const Expression& expression, const ZoneTable& table,
                                    Seconds at) {
  const ZoneSegment* segment = table.At(at);
  const auto match = expression.AtOrAfter(Wall(FirstWallFrom(*segment, at)));
  if (!match) return std::nullopt;
  const Seconds wall = CountOf(*match);
  if (wall >= segment[1].first_wall) segment = table.AtWall(wall);
  return Tick(segment->InstantOf(wall));
}

std::optional<TickInstant> LatestOnce(const Expression& expression, const ZoneTable& table,
                                      Seconds at, Seconds not_before) {
  const ZoneSegment* segment = table.At(at);
  const auto match =
      expression.AtOrBefore(Wall(std::max(at + segment->offset, segment->first_wall - 1)));
  if (!match) return std::nullopt;
  const Seconds wall = CountOf(*match);
  const Seconds instant = table.AtWall(wall)->InstantOf(wall);
  return instant >= not_before ? std::optional(Tick(instant)) : std::nullopt;
}

std::uint64_t CountOnce(const Expression& expression, const ZoneTable& table, Seconds from,
                        Seconds to) {
  std::uint64_t count = 0;
  for (const ZoneSegment* segment = table.At(from); segment->start < to; ++segment) {
    const Seconds begin = std::max(from, segment->start);
    const Seconds end = std::min(to, segment[1].start);
    Seconds wall = FirstWallFrom(*segment, begin);
    // All that a gap skipped, and the wall time right after it, is one tick.
    if (const Seconds after_gap = segment->start + segment->offset; wall < after_gap) {
      count += expression.CountBetween(Wall(wall), Wall(after_gap + 1)) > 0 ? 1 : 0;
      wall = after_gap + 1;
    }
    count += expression.CountBetween(Wall(wall), Wall(end + segment->offset));
  }
  return count;
}

}  // namespace

std::optional<TickInstant> Next(const Expression& expression, Zone zone, TickInstant after) {
  if (CountOf(after) >= kInstantLast) return std::nullopt;
  const Seconds at = std::max(CountOf(after), kInstantFirst - 1) + 1;
  const ZoneTable& table = zone.table();
  if (table.is_utc) {
    const auto match = expression.AtOrAfter(Wall(at));
    return match ? std::optional(TickInstant(match->time_since_epoch())) : std::nullopt;
  }
  return expression.MatchesEveryHour() ? NextElapsed(expression, table, at)
                                       : NextOnce(expression, table, at);
}

std::optional<TickInstant> Latest(const Expression& expression, Zone zone, TickInstant not_after,
                                  TickInstant not_before) {
  const Seconds at = std::min(CountOf(not_after), kInstantLast);
  const Seconds first = std::max(CountOf(not_before), kInstantFirst);
  if (at < first) return std::nullopt;
  const ZoneTable& table = zone.table();
  return expression.MatchesEveryHour() ? LatestElapsed(expression, table, at, first)
                                       : LatestOnce(expression, table, at, first);
}

std::uint64_t Count(const Expression& expression, Zone zone, TickInstant after, TickInstant until) {
  if (CountOf(after) >= kInstantLast) return 0;
  const Seconds from = std::max(CountOf(after), kInstantFirst - 1) + 1;
  const Seconds to = std::min(CountOf(until), kInstantLast) + 1;
  if (from >= to) return 0;
  const ZoneTable& table = zone.table();
  return expression.MatchesEveryHour() ? CountElapsed(expression, table, from, to)
                                       : CountOnce(expression, table, from, to);
}

std::vector<TickInstant> Between(const Expression& expression, Zone zone, TickInstant after,
                                 TickInstant until, std::size_t limit) {
  std::vector<TickInstant> ticks;
  while (ticks.size() < limit) {
    const auto next = Next(expression, zone, after);
    if (!next || *next > until) break;
    ticks.push_back(*next);
    after = *next;
  }
  return ticks;
}

}  // namespace gophercron::cron
