// The changes of one zone's clocks, laid out for finding. Inside cron only.
#ifndef GOPHERCRON_CRON_ZONE_TABLE_H_
#define GOPHERCRON_CRON_ZONE_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gophercron::cron {

// Times here are plain seconds since 1970-01-01T00:00:00, UTC for instants and local for wall
// times.
struct ZoneSegment {
  // The first instant with this offset; the next segment's start ends it.
  std::int64_t start;
  // Wall times from here on, up to the next segment's, belong to this segment: each wall time to
  // the segment that shows it first. Those before start + offset never happen and belong to its
  // start.
  std::int64_t first_wall;
  std::int64_t offset;

  std::int64_t InstantOf(std::int64_t wall) const { return std::max(start, wall - offset); }
};

struct ZoneTable {
  static constexpr int kBucketBits = 23;
  // 97 days before 1970, whole buckets to beyond the end of 2099.
  static constexpr std::int64_t kStart = -(std::int64_t{1} << kBucketBits);
  static constexpr std::size_t kBuckets = 491;
  static constexpr std::int64_t kEnd = kStart + static_cast<std::int64_t>(kBuckets << kBucketBits);
  // No offset is larger than this.
  static constexpr std::int64_t kOffsetMax = 86'400;

  std::string name;
  // In order of start; the last one is a sentinel that no search may reach.
  std::vector<ZoneSegment> segments;
  // The segment in which each bucket of 2^23 seconds begins.
  std::vector<std::uint16_t> buckets;

  // One offset for all time, and it is nought.
  bool is_utc = false;

  // The segment of an instant. Instants outside the table get the segment at its edge.
  const ZoneSegment* At(std::int64_t instant) const {
    instant = std::clamp(instant, kStart, kEnd - 1);
    const auto bucket = static_cast<std::size_t>((instant - kStart) >> kBucketBits);
    const ZoneSegment* segment = &segments[buckets[bucket]];
    while (segment[1].start <= instant) ++segment;
    return segment;
  }

  // The segment that a wall time belongs to.
  const ZoneSegment* AtWall(std::int64_t wall) const {
    const ZoneSegment* segment = At(wall - kOffsetMax);
    while (segment[1].first_wall <= wall) ++segment;
    return segment;
  }
};

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_ZONE_TABLE_H_
