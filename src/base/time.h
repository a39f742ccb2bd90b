// Instants and clocks. Two clocks, told apart by type: wall time, which people plan in and which
// can jump, and boot time, which never goes back and goes on during suspend. Leases and timeouts
// use boot time.
#ifndef GOPHERCRON_BASE_TIME_H_
#define GOPHERCRON_BASE_TIME_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gophercron {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A moment of wall time, UTC, to the microsecond.
using Instant = std::chrono::sys_time<microseconds>;
// A planned instant. Schedules have one-second precision.
using TickInstant = std::chrono::sys_seconds;

// CLOCK_BOOTTIME. Only differences mean anything, and only within one boot of one machine.
struct BootClock {
  using duration = microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock, duration>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

// The two clocks of a machine. Any thread. Pure code takes instants as arguments instead.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
  virtual BootTime Boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant Now() const override;
  BootTime Boot() const override;
};

// RFC 3339 in UTC: "2026-03-28T12:00:00Z"; with a fraction of up to six digits when there is one.
std::string FormatRfc3339(Instant instant);
// With a zone's offset: "2026-03-28T13:00:00+01:00".
std::string FormatRfc3339(Instant instant, seconds utc_offset);
// Takes "Z", an offset, and up to nine fractional digits (beyond six they are cut off). A time
// without a zone is an error: whose zone would it be?
Result<Instant> ParseRfc3339(std::string_view text);

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_TIME_H_
