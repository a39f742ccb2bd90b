#include "cli/time_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>

namespace gophercron::cli {
namespace {

std::tm LocalParts(Instant instant) {
  const std::time_t whole = std::chrono::floor<seconds>(instant).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&whole, &parts);
  return parts;
}

// Digits of `text` from `at`, exactly `count` of them.
std::optional<int> Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

Result<Instant> ParseLocal(std::string_view text) {
  const auto wrong = [&] {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is not a time; write 2026-03-28T12:00:00+01:00, or "
                            "\"2026-03-28 12:00:00\" for local time",
                            text));
  };
  const auto year = Digits(text, 0, 4);
  const auto month = Digits(text, 5, 2);
  const auto day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2);
  const auto minute = Digits(text, 14, 2);
  const bool with_seconds = text.size() == 19;
  const auto second = with_seconds ? Digits(text, 17, 2) : std::optional<int>(0);
  if (!year || !month || !day || !hour || !minute || !second) return wrong();
  if ((text.size() != 16 && !with_seconds) || text[4] != '-' || text[7] != '-' ||
      (text[10] != ' ' && text[10] != 'T') || text[13] != ':' ||
      (with_seconds && text[16] != ':')) {
    return wrong();
  }
  std::tm parts{};
  parts.tm_year = *year - 1900;
  parts.tm_mon = *month - 1;
  parts.tm_mday = *day;
  parts.tm_hour = *hour;
  parts.tm_min = *minute;
  parts.tm_sec = *second;
  parts.tm_isdst = -1;
  std::tm made = parts;
  const std::time_t whole = std::mktime(&made);
  // mktime moves what does not exist: 30 February, and the hour that a zone skips in spring.
  if (made.tm_mday != parts.tm_mday || made.tm_mon != parts.tm_mon ||
      made.tm_hour != parts.tm_hour || made.tm_min != parts.tm_min || made.tm_sec != parts.tm_sec ||
      made.tm_year != parts.tm_year) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("there is no {} in the local zone; check the date, or write the time "
                            "with its offset as in 2026-03-28T12:00:00+01:00",
                            text));
  }
  return Instant(seconds(whole));
}

}  // namespace

std::string LocalTime(Instant instant) {
  const std::tm parts = LocalParts(instant);
  const long offset = parts.tm_gmtoff / 60;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}{:02}:{:02}", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     offset < 0 ? '-' : '+', std::labs(offset) / 60, std::labs(offset) % 60);
}

std::string LocalClock(Instant instant) {
  const std::tm parts = LocalParts(instant);
  const auto fraction =
      std::chrono::floor<milliseconds>(instant - std::chrono::floor<seconds>(instant)).count();
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     fraction);
}

std::string Age(Instant instant, Instant now) {
  const bool past = instant <= now;
  const std::int64_t s =
      std::chrono::duration_cast<seconds>(past ? now - instant : instant - now).count();
  const std::string text = s < 60          ? fmt::format("{} s", s)
                           : s < 3600      ? fmt::format("{} min", s / 60)
                           : s < 2 * 86400 ? fmt::format("{} h", s / 3600)
                                           : fmt::format("{} d", s / 86400);
  return past ? text + " ago" : "in " + text;
}

std::string DurationText(microseconds duration) {
  const std::int64_t us = duration.count();
  if (us < 0) return "-" + DurationText(microseconds(-us));
  const double exact = static_cast<double>(us);
  if (us == 0) return "0 s";
  if (us < 1'000) return fmt::format("{} µs", us);
  if (us < 10'000) return fmt::format("{:.2f} ms", exact / 1e3);
  if (us < 1'000'000) return fmt::format("{:.0f} ms", exact / 1e3);
  if (us < 60'000'000) return fmt::format("{:.2f} s", exact / 1e6);
  const std::int64_t s = us / 1'000'000;
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

std::string BytesText(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const double exact = static_cast<double>(bytes);
  if (bytes < 1024 * 1024) return fmt::format("{:.1f} KiB", exact / 1024);
  if (bytes < 1024LL * 1024 * 1024) return fmt::format("{:.1f} MiB", exact / (1024 * 1024));
  return fmt::format("{:.1f} GiB", exact / (1024.0 * 1024 * 1024));
}

Result<Instant> ParseInstant(std::string_view text) {
  const bool has_offset =
      text.size() > 16 && text.find_first_of("Zz+-", 16) != std::string_view::npos;
  return has_offset ? ParseRfc3339(text) : ParseLocal(text);
}

Result<seconds> ParseDuration(std::string_view text) {
  const auto wrong = [&] {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("\"{}\" is not a duration; write seconds as 90, or 90s, 5m, 1h30m, 2d", text));
  };
  std::string_view rest = text;
  std::int64_t total = 0;
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_not_of("0123456789");
    const std::size_t length = end == std::string_view::npos ? rest.size() : end;
    const bool bare = end == std::string_view::npos;
    if (length == 0 || length > 9 || (bare && rest.size() != text.size())) return wrong();
    const std::int64_t number =
        std::strtoll(std::string(rest.substr(0, length)).c_str(), nullptr, 10);
    const char unit = bare ? 's' : rest[length];
    const std::int64_t scale = unit == 's'   ? 1
                               : unit == 'm' ? 60
                               : unit == 'h' ? 3600
                               : unit == 'd' ? 86400
                                             : 0;
    if (scale == 0) return wrong();
    total += number * scale;
    rest.remove_prefix(bare ? rest.size() : length + 1);
  }
  if (text.empty()) return wrong();
  return seconds(total);
}

}  // namespace gophercron::cli
