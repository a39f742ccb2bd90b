#include <fmt/format.h>

#include <array>
#include <functional>

#include "cron/shape.h"

namespace gophercron::cron {
namespace {

using Kind = Shape::Kind;
using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 6> kNth = {"first",  "second", "third",
                                                  "fourth", "fifth",  "last"};

std::string Month(int month) {
  return std::string(kMonths[static_cast<std::size_t>(month - 1)]);
}
std::string Weekday(int weekday) {
  return std::string(kWeekdays[static_cast<std::size_t>(weekday - 1)]);
}

std::string And(const Words& words) {
  return Join(words, ", ", " and ");
}

std::string Ordinal(int n) {
  const bool teen = n / 10 % 10 == 1;
  const std::string_view ending = teen          ? "th"
                                  : n % 10 == 1 ? "st"
                                  : n % 10 == 2 ? "nd"
                                  : n % 10 == 3 ? "rd"
                                                : "th";
  return fmt::format("{}{}", n, ending);
}

Words Each(const Shape& shape, const std::function<std::string(int)>& word) {
  Words words;
  for (const int value : shape.values) words.push_back(word(value));
  return words;
}

std::string Number(int n) {
  return fmt::to_string(n);
}
std::string Hour(int n) {
  return fmt::format("{:02}", n);
}

// "every minute", "every 5 minutes".
std::string Every(int step, std::string_view unit) {
  return step == 1 ? fmt::format("every {}", unit) : fmt::format("every {} {}s", step, unit);
}

// As something that happens: "every 5 minutes", "at minutes 1 and 2".
std::string Happening(const Shape& shape, std::string_view unit) {
  switch (shape.kind) {
    case Kind::kRange:
    case Kind::kStride:
      return fmt::format("{} from {} {} to {}", Every(shape.step, unit), unit, shape.first(),
                         shape.last());
    case Kind::kOne:
      return fmt::format("at {} {}", unit, shape.first());
    case Kind::kList:
      return fmt::format("at {}s {}", unit, And(Each(shape, Number)));
    case Kind::kNone:
    case Kind::kAll:
    case Kind::kEvery:
      break;
  }
  return Every(shape.step, unit);
}

// As a stretch in which something happens: "every 5th minute", "minutes 1 and 2".
std::string Stretch(const Shape& shape, std::string_view unit,
                    const std::function<std::string(int)>& word) {
  switch (shape.kind) {
    case Kind::kNone:
    case Kind::kAll:
      return fmt::format("every {}", unit);
    case Kind::kOne:
      return fmt::format("{} {}", unit, word(shape.first()));
    case Kind::kEvery:
      return fmt::format("every {} {}", Ordinal(shape.step), unit);
    case Kind::kStride:
      return fmt::format("every {} {} from {} to {}", Ordinal(shape.step), unit,
                         word(shape.first()), word(shape.last()));
    case Kind::kRange:
      return fmt::format("every {} from {} to {}", unit, word(shape.first()), word(shape.last()));
    case Kind::kList:
      break;
  }
  return fmt::format("{}s {}", unit, And(Each(shape, word)));
}

std::string FromTo(const Shapes& s) {
  return fmt::format(" from {} to {}", s.FirstTime(), s.LastTime());
}

std::string HourlyTime(const Shapes& s) {
  const int minute = s.minutes.first();
  if (s.hours.Is(Kind::kAll)) {
    if (minute == 0) return "every hour";
    return fmt::format("at {} minute{} past every hour", minute, minute == 1 ? "" : "s");
  }
  const std::string every = Every(s.hours.step, "hour");
  return s.hours.Is(Kind::kEvery) && minute == 0 ? every : every + FromTo(s);
}

std::string TimeWithoutSeconds(const Shapes& s) {
  if (s.minutes.Is(Kind::kOne)) return HourlyTime(s);
  if (s.minutes.IsSteady()) {
    const std::string every = Every(s.minutes.step, "minute");
    if (s.hours.Is(Kind::kAll)) return every;
    if (s.hours.IsUnbroken()) return every + FromTo(s);
  }
  return fmt::format("{} of {}", Happening(s.minutes, "minute"), Stretch(s.hours, "hour", Hour));
}

std::string TimeWithSeconds(const Shapes& s) {
  std::string time = Happening(s.seconds, "second");
  const bool all_day = s.minutes.Is(Kind::kAll) && s.hours.Is(Kind::kAll);
  if (s.seconds.IsSteady()) {
    if (all_day) return time;
    const bool unbroken = s.minutes.Is(Kind::kAll)
                              ? s.hours.IsUnbroken()
                              : s.minutes.IsUnbroken() && s.hours.Is(Kind::kOne);
    if (unbroken) return time + FromTo(s);
  }
  time += " of " + Stretch(s.minutes, "minute", Number);
  if (s.minutes.IsSteady() && s.hours.Is(Kind::kAll)) return time;
  return time + " of " + Stretch(s.hours, "hour", Hour);
}

std::string Months(const Shape& months) {
  return months.Is(Kind::kRange)
             ? fmt::format("{} to {}", Month(months.first()), Month(months.last()))
             : And(Each(months, Month));
}

// "the 1st and 15th".
std::string DaysOfMonth(const Shape& days) {
  switch (days.kind) {
    case Kind::kAll:
    case Kind::kRange:
      return fmt::format("the {} to {}", Ordinal(days.first()), Ordinal(days.last()));
    case Kind::kEvery:
    case Kind::kStride:
      return fmt::format("every {} day from the {} to the {}", Ordinal(days.step),
                         Ordinal(days.first()), Ordinal(days.last()));
    default:
      return "the " + And(Each(days, Ordinal));
  }
}

std::string Weekdays(const Shape& weekdays) {
  if (weekdays.Is(Kind::kAll)) return "on every day of the week";
  if (weekdays.values == std::vector<int>{1, 2, 3, 4, 5}) return "on weekdays";
  if (weekdays.values == std::vector<int>{6, 7}) return "at weekends";
  if (weekdays.Is(Kind::kRange)) {
    return fmt::format("from {} to {}", Weekday(weekdays.first()), Weekday(weekdays.last()));
  }
  return "on " + And(Each(weekdays, [](int day) { return Weekday(day) + "s"; }));
}

// "on the 13th of every month, and also on Fridays", or empty for every day.
std::string Days(const Shapes& s) {
  const bool all_months = s.months.Is(Kind::kAll);
  const std::string of_months = all_months ? " of every month" : " of " + Months(s.months);
  const std::string in_months = all_months                  ? ""
                                : s.months.Is(Kind::kRange) ? " from " + Months(s.months)
                                                            : " in " + Months(s.months);
  Words by_date;
  if (!s.days.Is(Kind::kNone)) by_date.push_back(DaysOfMonth(s.days));
  for (const int day : s.near_days.values) {
    by_date.push_back(
        fmt::format("the weekday (Monday to Friday) nearest to the {}", Ordinal(day)));
  }
  if (s.last_day) by_date.emplace_back("the last day");
  if (s.last_workday) by_date.emplace_back("the last weekday (Monday to Friday)");

  Words by_weekday;
  for (const auto& [k, day] : s.nth_weekdays) {
    by_weekday.push_back(
        fmt::format("the {} {}", kNth[static_cast<std::size_t>(k - 1)], Weekday(day)));
  }

  Words days;
  if (!by_date.empty()) days.push_back("on " + And(by_date) + of_months);
  if (!s.weekdays.Is(Kind::kNone)) days.push_back(Weekdays(s.weekdays) + in_months);
  if (!by_weekday.empty()) days.push_back("on " + And(by_weekday) + of_months);
  return days.empty() ? in_months.substr(in_months.empty() ? 0 : 1)
                      : Join(days, ", ", ", and also ");
}

std::string Years(const Shape& years) {
  switch (years.kind) {
    case Kind::kNone:
    case Kind::kAll:
      return {};
    case Kind::kRange:
      return fmt::format(", from {} to {}", years.first(), years.last());
    case Kind::kEvery:
    case Kind::kStride:
      return fmt::format(", every {} years from {} to {}", years.step, years.first(), years.last());
    default:
      return ", in " + And(Each(years, Number));
  }
}

}  // namespace

std::string ExplainInEnglish(const Shapes& s) {
  std::string text;
  if (const Words times = s.FewTimes(); !times.empty()) {
    text = "at " + And(times);
    if (s.any_day) text += " every day";
  } else {
    text = s.OnTheMinute() ? TimeWithoutSeconds(s) : TimeWithSeconds(s);
  }
  if (const std::string days = Days(s); !days.empty()) text += " " + days;
  text += Years(s.years);
  if (s.never) text += " (no such day exists)";
  return text;
}

}  // namespace gophercron::cron
