#include "cron/calendar.h"

namespace gophercron::cron {
namespace {

constexpr std::uint32_t kWeek = 0x7f;

// `weekdays` as seen from a week that begins on `weekday`: bit 0 stands for that weekday.
constexpr std::uint32_t WeekFrom(std::uint32_t weekdays, std::uint32_t weekday) {
  return ((weekdays | weekdays << 7) >> weekday) & kWeek;
}

// Bits 1 to 31 of every day whose weekday is in `weekdays`, in a month that begins on
// `first_weekday`.
constexpr std::uint32_t DaysOnWeekdays(std::uint32_t weekdays, std::uint32_t first_weekday) {
  // One copy of the week for each of the five weeks that a month can touch.
  const std::uint64_t weeks = std::uint64_t{WeekFrom(weekdays, first_weekday)} * 0x10204081;
  return static_cast<std::uint32_t>(weeks << 1);
}

// Saturday moves a day back and Sunday a day on, except where that would leave the month.
std::uint32_t NearestWorkdays(std::uint32_t days, std::uint32_t first_weekday, int length) {
  const std::uint32_t saturdays = days & DaysOnWeekdays(1u << 6, first_weekday);
  const std::uint32_t sundays = days & DaysOnWeekdays(1u << 0, first_weekday);
  const std::uint32_t first = 1u << 1;
  const std::uint32_t last = 1u << length;
  return (days & ~(saturdays | sundays)) | (saturdays & ~first) >> 1 | (saturdays & first) << 2 |
         (sundays & ~last) << 1 | (sundays & last) >> 2;
}

std::uint32_t NthWeekdays(std::uint64_t nth_weekdays, std::uint32_t first_weekday, int length) {
  std::uint64_t days = 0;
  for (unsigned k = 0; k < 5; ++k) {
    const auto weekdays = static_cast<std::uint32_t>(nth_weekdays >> (7 * k)) & kWeek;
    days |= std::uint64_t{WeekFrom(weekdays, first_weekday)} << (7 * k + 1);
  }
  const auto last = static_cast<std::uint32_t>(nth_weekdays >> 35) & kWeek;
  if (last != 0) {
    const auto seventh_last = static_cast<std::uint32_t>(length - 6);
    const std::uint32_t weekday = (first_weekday + seventh_last - 1) % 7;
    days |= std::uint64_t{WeekFrom(last, weekday)} << seventh_last;
  }
  return static_cast<std::uint32_t>(days);
}

}  // namespace

std::uint32_t DaysOfMonth(const Fields& fields, std::uint32_t first, int length) {
  const auto all = static_cast<std::uint32_t>((std::uint64_t{2} << length) - 2);
  if (!fields.Has(Fields::kDaysRestricted) && !fields.Has(Fields::kWeekdaysRestricted)) return all;

  const std::uint32_t first_weekday = WeekdayOf(first);
  std::uint32_t days = fields.days | DaysOnWeekdays(fields.weekdays, first_weekday);
  if (fields.near_days != 0) days |= NearestWorkdays(fields.near_days & all, first_weekday, length);
  if (fields.nth_weekdays != 0) days |= NthWeekdays(fields.nth_weekdays, first_weekday, length);
  if (fields.Has(Fields::kLastDay)) days |= 1u << length;
  if (fields.Has(Fields::kLastWorkday)) {
    days |= NearestWorkdays(1u << length, first_weekday, length);
  }
  return days & all;
}

}  // namespace gophercron::cron
