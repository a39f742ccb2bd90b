#include "cron/expression.h"

#include <algorithm>
#include <bit>

#include "cron/calendar.h"

namespace gophercron::cron {
namespace {

constexpr std::int64_t kWallEnd = std::int64_t{kDayEnd} * kSecondsPerDay;

struct TimeOfDay {
  explicit TimeOfDay(std::uint32_t second_of_day)
      : hour(second_of_day / 3600), minute(second_of_day / 60 % 60), second(second_of_day % 60) {}
  std::uint32_t hour;
  std::uint32_t minute;
  std::uint32_t second;
};

constexpr std::uint64_t From(std::uint32_t bit) {
  return ~std::uint64_t{0} << bit;
}
constexpr std::uint64_t UpTo(std::uint32_t bit) {
  return (std::uint64_t{2} << bit) - 1;
}

std::uint32_t Lowest(std::uint64_t bits) {
  return static_cast<std::uint32_t>(std::countr_zero(bits));
}
std::uint32_t Highest(std::uint64_t bits) {
  return static_cast<std::uint32_t>(63 - std::countl_zero(bits));
}

std::uint32_t FirstTime(const Fields& f) {
  return Lowest(f.hours) * 3600 + Lowest(f.minutes) * 60 + Lowest(f.seconds);
}

std::uint32_t LastTime(const Fields& f) {
  return Highest(f.hours) * 3600 + Highest(f.minutes) * 60 + Highest(f.seconds);
}

// The first time of day at or after `at`, or kSecondsPerDay.
std::uint32_t TimeAtOrAfter(const Fields& f, std::uint32_t at) {
  const TimeOfDay time(at);
  if (f.hours >> time.hour & 1) {
    if (f.minutes >> time.minute & 1) {
      if (const auto seconds = f.seconds & From(time.second)) {
        return time.hour * 3600 + time.minute * 60 + Lowest(seconds);
      }
    }
    if (const auto minutes = f.minutes & From(time.minute + 1)) {
      return time.hour * 3600 + Lowest(minutes) * 60 + Lowest(f.seconds);
    }
  }
  if (const auto hours = f.hours & From(time.hour + 1)) {
    return Lowest(hours) * 3600 + Lowest(f.minutes) * 60 + Lowest(f.seconds);
  }
  return kSecondsPerDay;
}

// The last time of day at or before `at`, or kSecondsPerDay.
std::uint32_t TimeAtOrBefore(const Fields& f, std::uint32_t at) {
  const TimeOfDay time(at);
  if (f.hours >> time.hour & 1) {
    if (f.minutes >> time.minute & 1) {
      if (const auto seconds = f.seconds & UpTo(time.second)) {
        return time.hour * 3600 + time.minute * 60 + Highest(seconds);
      }
    }
    if (const auto minutes = f.minutes & ~From(time.minute)) {
      return time.hour * 3600 + Highest(minutes) * 60 + Highest(f.seconds);
    }
  }
  if (const auto hours = f.hours & ~From(time.hour)) {
    return Highest(hours) * 3600 + Highest(f.minutes) * 60 + Highest(f.seconds);
  }
  return kSecondsPerDay;
}

// How many times of a matching day lie before `at`, which may be kSecondsPerDay.
std::uint64_t CountTimesBefore(const Fields& f, std::uint32_t at) {
  const TimeOfDay time(at);
  const auto hours = static_cast<std::uint64_t>(std::popcount(f.hours & ~From(time.hour)));
  const auto per_minute = static_cast<std::uint64_t>(std::popcount(f.seconds));
  const auto per_hour = static_cast<std::uint64_t>(std::popcount(f.minutes)) * per_minute;
  std::uint64_t count = hours * per_hour;
  if (f.hours >> time.hour & 1) {
    count += static_cast<std::uint64_t>(std::popcount(f.minutes & ~From(time.minute))) * per_minute;
    if (f.minutes >> time.minute & 1) {
      count += static_cast<std::uint64_t>(std::popcount(f.seconds & ~From(time.second)));
    }
  }
  return count;
}

// The first year of the set from `year` on, or kYearLast + 1.
int YearAtOrAfter(const Fields& f, int year) {
  if (year > kYearLast) return kYearLast + 1;
  const auto from = static_cast<std::uint32_t>(year - kYearFirst);
  std::uint64_t bits = f.years[from / 64] & From(from % 64);
  for (std::uint32_t word = from / 64;; bits = f.years[word]) {
    if (bits != 0) return kYearFirst + static_cast<int>(word * 64 + Lowest(bits));
    if (++word == f.years.size()) return kYearLast + 1;
  }
}

// The last year of the set up to `year`, or kYearFirst - 1.
int YearAtOrBefore(const Fields& f, int year) {
  if (year < kYearFirst) return kYearFirst - 1;
  const auto to = static_cast<std::uint32_t>(year - kYearFirst);
  std::uint64_t bits = f.years[to / 64] & UpTo(to % 64);
  for (std::uint32_t word = to / 64;; bits = f.years[word]) {
    if (bits != 0) return kYearFirst + static_cast<int>(word * 64 + Highest(bits));
    if (word-- == 0) return kYearFirst - 1;
  }
}

WallTime Wall(std::uint32_t day, std::uint32_t time) {
  return WallTime(seconds(std::int64_t{day} * kSecondsPerDay + time));
}

}  // namespace

Expression::Expression() {
  fields_.seconds = 1;
  fields_.minutes = (std::uint64_t{1} << 60) - 1;
  fields_.hours = 0xffffff;
  fields_.months = 0x1ffe;
  fields_.years = {~std::uint64_t{0}, ~std::uint64_t{0}, 3};
  fields_.day_flags = Fields::kEveryDay;
}

bool Expression::MatchesDay(std::uint32_t day) const {
  if (fields_.Has(Fields::kEveryDay)) return true;
  const auto [year, month, day_of_month] = DateOf(day);
  if (!fields_.HasYear(year) || (fields_.months >> month & 1) == 0) return false;
  const auto first = day - static_cast<std::uint32_t>(day_of_month - 1);
  return (DaysOfMonth(fields_, first, LengthOf(year, month)) >> day_of_month & 1) != 0;
}

// The first day of the sets from `day` on, or kDayEnd.
std::uint32_t Expression::DayAtOrAfter(std::uint32_t day) const {
  if (day >= kDayEnd) return kDayEnd;
  auto [year, month, day_of_month] = DateOf(day);
  if (fields_.HasYear(year)) {
    if ((fields_.months >> month & 1) != 0) {
      const std::uint32_t first = day - static_cast<std::uint32_t>(day_of_month - 1);
      const auto days = DaysOfMonth(fields_, first, LengthOf(year, month)) &
                        From(static_cast<std::uint32_t>(day_of_month));
      if (days != 0) return first + Lowest(days) - 1;
    }
    ++month;
  } else {
    year = YearAtOrAfter(fields_, year + 1);
    month = 1;
  }
  for (; year <= kYearLast; year = YearAtOrAfter(fields_, year + 1), month = 1) {
    auto months = fields_.months & From(static_cast<std::uint32_t>(month));
    for (; months != 0; months &= months - 1) {
      const int next = static_cast<int>(Lowest(months));
      const std::uint32_t first = FirstDayOf(year, next);
      const auto days = DaysOfMonth(fields_, first, LengthOf(year, next));
      if (days != 0) return first + Lowest(days) - 1;
    }
  }
  return kDayEnd;
}

std::optional<std::uint32_t> Expression::DayAtOrBefore(std::uint32_t day) const {
  if (fields_.Has(Fields::kEveryDay)) return day;

  auto [year, month, day_of_month] = DateOf(day);
  std::uint64_t earlier_days = UpTo(static_cast<std::uint32_t>(day_of_month));
  if (!fields_.HasYear(year)) {
    year = YearAtOrBefore(fields_, year - 1);
    month = 12;
    earlier_days = ~std::uint64_t{0};
  }
  while (year >= kYearFirst) {
    for (auto left = fields_.months & UpTo(static_cast<std::uint32_t>(month)); left != 0;) {
      const int next = static_cast<int>(Highest(left));
      left &= ~(std::uint64_t{1} << next);
      if (next != month) earlier_days = ~std::uint64_t{0};
      const std::uint32_t first = FirstDayOf(year, next);
      const auto days = DaysOfMonth(fields_, first, LengthOf(year, next)) & earlier_days;
      if (days != 0) return first + Highest(days) - 1;
    }
    year = YearAtOrBefore(fields_, year - 1);
    month = 12;
    earlier_days = ~std::uint64_t{0};
  }
  return std::nullopt;
}

std::uint64_t Expression::CountDays(std::uint32_t from, std::uint32_t to) const {
  if (from >= to) return 0;
  if (fields_.Has(Fields::kEveryDay)) return to - from;
  std::uint64_t count = 0;
  auto [year, month, day_of_month] = DateOf(from);
  std::uint32_t first = from - static_cast<std::uint32_t>(day_of_month - 1);
  while (first < to) {
    const int length = LengthOf(year, month);
    const auto end = first + static_cast<std::uint32_t>(length);
    if (fields_.HasYear(year) && (fields_.months >> month & 1) != 0) {
      std::uint64_t days = DaysOfMonth(fields_, first, length);
      if (first < from) days &= From(from - first + 1);
      if (to < end) days &= UpTo(to - first);
      count += static_cast<std::uint64_t>(std::popcount(days));
    }
    first = end;
    if (++month > 12) {
      month = 1;
      ++year;
    }
  }
  return count;
}

std::optional<WallTime> Expression::AtOrAfter(WallTime at) const {
  const std::int64_t count = std::max(at.time_since_epoch().count(), std::int64_t{0});
  if (count >= kWallEnd) return std::nullopt;
  // All of 1970 to 2099 fits 32 bits, in which division is cheaper.
  const auto wall = static_cast<std::uint32_t>(count);
  const std::uint32_t today = wall / kSecondsPerDay;
  const std::uint32_t time = TimeAtOrAfter(fields_, wall % kSecondsPerDay);
  const std::uint32_t from = time == kSecondsPerDay ? today + 1 : today;
  if (fields_.Has(Fields::kEveryDay)) {
    if (from == today) return Wall(today, time);
    if (from == kDayEnd) return std::nullopt;
    return Wall(from, FirstTime(fields_));
  }
  const std::uint32_t day = DayAtOrAfter(from);
  if (day == kDayEnd) return std::nullopt;
  return Wall(day, day == today ? time : FirstTime(fields_));
}

std::optional<WallTime> Expression::AtOrBefore(WallTime at) const {
  const std::int64_t wall = std::min(at.time_since_epoch().count(), kWallEnd - 1);
  if (wall < 0) return std::nullopt;
  auto day = static_cast<std::uint32_t>(wall / kSecondsPerDay);
  const auto time = TimeAtOrBefore(fields_, static_cast<std::uint32_t>(wall % kSecondsPerDay));
  if (time == kSecondsPerDay && day-- == 0) return std::nullopt;

  const auto matching = DayAtOrBefore(day);
  if (!matching) return std::nullopt;
  return Wall(*matching, *matching == day && time != kSecondsPerDay ? time : LastTime(fields_));
}

std::uint64_t Expression::CountBetween(WallTime from, WallTime to) const {
  const auto begin = std::max(from.time_since_epoch().count(), std::int64_t{0});
  const auto end = std::min(to.time_since_epoch().count(), kWallEnd);
  if (begin >= end) return 0;
  const auto first_day = static_cast<std::uint32_t>(begin / kSecondsPerDay);
  const auto last_day = static_cast<std::uint32_t>(end / kSecondsPerDay);
  const auto skipped =
      CountTimesBefore(fields_, static_cast<std::uint32_t>(begin % kSecondsPerDay));
  const auto partial = CountTimesBefore(fields_, static_cast<std::uint32_t>(end % kSecondsPerDay));
  std::uint64_t count = CountDays(first_day, last_day) * CountTimesBefore(fields_, kSecondsPerDay);
  if (last_day < kDayEnd && MatchesDay(last_day)) count += partial;
  if (MatchesDay(first_day)) count -= skipped;
  return count;
}

}  // namespace gophercron::cron
