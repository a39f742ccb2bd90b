#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cron/expression.h"
#include "cron/field.h"

namespace gophercron::cron {
namespace {

Fields Read(const std::string& text, const std::string& id = {}) {
  const auto parsed = Parse(text, id);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().message;
  return parsed ? parsed->fields() : Fields();
}

FieldError Refusal(const std::string& text, const std::string& id = {}) {
  const auto parsed = Parse(text, id);
  EXPECT_FALSE(parsed) << text;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(parsed.error().fields.size(), 1u);
  EXPECT_EQ(parsed.error().fields[0].field, "cron");
  return parsed.error().fields[0];
}

TEST(Parse, TheSameSetsAreTheSameExpression) {
  EXPECT_EQ(*Parse("* * * * *"), Expression());
  EXPECT_EQ(*Parse("@daily"), *Parse("0 0 * * *"));
  EXPECT_EQ(*Parse("0 0 0 * * * *"), *Parse("0 0 * * *"));
  EXPECT_EQ(*Parse("0 0 * * MON-Friday"), *Parse("0 0 * * 1,2,3,4,5"));
  EXPECT_EQ(*Parse("0 0 * january,FEB *"), *Parse("0 0 * 1-2 *"));
  EXPECT_EQ(*Parse("\t5/20  3 * * * "), *Parse("5,25,45 3 * * *"));
  EXPECT_EQ(*Parse("? ? ? ? ?"), Expression());
}

TEST(Parse, ADayFieldThatNamesEveryDayIsStillRestricted) {
  EXPECT_NE(*Parse("0 0 1-31 * *"), *Parse("0 0 * * *"));
  EXPECT_TRUE(Read("0 0 13 * 0-6").Has(Fields::kWeekdaysRestricted));
  EXPECT_FALSE(Read("0 0 13,* * 5").Has(Fields::kDaysRestricted));
  EXPECT_EQ(*Parse("0 0 13,L,15W,* * 5"), *Parse("0 0 * * 5"));
}

TEST(Parse, SundayIsBothNoughtAndSeven) {
  EXPECT_EQ(Read("0 0 * * 7").weekdays, 1);
  EXPECT_EQ(Read("0 0 * * 5-7").weekdays, 0b1100001);
  EXPECT_EQ(Read("0 0 * * fri-sun").weekdays, 0b1100001);
  EXPECT_EQ(Read("0 0 * * 0-7").weekdays, 0b1111111);
  EXPECT_EQ(Read("0 0 * * 7-1").weekdays, 0b0000011);
  EXPECT_EQ(Read("0 0 * * sun-sun").weekdays, 1);
  EXPECT_EQ(Read("0 0 * * 7-7").weekdays, 1);
  EXPECT_EQ(Read("0 0 * * 1-7/2").weekdays, 0b0101011);
  EXPECT_EQ(Read("0 0 * * 7L").nth_weekdays, std::uint64_t{1} << 35);
  EXPECT_EQ(Read("0 0 * * sunL,friday#2").nth_weekdays, std::uint64_t{1} << 35 | 1u << 12);
}

TEST(Parse, LeadingZerosAreDecimal) {
  EXPECT_EQ(Read("08 09 07 06 05"), Read("8 9 7 6 5"));
  Refusal("008 * * * *");
}

TEST(Parse, LeniencesOfStoredExpressionsStay) {
  EXPECT_EQ(*Parse("0 0 0 * * * * and more"), *Parse("@daily"));
  EXPECT_EQ(*Parse("@daily 5 words that nobody read"), *Parse("@daily"));
  EXPECT_EQ(*Parse("1,,2, 3 * * *"), *Parse("1,2 3 * * *"));
}

TEST(Parse, ErrorsPointAtTheBytes) {
  struct Example {
    const char* text;
    std::size_t offset;
    std::size_t length;
    const char* message;
  };
  constexpr Example kExamples[] = {
      {"", 0, 0, "the expression is empty; write five fields"},
      {"* * *", 0, 5, "the expression has 3 fields of at least five"},
      {"60 * * * *", 0, 2, "minute: \"60\" is out of range; write 0 to 59"},
      {"0 24 * * *", 2, 2, "hour: \"24\" is out of range; write 0 to 23; midnight is 0"},
      {"0 0 0 * *", 4, 1, "day of month: \"0\" is out of range; write 1 to 31"},
      {"0 0 * * 8", 8, 1, "day of week: \"8\" is out of range; write 0 to 7"},
      {"059 * * * *", 0, 3, "minute: \"059\" has too many digits"},
      {"0 0 12 * * 5", 11, 1,
       "year: \"5\" is out of range; write 1970 to 2099; six fields end with a year"},
      {"5,50-10 * * * *", 2, 5,
       "minute: \"50-10\" runs backwards; ranges do not wrap, so write 50-59,0-10"},
      {"0 22-2 * * *", 2, 4,
       "hour: \"22-2\" runs backwards; ranges do not wrap, so write 22-23,0-2"},
      {"0 0 1 dec-jan *", 6, 7,
       "month: \"dec-jan\" runs backwards; ranges do not wrap, so write dec,jan"},
      {"0 0 * * sat-mon", 8, 7,
       "day of week: \"sat-mon\" runs backwards; ranges do not wrap, so write sat,sun-mon"},
      {"*/60 * * * *", 2, 2,
       "minute: the step \"60\" is out of range; write 1 to 59; for one minute only write 0"},
      {"*/0 * * * *", 2, 1, "minute: the step \"0\" is out of range; write 1 to 59"},
      {"* * * * */7", 10, 1, "day of week: the step \"7\" is out of range; write 1 to 6"},
      {"?/5 * * * *", 0, 3, "minute: ? takes no step; write */5"},
      {"* *,abc * * *", 4, 3, "hour: \"abc\" is not understood; write a number"},
      {"*5 * * * *", 0, 2, "minute: \"*5\" is not understood; only a step may follow *"},
      {"1-2-3 * * * *", 0, 5, "minute: \"1-2-3\" has more than one -"},
      {"5/2/3 * * * *", 0, 5, "minute: \"5/2/3\" has more than one /"},
      {"-1 * * * *", 0, 2, "minute: \"-1\" begins with a sign"},
      {"5- * * * *", 0, 2, "minute: \"5-\" lacks the end of the range"},
      {"*/ * * * *", 0, 2, "minute: \"*/\" is not understood; only a step may follow *"},
      {"0 0 * sept *", 6, 4, "month: \"sept\" is not a name; write \"sep\" or \"september\""},
      {"0 0 * * tues", 8, 4, "day of week: \"tues\" is not a name; write \"tue\" or \"tuesday\""},
      {"0 0 * mon *", 6, 3, "month: \"mon\" is a day of week, which has a field of its own"},
      {"0 0 * * L", 8, 1, "day of week: \"L\" is not understood; L needs a weekday before it"},
      {"0 0 L-3 * *", 4, 3, "day of month: \"L-3\" is not understood; L takes no number after it"},
      {"0 0 1-5W * *", 4, 4, "day of month: \"1-5W\" is not understood; W stands after one day"},
      {"0 0 * * 5#6", 8, 3, "day of week: \"5#6\" is not understood; # stands between"},
      {", * * * *", 0, 1, "minute: \",\" names nothing"},
      {"0 0 ＊ * *", 4, 3, "day of month: \"\\xef\\xbc\\x8a\" has a character that is not ASCII"},
      {"@midnight", 0, 9, "@midnight is not known here; write @daily"},
      {" @Daily", 1, 6, "\"@Daily\" is written in lower case: @daily"},
      {"@every 5m", 0, 6, "@every is not known here; write a step"},
      {"@fortnightly", 0, 12, "\"@fortnightly\" is not known; write @yearly"},
      {"0 @daily * * *", 2, 6, "hour: \"@daily\" stands in a field; a macro stands alone"},
      {"H * * * *", 0, 1, "minute: \"H\" is spread by the id of the task, and there is none here"},
  };
  for (const Example& example : kExamples) {
    const FieldError error = Refusal(example.text);
    EXPECT_EQ(error.offset, example.offset) << example.text;
    EXPECT_EQ(error.length, example.length) << example.text;
    EXPECT_TRUE(error.message.starts_with(example.message))
        << example.text << ": " << error.message;
  }
  EXPECT_TRUE(
      Refusal(std::string(2000, '*')).message.starts_with("the expression is 2000 bytes long"));
}

TEST(ParseHash, SpreadsWithinTheFieldAndIsTheSameForEver) {
  // Pinned: tasks must not move to another time with another version.
  EXPECT_EQ(HashOf(Field::kMinute, "4711"), 11897256788247462244u);
  EXPECT_EQ(*Parse("H H H H H", "4711"), *Parse("4 4 16 8 6"));
  EXPECT_EQ(*Parse("H H * * *", "4711"), *Parse("h h * * *", "4711"));
}

TEST(ParseHash, ReachesEveryValueAndNoOther) {
  std::uint64_t minutes = 0;
  std::uint32_t days = 0;
  std::uint32_t weekdays = 0;
  std::uint32_t hours = 0;
  for (int id = 0; id < 3000; ++id) {
    const Fields fields = Read("H H(9-17) H * H", std::to_string(id));
    minutes |= fields.minutes;
    hours |= fields.hours;
    days |= fields.days;
    weekdays |= fields.weekdays;
    EXPECT_TRUE(std::has_single_bit(fields.minutes));
  }
  EXPECT_EQ(minutes, (std::uint64_t{1} << 60) - 1);
  EXPECT_EQ(hours, 0b111111111u << 9);
  EXPECT_EQ(days, 0x1ffffffeu);
  EXPECT_EQ(weekdays, 0x7fu);
}

TEST(ParseHash, StepsKeepTheirDistance) {
  std::set<std::uint64_t> starts;
  for (int id = 0; id < 1000; ++id) {
    const std::uint64_t minutes = Read("H/15 * * * *", std::to_string(id)).minutes;
    EXPECT_EQ(std::popcount(minutes), 4);
    const int start = std::countr_zero(minutes);
    EXPECT_LT(start, 15);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(minutes >> (start + 15 * i) & 1);
    starts.insert(minutes);
  }
  EXPECT_EQ(starts.size(), 15u);
  EXPECT_EQ(Read("H(10-40)/30 * * * *", "x").minutes & ~((std::uint64_t{2} << 40) - (1 << 10)), 0u);
}

TEST(ParseHash, FieldsAreIndependent) {
  int equal = 0;
  for (int id = 0; id < 6000; ++id) {
    const Fields fields = Read("H H * * * * *", std::to_string(id));
    equal += fields.seconds == fields.minutes ? 1 : 0;
  }
  // 100 are expected, with a deviation of 10.
  EXPECT_GT(equal, 40);
  EXPECT_LT(equal, 160);
}

TEST(ParseHash, Refusals) {
  EXPECT_TRUE(Refusal("0 0 1 1 * H", "x")
                  .message.starts_with("year: \"H\" would leave the year to chance"));
  EXPECT_TRUE(Refusal("0 0 H(1-31) * *", "x").message.find("beyond day 28") != std::string::npos);
  Refusal("H(5-1) * * * *", "x");
  Refusal("H( * * * *", "x");
  Refusal("H(1-5 * * * *", "x");
  Refusal("H/0 * * * *", "x");
  Refusal("H5 * * * *", "x");
}

}  // namespace
}  // namespace gophercron::cron
