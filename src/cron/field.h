// The seven fields of an expression and what may stand in each.
#ifndef GOPHERCRON_CRON_FIELD_H_
#define GOPHERCRON_CRON_FIELD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gophercron::cron {

enum class Field : std::uint8_t { kSecond, kMinute, kHour, kDay, kMonth, kWeekday, kYear };

struct FieldRule {
  std::string_view name;
  int first;
  // The largest value that may be written. Weekday 7 is Sunday again.
  int last;
  int step_last;
  // What a plain H picks from: in days of the month only those that every month has.
  int hash_last;
};

inline constexpr std::array<FieldRule, 7> kFieldRules = {{
    {.name = "second", .first = 0, .last = 59, .step_last = 59, .hash_last = 59},
    {.name = "minute", .first = 0, .last = 59, .step_last = 59, .hash_last = 59},
    {.name = "hour", .first = 0, .last = 23, .step_last = 23, .hash_last = 23},
    {.name = "day of month", .first = 1, .last = 31, .step_last = 31, .hash_last = 28},
    {.name = "month", .first = 1, .last = 12, .step_last = 12, .hash_last = 12},
    {.name = "day of week", .first = 0, .last = 7, .step_last = 6, .hash_last = 6},
    {.name = "year", .first = 1970, .last = 2099, .step_last = 2099, .hash_last = 0},
}};

constexpr const FieldRule& RuleOf(Field field) {
  return kFieldRules[static_cast<std::size_t>(field)];
}

inline constexpr std::array<std::string_view, 12> kMonthNames = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
inline constexpr std::array<std::string_view, 7> kWeekdayNames = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

// The number a name stands for ("jan" or "january", any case), or -1. Only months and weekdays have
// names.
int ValueOfName(Field field, std::string_view name);

// What H becomes in `field` for the task `id`: a number that depends on nothing else and will never
// change. FNV-1a (64 bits) of the field's number, one byte, then of the bytes of the id; then the
// finaliser of MurmurHash3, so that small moduli see all of it.
std::uint64_t HashOf(Field field, std::string_view id);

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_FIELD_H_
