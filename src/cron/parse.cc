#include <algorithm>
#include <array>
#include <string_view>

#include "cron/complaint.h"
#include "cron/expression.h"
#include "cron/field.h"

namespace gophercron::cron {
namespace {

using What = Complaint::What;

constexpr bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}
constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// 'h', 'l' and 'w' of either case.
constexpr bool IsLetter(char c, char lower) {
  return (c | 0x20) == lower;
}
constexpr bool IsAlpha(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

struct Macro {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Macro, 6> kMacros = {{{"@yearly", "0 0 0 1 1 * *"},
                                           {"@annually", "0 0 0 1 1 * *"},
                                           {"@monthly", "0 0 0 1 * * *"},
                                           {"@weekly", "0 0 0 * * 0 *"},
                                           {"@daily", "0 0 0 * * * *"},
                                           {"@hourly", "0 0 * * * * *"}}};

// Reads one text. Every Read... returns false after it has written complaint_.
class Parser {
 public:
  Parser(std::string_view text, std::string_view hash_id) : text_(text), hash_id_(hash_id) {}

  bool Read();
  const Fields& fields() const { return fields_; }
  const Complaint& complaint() const { return complaint_; }

 private:
  struct Value {
    int number = 0;
    const char* begin = nullptr;
    bool is_name = false;
  };

  bool ReadField(Field field, std::string_view text);
  bool ReadItem(Field field);
  bool ReadHash(Field field);
  bool ReadValue(Field field, Value* value);
  bool ReadRangeEnd(Field field, const Value& from, int* first, int* last);
  bool ReadStep(Field field, int* step);
  bool ReadDaySuffix(int value);
  bool ReadWeekdaySuffix(int value);

  bool AtEnd() const { return at_ == end_; }
  void Add(Field field, int first, int last, int step);
  void AddAll(Field field);
  bool Complain(What what, const char* begin, const char* end);
  // About the whole item.
  bool Complain(What what) { return Complain(what, item_, end_); }

  std::string_view text_;
  std::string_view hash_id_;
  Fields fields_;
  // The item being read.
  const char* item_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  Field field_ = Field::kSecond;
  Complaint complaint_;
};

bool Parser::Complain(What what, const char* begin, const char* end) {
  complaint_.what = what;
  complaint_.field = field_;
  complaint_.offset = static_cast<std::size_t>(begin - text_.data());
  complaint_.length = static_cast<std::size_t>(end - begin);
  complaint_.item = std::string_view(item_, static_cast<std::size_t>(end_ - item_));
  return false;
}

constexpr std::uint64_t Bits(int first, int last) {
  return ((std::uint64_t{2} << last) - 1) & ~((std::uint64_t{1} << first) - 1);
}

void Parser::Add(Field field, int first, int last, int step) {
  if (field == Field::kYear) {
    for (int year = first - kYearFirst; year <= last - kYearFirst; year += step) {
      const auto bit = static_cast<unsigned>(year);
      fields_.years[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    return;
  }
  std::uint64_t bits = 0;
  if (step == 1) {
    bits = Bits(first, last);
  } else {
    for (int value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
  }
  switch (field) {
    case Field::kSecond:
      fields_.seconds |= bits;
      break;
    case Field::kMinute:
      fields_.minutes |= bits;
      break;
    case Field::kHour:
      fields_.hours |= static_cast<std::uint32_t>(bits);
      break;
    case Field::kDay:
      fields_.days |= static_cast<std::uint32_t>(bits);
      break;
    case Field::kMonth:
      fields_.months |= static_cast<std::uint16_t>(bits);
      break;
    case Field::kWeekday:
      fields_.weekdays |= static_cast<std::uint8_t>((bits | bits >> 7) & 0x7f);
      break;
    case Field::kYear:
      break;
  }
}

void Parser::AddAll(Field field) {
  switch (field) {
    case Field::kSecond:
      fields_.seconds = Bits(0, 59);
      break;
    case Field::kMinute:
      fields_.minutes = Bits(0, 59);
      break;
    case Field::kHour:
      fields_.hours = 0xffffff;
      break;
    case Field::kMonth:
      fields_.months = 0x1ffe;
      break;
    case Field::kYear:
      fields_.years = {~std::uint64_t{0}, ~std::uint64_t{0}, 3};
      break;
    case Field::kDay:
    case Field::kWeekday:
      break;
  }
}

bool Parser::ReadValue(Field field, Value* value) {
  value->begin = at_;
  if (AtEnd()) return Complain(What::kBadItem);
  const FieldRule& rule = RuleOf(field);
  if (IsDigit(*at_)) {
    int number = 0;
    const char* const begin = at_;
    for (; !AtEnd() && IsDigit(*at_); ++at_) {
      if (at_ - begin < 5) number = number * 10 + (*at_ - '0');
    }
    const auto digits = at_ - begin;
    const bool right_length = field == Field::kYear ? digits == 4 : digits <= 2;
    if (!right_length || number < rule.first || number > rule.last) {
      return Complain(What::kOutOfRange, begin, at_);
    }
    value->number = number;
    return true;
  }
  while (!AtEnd() && IsAlpha(*at_)) ++at_;
  // "friL": no day's name ends in l.
  if (field == Field::kWeekday && at_ - value->begin > 3 && IsLetter(at_[-1], 'l')) --at_;
  value->number = ValueOfName(
      field, std::string_view(value->begin, static_cast<std::size_t>(at_ - value->begin)));
  value->is_name = true;
  return value->number >= 0 || Complain(What::kBadItem);
}

// After "a-": reads b, and settles which of its two ends a Sunday is.
bool Parser::ReadRangeEnd(Field field, const Value& from, int* first, int* last) {
  Value to;
  if (!ReadValue(field, &to)) return false;
  *first = from.number;
  *last = to.number;
  if (field == Field::kWeekday) {
    if (*first == 7) *first = 0;
    // "sat-sun" ends on Sunday, "sun-sun" and "7-7" are one day, "0-7" is the week.
    if (to.is_name && to.number == 0 && *first > 0) *last = 7;
    if (from.number == 7 && to.number == 7) *last = 0;
  }
  return *first <= *last || Complain(What::kReversed, from.begin, at_);
}

bool Parser::ReadStep(Field field, int* step) {
  const char* const begin = at_;
  int number = 0;
  for (; !AtEnd() && IsDigit(*at_); ++at_) {
    if (at_ - begin < 5) number = number * 10 + (*at_ - '0');
  }
  const auto digits = at_ - begin;
  if (digits == 0) return Complain(What::kBadItem);
  const bool well_formed =
      (digits <= 2 && number <= 59) || (digits == 4 && number >= kYearFirst && number <= kYearLast);
  if (!well_formed || number < 1 || number > RuleOf(field).step_last) {
    return Complain(What::kBadStep, begin, at_);
  }
  *step = number;
  return AtEnd() || Complain(What::kBadItem);
}

// H, H/n, H(a-b), H(a-b)/n.
bool Parser::ReadHash(Field field) {
  const FieldRule& rule = RuleOf(field);
  ++at_;
  int first = rule.first;
  int last = rule.hash_last;
  if (!AtEnd() && *at_ == '(') {
    ++at_;
    Value from;
    if (!ReadValue(field, &from)) return false;
    if (AtEnd() || *at_++ != '-') return Complain(What::kBadItem);
    if (!ReadRangeEnd(field, from, &first, &last)) return false;
    if (field == Field::kDay && last > rule.hash_last) {
      return Complain(What::kHashOutOfRange, from.begin, at_);
    }
    if (AtEnd() || *at_++ != ')') return Complain(What::kBadItem);
  }
  int step = 0;
  if (!AtEnd()) {
    if (*at_++ != '/') return Complain(What::kBadItem);
    if (!ReadStep(field, &step)) return false;
  }
  if (field == Field::kYear) return Complain(What::kHashInYear);
  if (hash_id_.empty()) return Complain(What::kHashWithoutId);

  const int count = last - first + 1;
  const int choices = step == 0 ? count : std::min(step, count);
  const int start =
      first + static_cast<int>(HashOf(field, hash_id_) % static_cast<std::uint64_t>(choices));
  Add(field, start, step == 0 ? start : last, step == 0 ? 1 : step);
  return true;
}

// "nW".
bool Parser::ReadDaySuffix(int value) {
  if (!IsLetter(*at_, 'w') || at_ + 1 != end_) return Complain(What::kBadItem);
  fields_.near_days |= 1u << value;
  return true;
}

// "dL" and "d#k".
bool Parser::ReadWeekdaySuffix(int value) {
  const int weekday = value % 7;
  if (IsLetter(*at_, 'l') && at_ + 1 == end_) {
    fields_.nth_weekdays |= std::uint64_t{1} << (35 + weekday);
    return true;
  }
  if (*at_ == '#' && at_ + 2 == end_ && at_[1] >= '1' && at_[1] <= '5') {
    fields_.nth_weekdays |= std::uint64_t{1} << (7 * (at_[1] - '1') + weekday);
    return true;
  }
  return Complain(What::kBadItem);
}

bool Parser::ReadItem(Field field) {
  const FieldRule& rule = RuleOf(field);
  // A step counts to the end of the field, and for weekdays that is Saturday.
  const int step_to = field == Field::kWeekday ? 6 : rule.last;
  int step = 1;
  if (IsLetter(*at_, 'h')) return ReadHash(field);
  if (*at_ == '*' && end_ - at_ > 1) {
    ++at_;
    if (*at_++ != '/') return Complain(What::kBadItem);
    if (!ReadStep(field, &step)) return false;
    Add(field, rule.first, step_to, step);
    return true;
  }
  if (field == Field::kDay && IsLetter(*at_, 'l')) {
    if (end_ - at_ == 1) {
      fields_.day_flags |= Fields::kLastDay;
      return true;
    }
    if (end_ - at_ == 2 && IsLetter(at_[1], 'w')) {
      fields_.day_flags |= Fields::kLastWorkday;
      return true;
    }
    return Complain(What::kBadItem);
  }

  Value value;
  if (!ReadValue(field, &value)) return false;
  int first = value.number;
  int last = value.number;
  if (AtEnd()) {
    Add(field, first, last, 1);
    return true;
  }
  switch (*at_) {
    case '/':
      ++at_;
      if (!ReadStep(field, &step)) return false;
      if (field == Field::kWeekday) first %= 7;
      Add(field, first, step_to, step);
      return true;
    case '-':
      ++at_;
      if (!ReadRangeEnd(field, value, &first, &last)) return false;
      if (!AtEnd()) {
        if (*at_++ != '/') return Complain(What::kBadItem);
        if (!ReadStep(field, &step)) return false;
      }
      Add(field, first, last, step);
      return true;
    default:
      if (field == Field::kDay) return ReadDaySuffix(value.number);
      if (field == Field::kWeekday) return ReadWeekdaySuffix(value.number);
      return Complain(What::kBadItem);
  }
}

bool Parser::ReadField(Field field, std::string_view text) {
  field_ = field;
  if (text.size() == 1 && (text[0] == '*' || text[0] == '?')) {
    AddAll(field);
    return true;
  }
  const char* const end = text.data() + text.size();
  bool any = false;
  bool all = false;
  for (const char* begin = text.data(); begin < end;) {
    const char* stop = begin;
    while (stop < end && *stop != ',') ++stop;
    if (stop != begin) {
      any = true;
      item_ = at_ = begin;
      end_ = stop;
      if (stop - begin == 1 && (*begin == '*' || *begin == '?')) {
        all = true;
      } else if (!ReadItem(field)) {
        return false;
      }
    }
    begin = stop + 1;
  }
  if (!any) {
    item_ = text.data();
    end_ = end;
    return Complain(What::kEmptyField);
  }
  // A star in a list makes the whole field a star.
  if (all) {
    AddAll(field);
  } else if (field == Field::kDay) {
    fields_.day_flags |= Fields::kDaysRestricted;
  } else if (field == Field::kWeekday) {
    fields_.day_flags |= Fields::kWeekdaysRestricted;
  }
  return true;
}

bool Parser::Read() {
  std::array<std::string_view, 7> words;
  std::size_t count = 0;
  const char* const end = text_.data() + text_.size();
  // What stands beyond the seventh field was never looked at in stored expressions, and is not
  // here.
  for (const char* at = text_.data(); count < words.size(); ++count) {
    while (at < end && IsSpace(*at)) ++at;
    if (at == end) break;
    const char* const begin = at;
    while (at < end && !IsSpace(*at)) ++at;
    words[count] = std::string_view(begin, static_cast<std::size_t>(at - begin));
  }
  if (count > 0 && words[0][0] == '@') {
    for (const Macro& macro : kMacros) {
      if (words[0] != macro.name) continue;
      text_ = macro.text;
      return Read();
    }
    item_ = words[0].data();
    end_ = item_ + words[0].size();
    return Complain(What::kMacro);
  }
  if (count < 5) {
    item_ = text_.data();
    end_ = end;
    complaint_.count = count;
    return Complain(What::kTooFewFields);
  }

  std::size_t word = 0;
  if (count == 7) {
    if (!ReadField(Field::kSecond, words[word++])) return false;
  } else {
    fields_.seconds = 1;
  }
  for (const Field field :
       {Field::kMinute, Field::kHour, Field::kDay, Field::kMonth, Field::kWeekday}) {
    if (!ReadField(field, words[word++])) return false;
  }
  if (count == 5) {
    AddAll(Field::kYear);
  } else if (!ReadField(Field::kYear, words[word])) {
    return false;
  }
  return true;
}

// A `*` beside other items must not leave those items behind: `1,*` of a day is every day.
void Settle(Fields* fields) {
  if (!fields->Has(Fields::kDaysRestricted)) {
    fields->days = 0;
    fields->near_days = 0;
    fields->day_flags &= static_cast<std::uint8_t>(~(Fields::kLastDay | Fields::kLastWorkday));
  }
  if (!fields->Has(Fields::kWeekdaysRestricted)) {
    fields->weekdays = 0;
    fields->nth_weekdays = 0;
  }
  const bool restricted =
      (fields->day_flags & (Fields::kDaysRestricted | Fields::kWeekdaysRestricted)) != 0;
  const Fields every = Expression().fields();
  if (!restricted && fields->months == every.months && fields->years == every.years) {
    fields->day_flags |= Fields::kEveryDay;
  }
}

}  // namespace

Result<Expression> Parse(std::string_view text, std::string_view hash_id) {
  if (text.size() > kExpressionBytesMax) {
    return std::unexpected(ErrorOf({.what = What::kTooLong, .length = text.size()}, text));
  }
  Parser parser(text, hash_id);
  if (!parser.Read()) return std::unexpected(ErrorOf(parser.complaint(), text));
  Fields fields = parser.fields();
  Settle(&fields);
  return Expression(fields);
}

}  // namespace gophercron::cron
