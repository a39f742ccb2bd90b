// The shape of a set of numbers, which decides the words for it. Inside cron only.
#ifndef GOPHERCRON_CRON_SHAPE_H_
#define GOPHERCRON_CRON_SHAPE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cron/expression.h"

namespace gophercron::cron {

struct Shape {
  enum class Kind {
    kNone,
    kAll,
    kOne,
    kEvery,   // from the first number on, by a step that divides the whole
    kStride,  // any other sequence with a step of 2 or more, too long for a list
    kRange,   // three or more in a row
    kList,
  };
  Kind kind = Kind::kNone;
  std::vector<int> values;
  int step = 1;

  int first() const { return values.front(); }
  int last() const { return values.back(); }
  bool Is(Kind other) const { return kind == other; }
  // One word says it: "every minute", "every 5 minutes".
  bool IsSteady() const { return Is(Kind::kAll) || Is(Kind::kEvery); }
  // Without holes.
  bool IsUnbroken() const { return Is(Kind::kAll) || Is(Kind::kOne) || Is(Kind::kRange); }
};

// `values` in order, out of the numbers first to last.
Shape ShapeOf(std::vector<int> values, int first, int last);

// The sets of an expression as shapes. Weekdays begin on Monday and end with Sunday, as 7.
struct Shapes {
  explicit Shapes(const Expression& expression);

  Shape seconds;
  Shape minutes;
  Shape hours;
  Shape days;
  Shape near_days;
  Shape months;
  Shape weekdays;
  Shape years;
  // (k, weekday) with k = 1..5, or 6 for the last one of the month.
  std::vector<std::pair<int, int>> nth_weekdays;
  bool last_day;
  bool last_workday;
  bool any_day;
  bool never;

  // The times of a day, when they are few enough to be read out one by one; empty otherwise.
  std::vector<std::string> FewTimes() const;
  bool OnTheMinute() const { return seconds.Is(Shape::Kind::kOne) && seconds.first() == 0; }
  // Times of day: the first and the last of a stretch.
  std::string FirstTime() const { return Time(hours.first(), minutes.first(), seconds.first()); }
  std::string LastTime() const { return Time(hours.last(), minutes.last(), seconds.last()); }

 private:
  std::string Time(int hour, int minute, int second) const;
};

// "a, b and c" with the two separators given.
std::string Join(const std::vector<std::string>& words, std::string_view comma,
                 std::string_view last);

std::string ExplainInEnglish(const Shapes& shapes);
std::string ExplainInChinese(const Shapes& shapes);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_SHAPE_H_
