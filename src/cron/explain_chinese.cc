#include <fmt/format.h>

#include <array>

#include "cron/shape.h"

namespace gophercron::cron {
namespace {

using Kind = Shape::Kind;
using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 7> kWeekdays = {"周一", "周二", "周三", "周四",
                                                       "周五", "周六", "周日"};
constexpr std::array<std::string_view, 6> kNth = {"第一个", "第二个", "第三个",
                                                  "第四个", "第五个", "最后一个"};

std::string Weekday(int weekday) {
  return std::string(kWeekdays[static_cast<std::size_t>(weekday - 1)]);
}

std::string List(const Words& words) {
  return Join(words, "、", "、");
}

// "5、10、42", or "10 至 20".
std::string Numbers(const Shape& shape) {
  if (shape.Is(Kind::kRange) || shape.Is(Kind::kAll)) {
    return fmt::format("{} 至 {}", shape.first(), shape.last());
  }
  Words words;
  for (const int value : shape.values) words.push_back(fmt::to_string(value));
  return List(words);
}

// "每分钟", "每 5 分钟".
std::string Every(int step, std::string_view unit) {
  return step == 1 ? fmt::format("每{}", unit) : fmt::format("每 {} {}", step, unit);
}

// As something that happens: "每 5 分钟", "第 1、2 分". `unit` counts time, `point` names one.
std::string Happening(const Shape& shape, std::string_view unit, std::string_view point) {
  if (shape.IsSteady()) return Every(shape.step, unit);
  if (shape.Is(Kind::kOne) || shape.Is(Kind::kList))
    return fmt::format("第 {} {}", Numbers(shape), point);
  return fmt::format("第 {} 至 {} {}{}", shape.first(), shape.last(), point,
                     Every(shape.step, unit));
}

// As a stretch in which something happens: "每小时", "9、12 时".
std::string Hours(const Shape& hours) {
  return hours.Is(Kind::kAll) ? "每小时" : fmt::format("{} 时", Numbers(hours));
}

std::string Window(const Shapes& s) {
  return fmt::format("{} 至 {} ", s.FirstTime(), s.LastTime());
}

std::string HourlyTime(const Shapes& s) {
  const int minute = s.minutes.first();
  if (s.hours.Is(Kind::kAll)) return minute == 0 ? "每小时" : fmt::format("每小时第 {} 分", minute);
  const std::string every = Every(s.hours.step, "小时");
  return s.hours.Is(Kind::kEvery) && minute == 0 ? every : Window(s) + every;
}

std::string TimeWithoutSeconds(const Shapes& s) {
  if (s.minutes.Is(Kind::kOne)) return HourlyTime(s);
  const std::string happening = Happening(s.minutes, "分钟", "分");
  if (s.minutes.IsSteady()) {
    if (s.hours.Is(Kind::kAll)) return happening;
    if (s.hours.IsUnbroken()) return Window(s) + happening;
    return Hours(s.hours) + "内" + happening;
  }
  return s.hours.Is(Kind::kAll) ? "每小时" + happening : Hours(s.hours) + "内" + happening;
}

std::string TimeWithSeconds(const Shapes& s) {
  const std::string happening = Happening(s.seconds, "秒", "秒");
  if (s.seconds.IsSteady()) {
    if (s.minutes.Is(Kind::kAll) && s.hours.Is(Kind::kAll)) return happening;
    const bool unbroken = s.minutes.Is(Kind::kAll)
                              ? s.hours.IsUnbroken()
                              : s.minutes.IsUnbroken() && s.hours.Is(Kind::kOne);
    if (unbroken) return Window(s) + happening;
  }
  std::string stretch;
  if (s.minutes.IsSteady()) {
    stretch = Every(s.minutes.step, "分钟");
    if (!s.hours.Is(Kind::kAll)) stretch = Hours(s.hours) + "内" + stretch;
  } else {
    stretch = fmt::format("{}第 {} 分", Hours(s.hours), Numbers(s.minutes));
  }
  return s.seconds.IsSteady() ? stretch + "内" + happening : stretch + "的" + happening;
}

std::string Months(const Shape& months) {
  if (months.Is(Kind::kRange)) return fmt::format("{} 月至 {} 月", months.first(), months.last());
  Words words;
  for (const int month : months.values) words.push_back(fmt::format("{} 月", month));
  return List(words);
}

std::string DaysOfMonth(const Shape& days) {
  if (days.Is(Kind::kRange) || days.Is(Kind::kAll)) {
    return fmt::format("{} 日至 {} 日", days.first(), days.last());
  }
  if (days.Is(Kind::kStride) || days.Is(Kind::kEvery)) {
    return fmt::format("{} 日起每 {} 天至 {} 日", days.first(), days.step, days.last());
  }
  Words words;
  for (const int day : days.values) words.push_back(fmt::format("{} 日", day));
  return List(words);
}

std::string Weekdays(const Shape& weekdays) {
  if (weekdays.Is(Kind::kAll)) return "每周每天";
  if (weekdays.Is(Kind::kRange)) {
    return fmt::format("每{}至{}", Weekday(weekdays.first()), Weekday(weekdays.last()));
  }
  Words words;
  for (const int day : weekdays.values) words.push_back(Weekday(day));
  return "每" + List(words);
}

std::string Years(const Shape& years) {
  switch (years.kind) {
    case Kind::kNone:
    case Kind::kAll:
      return {};
    case Kind::kRange:
      return fmt::format("{} 至 {} 年", years.first(), years.last());
    case Kind::kEvery:
    case Kind::kStride:
      return fmt::format("{} 至 {} 年每 {} 年", years.first(), years.last(), years.step);
    default:
      return fmt::format("{} 年", Numbers(years));
  }
}

// "每月 13 日或每周五", or empty for every day of every month.
std::string Days(const Shapes& s) {
  const bool all_months = s.months.Is(Kind::kAll);
  const bool one_month = s.months.Is(Kind::kOne);
  const std::string months = Months(s.months);
  const std::string year = s.years.Is(Kind::kAll) ? "每年 " : "";
  // "每月 1 日", "每年 1 月 1 日", "每年 1 月、7 月的 1 日".
  const std::string of_months = all_months ? "每月" : year + months + (one_month ? "" : "的");

  Words dates;
  const auto add = [&](const std::string& day, bool with_space) {
    dates.push_back(of_months + (with_space ? " " : "") + day);
  };
  if (!s.days.Is(Kind::kNone)) add(DaysOfMonth(s.days), true);
  for (const int day : s.near_days.values)
    add(fmt::format("最接近 {} 日的工作日（周一至周五）", day), false);
  if (s.last_day) add("最后一天", false);
  if (s.last_workday) add("最后一个工作日（周一至周五）", false);
  if (!s.weekdays.Is(Kind::kNone)) {
    dates.push_back((all_months ? "" : year + months + "的") + Weekdays(s.weekdays));
  }
  for (const auto& [k, day] : s.nth_weekdays) {
    add(std::string(kNth[static_cast<std::size_t>(k - 1)]) + Weekday(day), false);
  }
  if (dates.empty() && !all_months) return year + months + "的每天";
  return Join(dates, "、", "或");
}

}  // namespace

std::string ExplainInChinese(const Shapes& s) {
  const Words times = s.FewTimes();
  std::string days = Days(s);
  if (days.empty() && !times.empty()) days = "每天";
  const std::string years = Years(s.years);
  std::string text = years;
  if (!days.empty()) text += (text.empty() ? "" : " ") + days;
  if (!text.empty()) text += " ";
  if (!times.empty()) {
    text += List(times);
  } else {
    text += s.OnTheMinute() ? TimeWithoutSeconds(s) : TimeWithSeconds(s);
  }
  if (s.never) text += "（没有这样的日期）";
  return text;
}

}  // namespace gophercron::cron
