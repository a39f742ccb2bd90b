#include "base/time.h"

#include <fmt/format.h>
#include <time.h>

#include <optional>

namespace gophercron {
namespace {

microseconds Read(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return seconds(now.tv_sec) +
         std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

// Reads exactly `digits` decimal digits at `*at` and moves past them.
std::optional<int> TakeNumber(std::string_view text, std::size_t* at, int digits) {
  int value = 0;
  for (int i = 0; i < digits; ++i, ++*at) {
    if (*at >= text.size() || text[*at] < '0' || text[*at] > '9') return std::nullopt;
    value = value * 10 + (text[*at] - '0');
  }
  return value;
}

bool TakeChar(std::string_view text, std::size_t* at, std::string_view any_of) {
  if (*at >= text.size() || any_of.find(text[*at]) == std::string_view::npos) return false;
  ++*at;
  return true;
}

std::unexpected<Error> BadTime(std::string_view text) {
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("\"{}\" is not a time: write it as 2026-03-28T12:00:00Z or with an offset, as "
                  "2026-03-28T13:00:00+01:00",
                  text));
}

}  // namespace

Instant SystemClock::Now() const {
  return Instant(Read(CLOCK_REALTIME));
}
BootTime SystemClock::Boot() const {
  return BootTime(Read(CLOCK_BOOTTIME));
}

std::string FormatRfc3339(Instant instant) {
  return FormatRfc3339(instant, seconds(0));
}

std::string FormatRfc3339(Instant instant, seconds utc_offset) {
  const auto local = instant + utc_offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    out += fmt::format(".{:06}", fraction);
    while (out.back() == '0') out.pop_back();
  }
  if (utc_offset == seconds(0)) return out + "Z";
  const auto minutes = std::abs(utc_offset.count()) / 60;
  return out + fmt::format("{}{:02}:{:02}", utc_offset < seconds(0) ? '-' : '+', minutes / 60,
                           minutes % 60);
}

Result<Instant> ParseRfc3339(std::string_view text) {
  std::size_t at = 0;
  const auto year = TakeNumber(text, &at, 4);
  if (!year || !TakeChar(text, &at, "-")) return BadTime(text);
  const auto month = TakeNumber(text, &at, 2);
  if (!month || !TakeChar(text, &at, "-")) return BadTime(text);
  const auto day = TakeNumber(text, &at, 2);
  if (!day || !TakeChar(text, &at, "Tt ")) return BadTime(text);
  const auto hour = TakeNumber(text, &at, 2);
  if (!hour || !TakeChar(text, &at, ":")) return BadTime(text);
  const auto minute = TakeNumber(text, &at, 2);
  if (!minute || !TakeChar(text, &at, ":")) return BadTime(text);
  const auto second = TakeNumber(text, &at, 2);
  if (!second) return BadTime(text);

  std::int64_t fraction_us = 0;
  if (TakeChar(text, &at, ".")) {
    int digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
      if (digits < 6) fraction_us = fraction_us * 10 + (text[at] - '0');
    }
    if (digits == 0 || digits > 9) return BadTime(text);
    for (int i = digits; i < 6; ++i) fraction_us *= 10;
  }

  seconds offset(0);
  if (!TakeChar(text, &at, "Zz")) {
    const bool west = at < text.size() && text[at] == '-';
    if (!TakeChar(text, &at, "+-")) return BadTime(text);
    const auto hours = TakeNumber(text, &at, 2);
    if (!hours || !TakeChar(text, &at, ":")) return BadTime(text);
    const auto minutes = TakeNumber(text, &at, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return BadTime(text);
    offset = seconds((*hours * 60 + *minutes) * 60) * (west ? -1 : 1);
  }

  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (at != text.size() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59)
    return BadTime(text);
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + seconds(*second) + microseconds(fraction_us) - offset;
}

}  // namespace gophercron
