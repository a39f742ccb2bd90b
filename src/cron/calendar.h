// Days and months of 1970 to 2099, where every fourth year is a leap year, and which days of a
// month an expression means. Days are counted from 1970-01-01; months from 1, weekdays from Sunday
// = 0.
#ifndef GOPHERCRON_CRON_CALENDAR_H_
#define GOPHERCRON_CRON_CALENDAR_H_

#include <bit>
#include <cstdint>

#include "cron/expression.h"

namespace gophercron::cron {

inline constexpr std::uint32_t kSecondsPerDay = 86'400;
// Days from 1970-01-01 to 2100-01-01.
inline constexpr std::uint32_t kDayEnd = 47'482;

struct Date {
  int year;
  int month;
  int day;
};

// The years are taken to begin in March, so that the leap day comes last. Requires day < kDayEnd.
constexpr Date DateOf(std::uint32_t day) {
  const std::uint32_t since = day + 671;  // 1968-03-01
  const std::uint32_t year = (4 * since + 3) / 1461;
  const std::uint32_t day_of_year = since - 1461 * year / 4;
  const std::uint32_t month = (5 * day_of_year + 2) / 153;
  const std::uint32_t day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
  const bool next_year = month >= 10;
  return {.year = static_cast<int>(1968 + year + (next_year ? 1 : 0)),
          .month = static_cast<int>(next_year ? month - 9 : month + 3),
          .day = static_cast<int>(day_of_month)};
}

// The day on which a month begins.
constexpr std::uint32_t FirstDayOf(int year, int month) {
  const int march_year = year - 1968 - (month < 3 ? 1 : 0);
  const int march_month = month < 3 ? month + 9 : month - 3;
  return static_cast<std::uint32_t>(1461 * march_year / 4 + (153 * march_month + 2) / 5 - 671);
}

constexpr int LengthOf(int year, int month) {
  if (month == 2) return year % 4 == 0 ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}

constexpr std::uint32_t WeekdayOf(std::uint32_t day) {
  return (day + 4) % 7;
}

// The days of one month that `fields` mean, as bits 1 to 31. Looks at neither its months nor its
// years. The month begins on day `first` and is `length` days long.
std::uint32_t DaysOfMonth(const Fields& fields, std::uint32_t first, int length);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_CALENDAR_H_
