// Expression: a cron expression, read once, as sets of bits. The dialect is in docs/semantics.md.
//
// A value of 64 bytes, immutable, without heap memory: copy it freely, use it from any thread. It
// knows nothing of zones or instants: it answers in wall time, and ticks.h turns that into
// instants.
#ifndef GOPHERCRON_CRON_EXPRESSION_H_
#define GOPHERCRON_CRON_EXPRESSION_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::cron {

// What a clock on the wall shows, in seconds since 1970-01-01T00:00:00 on that wall. Whole seconds.
using WallTime = std::chrono::local_seconds;

inline constexpr int kYearFirst = 1970;
inline constexpr int kYearLast = 2099;
// The longest text that Parse reads.
inline constexpr std::size_t kExpressionBytesMax = 1024;

// The sets that the fields of an expression name. Bit n stands for the value n, except in `years`,
// where bit n stands for kYearFirst + n. Sunday is weekday 0.
struct Fields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::array<std::uint64_t, 3> years = {};
  // Bits 7*(k-1) + d for k = 1..5: the k-th weekday d of the month. Bits 35 + d: the last one.
  std::uint64_t nth_weekdays = 0;
  std::uint32_t hours = 0;
  std::uint32_t days = 0;
  // Bit n: the Monday to Friday nearest to day n of the same month.
  std::uint32_t near_days = 0;
  std::uint16_t months = 0;
  std::uint8_t weekdays = 0;
  std::uint8_t day_flags = 0;

  enum DayFlag : std::uint8_t {
    kLastDay = 1,
    kLastWorkday = 2,
    // The field says something other than `*`: with both, a day needs to match only one of them.
    kDaysRestricted = 4,
    kWeekdaysRestricted = 8,
    // Every day of every month of every year, so that no calendar is needed.
    kEveryDay = 16,
  };
  bool Has(DayFlag flag) const { return (day_flags & flag) != 0; }
  bool HasYear(int year) const {
    const auto bit = static_cast<unsigned>(year - kYearFirst);
    return (years[bit / 64] >> (bit % 64) & 1) != 0;
  }

  friend bool operator==(const Fields&, const Fields&) = default;
};

class Expression {
 public:
  // Fires at the first second of every minute.
  Expression();
  // `fields` as Parse makes them: no time field empty.
  explicit Expression(const Fields& fields) : fields_(fields) {}

  const Fields& fields() const { return fields_; }
  // All 24 hours match. Such an expression goes on through a change of the clocks by elapsed time.
  bool MatchesEveryHour() const { return fields_.hours == 0xffffff; }

  // The first matching wall time at or after `at`, from 1970 to the end of 2099.
  std::optional<WallTime> AtOrAfter(WallTime at) const;
  // The last matching wall time at or before `at`.
  std::optional<WallTime> AtOrBefore(WallTime at) const;
  // How many wall times in [from, to) match. Costs a few nanoseconds for each month between them.
  std::uint64_t CountBetween(WallTime from, WallTime to) const;

  friend bool operator==(const Expression&, const Expression&) = default;

 private:
  bool MatchesDay(std::uint32_t day) const;
  std::uint32_t DayAtOrAfter(std::uint32_t day) const;
  std::optional<std::uint32_t> DayAtOrBefore(std::uint32_t day) const;
  std::uint64_t CountDays(std::uint32_t from, std::uint32_t to) const;

  Fields fields_;
};

static_assert(sizeof(Expression) <= 72);

// Reads 5 fields (minute hour day-of-month month day-of-week), 6 (… year), 7 (second … year), or a
// macro such as @daily. `hash_id` is what H is spread by, the task's id: the same id gives the same
// expression on every machine and in every version. Without it H is an error.
//
// An expression that can never fire is not an error here: ask Next. Errors are kInvalidArgument
// with one FieldError, "cron", whose offset and length point at the bytes of `text` that are wrong.
Result<Expression> Parse(std::string_view text, std::string_view hash_id = {});

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_EXPRESSION_H_
