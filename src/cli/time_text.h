// Times and durations as people read and type them. The local zone is the process's (TZ).
#ifndef GOPHERCRON_CLI_TIME_TEXT_H_
#define GOPHERCRON_CLI_TIME_TEXT_H_

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::cli {

// "2026-11-22 21:43:05 +01:00", in the local zone; the offset says which of two equal hours it is.
std::string LocalTime(Instant instant);
// "21:43:05.123", in the local zone.
std::string LocalClock(Instant instant);
// "3 s ago", "in 5 min", "2 d ago".
std::string Age(Instant instant, Instant now);
// "850 µs", "12.3 ms", "1.25 s", "3 min 05 s", "2 h 10 min".
std::string DurationText(microseconds duration);
// "512 B", "1.5 KiB", "3.0 MiB".
std::string BytesText(std::int64_t bytes);

// RFC 3339, or a local date and time as "2026-03-28 12:00:00" (a T between them and seconds left
// out are fine). The error says what would be right; a local time that the zone skips is one.
Result<Instant> ParseInstant(std::string_view text);
// A number of seconds ("90"), or numbers with units: "90s", "5m", "1h30m", "2d".
Result<seconds> ParseDuration(std::string_view text);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_TIME_TEXT_H_
