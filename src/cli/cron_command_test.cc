#include "cli/cron_command.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"

namespace gophercron::cli {
namespace {

const NextQuestion kDefaults{.zone = "UTC", .count = 2};

Instant At(const char* text) {
  return *ParseRfc3339(text);
}

std::string Ask(const char* line) {
  return AnswerLine(line, kDefaults, At("2026-01-01T00:00:00Z"));
}

class FixedClock final : public Clock {
 public:
  Instant Now() const override { return At("2026-01-01T00:00:00Z"); }
  BootTime Boot() const override { return {}; }
};

TEST(CronNextStdin, AnswersWithOffsets) {
  EXPECT_EQ(Ask(R"({"expr":"30 2 * * *","zone":"Europe/Berlin","from":"2026-03-28T12:00:00"})"),
            R"({"ok":true,"next":["2026-03-29T03:00:00+02:00","2026-03-30T02:30:00+02:00"]})");
}

TEST(CronNextStdin, TakesTheDefaultsForWhatTheLineLeavesOut) {
  EXPECT_EQ(Ask(R"({"expr":"@daily"})"),
            R"({"ok":true,"next":["2026-01-02T00:00:00Z","2026-01-03T00:00:00Z"]})");
}

TEST(CronNextStdin, IsShortWhereNothingFiresAnyMore) {
  EXPECT_EQ(Ask(R"({"expr":"0 0 1 1 * 2027","count":9})"),
            R"({"ok":true,"next":["2027-01-01T00:00:00Z"]})");
  EXPECT_EQ(Ask(R"({"expr":"0 0 30 2 *"})"), R"({"ok":true,"next":[]})");
}

TEST(CronNextStdin, ReadsFromWithAndWithoutOffset) {
  const std::string ten = R"({"ok":true,"next":["2026-06-01T10:00:00+02:00"]})";
  for (const char* from : {"2026-06-01T07:59:59Z", "2026-06-01T09:59:59+02:00",
                           "2026-06-01T09:59:59", "2026-06-01 09:59", "2026-06-01"}) {
    const std::string line =
        std::string(R"({"expr":"0 10 * * *","zone":"Europe/Berlin","count":1,"from":")") + from +
        R"("})";
    EXPECT_EQ(Ask(line.c_str()), ten) << from;
  }
}

TEST(CronNextStdin, PointsAtWhatIsWrong) {
  const auto answer = json::ParseObject(Ask(R"({"expr":"0 61,5 * * *"})"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(json::Bool(*answer, "ok"), false);
  const json::object* const error = json::Object(*answer, "error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(json::Int(*error, "offset"), 2);
  EXPECT_EQ(json::Int(*error, "length"), 2);
  EXPECT_EQ(json::String(*error, "message"), "hour: \"61\" is out of range; write 0 to 23");
}

TEST(CronNextStdin, ABadLineGetsAnAnswerAndTheStreamGoesOn) {
  std::istringstream in(
      "nonsense\n[1]\n{}\n" + std::string(100'000, 'x') +
      "\n{\"expr\":5}\n{\"expr\":\"@daily\",\"count\":0}\n"
      "{\"expr\":\"@daily\",\"count\":1001}\n{\"expr\":\"@daily\",\"zone\":\"Nowhere\"}\n"
      "{\"expr\":\"@daily\",\"from\":\"soon\"}\n\n{\"expr\":\"@daily\",\"count\":1}");
  std::ostringstream out;
  AnswerLines(in, out, kDefaults, FixedClock());
  std::istringstream lines(out.str());
  std::string line;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    const auto answer = json::ParseObject(line);
    ASSERT_TRUE(answer) << line;
    EXPECT_EQ(json::Bool(*answer, "ok"), false) << line;
  }
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, R"({"ok":true,"next":["2026-01-02T00:00:00Z"]})");
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(CronNext, PrintsTimesAndWhereTheClocksChange) {
  std::ostringstream out;
  std::ostringstream err;
  const NextQuestion question{
      .expr = "30 2 * * *", .zone = "Europe/Berlin", .from = "2026-03-28T01:00:00", .count = 2};
  EXPECT_EQ(PrintNext(question, At("2026-01-01T00:00:00Z"), false, out, err), 0);
  EXPECT_EQ(out.str(),
            "2026-03-28T02:30:00+01:00  Sat CET\n"
            "2026-03-29T03:00:00+02:00  Sun CEST  (the clocks go forward)\n");
  EXPECT_EQ(err.str(), "");
}

TEST(CronNext, SaysWhenItNeverFires) {
  std::ostringstream out;
  std::ostringstream err;
  const NextQuestion question{.expr = "0 0 30 2 *", .zone = "UTC"};
  EXPECT_EQ(PrintNext(question, At("2026-01-01T00:00:00Z"), false, out, err), 0);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(), "It never fires again.\n");
}

TEST(CronNext, ShowsTheWrongBytes) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(PrintNext({.expr = "*/5 24 * * *", .zone = "UTC"}, {}, false, out, err), 1);
  EXPECT_EQ(err.str(),
            "gophercron: hour: \"24\" is out of range; write 0 to 23; midnight is 0\n"
            "  */5 24 * * *\n"
            "      ^^\n");
  err.str("");
  EXPECT_EQ(PrintNext({.expr = "@daily", .zone = "europe/berlin"}, {}, false, out, err), 1);
  EXPECT_EQ(err.str(),
            "gophercron: there is no time zone \"europe/berlin\"; write Europe/Berlin\n");
}

TEST(CronExplain, Explains) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(PrintExplanation("30 3 * * 1-5", "", "zh", out, err), 0);
  EXPECT_EQ(PrintExplanation("30 3 * * 1-5", "", "en", out, err), 0);
  EXPECT_EQ(out.str(), "每周一至周五 03:30\nat 03:30 on weekdays\n");
  EXPECT_EQ(PrintExplanation("H 3 * * *", "", "en", out, err), 1);
  EXPECT_EQ(PrintExplanation("H 3 * * *", "4711", "en", out, err), 0);
}

int CodeOf(std::vector<std::string> arguments) {
  CLI::App app;
  int exit_code = -1;
  AddCronCommand(app, &exit_code);
  std::vector<const char*> argv = {"gophercron"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  try {
    app.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const CLI::ParseError&) {
    return 2;
  }
  return exit_code;
}

TEST(CronCommand, ExitCodes) {
  EXPECT_EQ(CodeOf({"cron", "next", "--zone", "UTC", "@daily"}), 0);
  EXPECT_EQ(CodeOf({"cron", "next", "--zone", "UTC", "61 * * * *"}), 1);
  EXPECT_EQ(CodeOf({"cron", "explain", "--lang", "zh", "@daily"}), 0);
  EXPECT_EQ(CodeOf({"cron", "explain", "--lang", "fr", "@daily"}), 2);
  EXPECT_EQ(CodeOf({"cron", "next"}), 2);
  EXPECT_EQ(CodeOf({"cron", "next", "5", "*", "*", "*", "*"}), 2);
  EXPECT_EQ(CodeOf({"cron", "next", "-n", "0", "@daily"}), 2);
  EXPECT_EQ(CodeOf({"cron"}), 2);
}

}  // namespace
}  // namespace gophercron::cli
