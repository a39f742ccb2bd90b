#include "cron/complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cron/expression.h"

namespace gophercron::cron {
namespace {

using What = Complaint::What;

constexpr std::size_t kQuotedBytesMax = 40;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsAscii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}

// In quotes, cut short, and with every byte that is not printable ASCII escaped.
std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuotedBytesMax)) {
    if (c >= ' ' && c <= '~') {
      quoted += c;
    } else {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kQuotedBytesMax) quoted += "...";
  return quoted + "\"";
}

std::string_view FormsOf(Field field) {
  switch (field) {
    case Field::kDay:
      return "write a day (15), a range (1-7), a step (*/2), a list of them, L (last day), LW "
             "(last Monday to "
             "Friday) or 15W (Monday to Friday nearest to the 15th)";
    case Field::kWeekday:
      return "write a weekday (0-7 or mon), a range (mon-fri), a step (*/2), a list of them, 5L "
             "(last Friday) "
             "or 5#2 (second Friday)";
    case Field::kMonth:
      return "write a month (1-12 or jan), a range (3-5), a step (*/3) or a list of them";
    case Field::kYear:
      return "write a year (2026), a range (2026-2030), a step (*/2) or a list of them";
    case Field::kSecond:
    case Field::kMinute:
    case Field::kHour:
      break;
  }
  return "write a number (5), a range (5-10), a step (*/5) or a list of them (0,15,30)";
}

std::string OfMacro(std::string_view word) {
  constexpr std::string_view kAll = "@yearly, @annually, @monthly, @weekly, @daily or @hourly";
  const std::string lower = Lower(word);
  if (lower == "@midnight")
    return "@midnight is not known here; write @daily, which is 00:00 as well";
  if (lower == "@reboot")
    return "@reboot is not a time; tasks run by the clock only, for example @hourly";
  if (lower.starts_with("@every")) {
    return "@every is not known here; write a step: \"*/5 * * * *\" is every 5 minutes, "
           "\"*/10 * * * * * *\" every 10 seconds";
  }
  if (lower != word && kAll.find(lower) != std::string_view::npos) {
    return fmt::format("{} is written in lower case: {}", Quote(word), lower);
  }
  return fmt::format("{} is not known; write {}, or five fields", Quote(word), kAll);
}

std::string OfCount(std::size_t count) {
  constexpr std::string_view kShape =
      "minute, hour, day of month, month and day of week, as in \"30 3 * * mon-fri\"";
  if (count == 0) return fmt::format("the expression is empty; write five fields: {}", kShape);
  return fmt::format("the expression has {} field{} of at least five; write {}", count,
                     count == 1 ? "" : "s", kShape);
}

// What a person who wrote letters may have meant; empty when that is anyone's guess.
std::string OfLetters(Field field, const std::string& item) {
  const auto letters = static_cast<std::size_t>(
      std::ranges::find_if(item, [](char c) { return c < 'a' || c > 'z'; }) - item.begin());
  const std::string word = item.substr(0, letters);
  if (word.size() < 3) return {};
  const std::string_view key = std::string_view(word).substr(0, 3);
  for (const Field named : {Field::kMonth, Field::kWeekday}) {
    const int value = ValueOfName(named, key);
    if (value < 0 || ValueOfName(field, word) >= 0) continue;
    if (named == field) {
      const auto full = field == Field::kMonth ? kMonthNames[static_cast<std::size_t>(value - 1)]
                                               : kWeekdayNames[static_cast<std::size_t>(value)];
      return fmt::format("\"{}\" is not a name; write \"{}\" or \"{}\"", word, key, full);
    }
    return fmt::format("{} is a {}, which has a field of its own", Quote(word), RuleOf(named).name);
  }
  return {};
}

std::string OfSpecial(Field field, const std::string& item) {
  const bool of_days = field == Field::kDay || field == Field::kWeekday;
  const auto has = [&](char c) { return item.find(c) != std::string::npos; };
  if (field == Field::kWeekday && item == "l") {
    return "L needs a weekday before it: 5L is the last Friday; for every Saturday write 6";
  }
  if (field == Field::kDay && item.starts_with("l-")) {
    return "L takes no number after it; L is the last day and LW the last Monday to Friday";
  }
  if (has('#') && field == Field::kWeekday) {
    return "# stands between one weekday and a number from 1 to 5: 5#2 is the second Friday";
  }
  if (has('#')) return "# is only for the day of week: 5#2 is the second Friday";
  if (has('w') && field == Field::kDay) {
    return "W stands after one day, as in 15W, or after L, as in LW";
  }
  if (item == "l" && !of_days) return "L is only for the day of month and the day of week";
  return {};
}

std::string OfItem(Field field, std::string_view item) {
  if (!IsAscii(item)) {
    return fmt::format("{} has a character that is not ASCII, perhaps a full-width one; {}",
                       Quote(item), FormsOf(field));
  }
  const std::string lower = Lower(item);
  const auto count = [&](char c) { return std::ranges::count(lower, c); };
  if (lower.starts_with('@'))
    return fmt::format("{} stands in a field; a macro stands alone", Quote(item));
  if (lower.starts_with("?/")) return fmt::format("? takes no step; write *{}", item.substr(1));
  if (lower.starts_with('*')) {
    return fmt::format("{} is not understood; only a step may follow *, as in */2", Quote(item));
  }
  if (lower.starts_with('-') || lower.starts_with('+')) {
    return fmt::format("{} begins with a sign; {}", Quote(item), FormsOf(field));
  }
  if (lower.find('~') != std::string::npos) {
    return fmt::format("{} is not understood; for a spread time write H or H(a-b)", Quote(item));
  }
  if (lower.ends_with('/'))
    return fmt::format("{} lacks the step after /; */5 is every fifth", Quote(item));
  if (lower.ends_with('-'))
    return fmt::format("{} lacks the end of the range; write it as 1-5", Quote(item));
  if (const auto guess = OfLetters(field, lower); !guess.empty()) return guess;
  if (const auto guess = OfSpecial(field, lower); !guess.empty()) {
    return fmt::format("{} is not understood; {}", Quote(item), guess);
  }
  if (count('-') > 1)
    return fmt::format("{} has more than one -; a range has two ends, as in 1-5", Quote(item));
  if (count('/') > 1)
    return fmt::format("{} has more than one /; write one step, as in 1-20/5", Quote(item));
  return fmt::format("{} is not understood; {}", Quote(item), FormsOf(field));
}

std::string OfRange(Field field, std::string_view number) {
  const FieldRule& rule = RuleOf(field);
  std::string sentence =
      field != Field::kYear && number.size() > 2
          ? fmt::format("{} has too many digits; write {} to {}", Quote(number), rule.first,
                        rule.last)
          : fmt::format("{} is out of range; write {} to {}", Quote(number), rule.first, rule.last);
  if (field == Field::kHour && number == "24") sentence += "; midnight is 0";
  if (field == Field::kYear && number.size() < 4) {
    sentence +=
        "; six fields end with a year, they do not begin with a second: for seconds write all "
        "seven";
  }
  return sentence;
}

std::string OfReversed(Field field, std::string_view range) {
  const auto dash = range.find('-');
  const auto from = range.substr(0, dash);
  const auto to = range.substr(dash + 1);
  if (field == Field::kYear) {
    return fmt::format("{} runs backwards; write {}-{}", Quote(range), to, from);
  }
  const FieldRule& rule = RuleOf(field);
  const bool named = from[0] > '9';
  const std::string last = field == Field::kMonth     ? (named ? "dec" : "12")
                           : field == Field::kWeekday ? (named ? "sat" : "6")
                                                      : fmt::to_string(rule.last);
  const std::string first = field == Field::kMonth     ? (named ? "jan" : "1")
                            : field == Field::kWeekday ? (named ? "sun" : "0")
                                                       : fmt::to_string(rule.first);
  const auto span = [](std::string_view a, std::string_view b) {
    return Lower(a) == Lower(b) ? std::string(a) : fmt::format("{}-{}", a, b);
  };
  return fmt::format("{} runs backwards; ranges do not wrap, so write {},{}", Quote(range),
                     span(from, last), span(first, to));
}

std::string OfStep(Field field, std::string_view step) {
  const FieldRule& rule = RuleOf(field);
  std::string sentence = fmt::format("the step {} is out of range; write 1 to {}", Quote(step),
                                     field == Field::kYear ? 59 : rule.step_last);
  if (step == fmt::to_string(rule.step_last + 1) && rule.first == 0) {
    sentence += fmt::format("; for one {} only write {}", rule.name, rule.first);
  }
  return sentence;
}

std::string SentenceOf(const Complaint& complaint, std::string_view wrong) {
  const Field field = complaint.field;
  switch (complaint.what) {
    case What::kTooLong:
      return fmt::format("the expression is {} bytes long; at most {} are read", complaint.length,
                         kExpressionBytesMax);
    case What::kTooFewFields:
      return OfCount(complaint.count);
    case What::kMacro:
      return OfMacro(wrong);
    case What::kEmptyField:
      return fmt::format("{} names nothing; {}, or * for all", Quote(wrong), FormsOf(field));
    case What::kBadItem:
      return OfItem(field, complaint.item);
    case What::kOutOfRange:
      return OfRange(field, wrong);
    case What::kReversed:
      return OfReversed(field, wrong);
    case What::kBadStep:
      return OfStep(field, wrong);
    case What::kHashWithoutId:
      return fmt::format(
          "{} is spread by the id of the task, and there is none here; give the id, or {}",
          Quote(wrong), FormsOf(field));
    case What::kHashInYear:
      return fmt::format("{} would leave the year to chance; write years, or *", Quote(wrong));
    case What::kHashOutOfRange:
      return fmt::format(
          "{} reaches beyond day 28; H picks from days that every month has: write H(1-28) or "
          "less",
          Quote(wrong));
  }
  return "the expression is not understood";
}

}  // namespace

Error ErrorOf(const Complaint& complaint, std::string_view text) {
  std::string sentence = SentenceOf(complaint, text.substr(complaint.offset, complaint.length));
  const bool of_field = complaint.what != What::kTooLong && complaint.what != What::kTooFewFields &&
                        complaint.what != What::kMacro;
  if (of_field) sentence = fmt::format("{}: {}", RuleOf(complaint.field).name, sentence);
  return Error{.code = ErrorCode::kInvalidArgument,
               .message = "the cron expression is not valid: " + sentence,
               .fields = {{.field = "cron",
                           .message = sentence,
                           .offset = complaint.offset,
                           .length = complaint.length}}};
}

}  // namespace gophercron::cron
