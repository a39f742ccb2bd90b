#include "cron/explain.h"

#include <fmt/format.h>

#include <utility>

#include "cron/shape.h"

namespace gophercron::cron {
namespace {

constexpr std::size_t kFewTimes = 4;
constexpr std::size_t kLongList = 5;

std::vector<int> ValuesOf(std::uint64_t bits) {
  std::vector<int> values;
  for (int bit = 0; bit < 64; ++bit) {
    if ((bits >> bit & 1) != 0) values.push_back(bit);
  }
  return values;
}

// The difference of all neighbours, or 0 when they differ.
int StepOf(const std::vector<int>& values) {
  if (values.size() < 2) return 0;
  const int step = values[1] - values[0];
  for (std::size_t i = 2; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != step) return 0;
  }
  return step;
}

}  // namespace

Shape ShapeOf(std::vector<int> values, int first, int last) {
  Shape shape;
  const int size = last - first + 1;
  const int step = StepOf(values);
  const std::size_t count = values.size();
  if (count == 0) return shape;
  shape.values = std::move(values);
  if (static_cast<int>(count) == size) {
    shape.kind = Shape::Kind::kAll;
  } else if (count == 1) {
    shape.kind = Shape::Kind::kOne;
  } else if (step > 1 && shape.first() == first && static_cast<int>(count) * step == size) {
    shape.kind = Shape::Kind::kEvery;
    shape.step = step;
  } else if (step == 1 && count > 2) {
    shape.kind = Shape::Kind::kRange;
  } else if (step > 1 && count >= kLongList) {
    shape.kind = Shape::Kind::kStride;
    shape.step = step;
  } else {
    shape.kind = Shape::Kind::kList;
  }
  return shape;
}

Shapes::Shapes(const Expression& expression)
    : last_day(expression.fields().Has(Fields::kLastDay)),
      last_workday(expression.fields().Has(Fields::kLastWorkday)),
      any_day(!expression.fields().Has(Fields::kDaysRestricted) &&
              !expression.fields().Has(Fields::kWeekdaysRestricted)),
      never(!expression.AtOrAfter(WallTime{})) {
  const Fields& fields = expression.fields();
  seconds = ShapeOf(ValuesOf(fields.seconds), 0, 59);
  minutes = ShapeOf(ValuesOf(fields.minutes), 0, 59);
  hours = ShapeOf(ValuesOf(fields.hours), 0, 23);
  days = ShapeOf(ValuesOf(fields.days), 1, 31);
  near_days = ShapeOf(ValuesOf(fields.near_days), 1, 31);
  months = ShapeOf(ValuesOf(fields.months), 1, 12);
  const std::uint32_t sunday_last = (fields.weekdays & ~1u) | (fields.weekdays & 1u) << 7;
  weekdays = ShapeOf(ValuesOf(sunday_last), 1, 7);
  std::vector<int> all_years;
  for (int year = kYearFirst; year <= kYearLast; ++year) {
    if (fields.HasYear(year)) all_years.push_back(year);
  }
  years = ShapeOf(std::move(all_years), kYearFirst, kYearLast);
  for (int k = 1; k <= 6; ++k) {
    for (int weekday = 1; weekday <= 7; ++weekday) {
      if ((fields.nth_weekdays >> (7 * (k - 1) + weekday % 7) & 1) != 0) {
        nth_weekdays.emplace_back(k, weekday);
      }
    }
  }
}

std::string Shapes::Time(int hour, int minute, int second) const {
  return OnTheMinute() ? fmt::format("{:02}:{:02}", hour, minute)
                       : fmt::format("{:02}:{:02}:{:02}", hour, minute, second);
}

std::vector<std::string> Shapes::FewTimes() const {
  const std::size_t count = hours.values.size() * minutes.values.size() * seconds.values.size();
  // "every 6 hours" says more than its four times.
  const bool by_hours = OnTheMinute() && minutes.Is(Shape::Kind::kOne) && minutes.first() == 0 &&
                        hours.Is(Shape::Kind::kEvery) && hours.values.size() > 2;
  const bool listed_hours =
      OnTheMinute() && minutes.Is(Shape::Kind::kOne) && hours.Is(Shape::Kind::kList);
  std::vector<std::string> times;
  if (by_hours || (count > kFewTimes && !listed_hours)) return times;
  for (const int hour : hours.values) {
    for (const int minute : minutes.values) {
      for (const int second : seconds.values) times.push_back(Time(hour, minute, second));
    }
  }
  return times;
}

std::string Join(const std::vector<std::string>& words, std::string_view comma,
                 std::string_view last) {
  std::string joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) joined += i + 1 == words.size() ? last : comma;
    joined += words[i];
  }
  return joined;
}

std::string Explain(const Expression& expression, Language language) {
  const Shapes shapes(expression);
  return language == Language::kChinese ? ExplainInChinese(shapes) : ExplainInEnglish(shapes);
}

}  // namespace gophercron::cron
