#include "service/crontab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace gophercron::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<CrontabLine> Read(std::string_view text, CrontabOptions options = {}) {
  auto lines = ReadCrontab(text, options);
  EXPECT_TRUE(lines.has_value());
  return lines.value_or(std::vector<CrontabLine>());
}

// The only line of `text` that becomes a task.
task::Task TaskOf(std::string_view text, CrontabOptions options = {}) {
  for (const CrontabLine& line : Read(text, std::move(options))) {
    if (line.task) return *line.task;
    EXPECT_THAT(line.problem, IsEmpty()) << line.text;
  }
  ADD_FAILURE() << "no task in " << text;
  return {};
}

TEST(Crontab, ALineBecomesATaskAndItsCommentTheRemark) {
  const auto lines = Read(
      "# m h  dom mon dow   command\n\n# Every night\n"
      "\t0 3 * * 1-5  /usr/local/bin/backup --all >/dev/null 2>&1\r\n@daily tidy\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].number, 4);
  const task::Task& task = *lines[0].task;
  EXPECT_EQ(task.cron, "0 3 * * 1-5");
  EXPECT_EQ(task.command, "/usr/local/bin/backup --all >/dev/null 2>&1");
  EXPECT_EQ(task.name, "backup --all");
  EXPECT_EQ(task.remark, "Every night");
  EXPECT_EQ(lines[1].task->cron, "@daily");
  EXPECT_EQ(lines[1].task->remark, "");
}

TEST(Crontab, SettingsHoldForTheLinesBelow) {
  const std::string text =
      "* * * * * first\nPATH=/opt/bin:/bin\nGREETING = 'good day'\n* * * * * second\n";
  const auto lines = Read(text);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(lines[1].setting);
  EXPECT_THAT(lines[0].task->environment, IsEmpty());
  EXPECT_THAT(lines[3].task->environment,
              ElementsAre(Pair("GREETING", "good day"), Pair("PATH", "/opt/bin:/bin")));
}

TEST(Crontab, WhatCronTakesForItselfIsCarriedOverOrNamed) {
  EXPECT_EQ(TaskOf("CRON_TZ=Europe/Berlin\n0 3 * * * x").zone, "Europe/Berlin");
  EXPECT_EQ(TaskOf("0 3 * * * x", {.user_field = false, .zone = "Asia/Tokyo"}).zone, "Asia/Tokyo");
  EXPECT_EQ(TaskOf("RANDOM_DELAY=30\n0 3 * * * x").jitter, std::chrono::minutes(30));
  EXPECT_EQ(TaskOf("HOME=/var/lib/app\n0 3 * * * x").cwd, "/var/lib/app");
  EXPECT_THAT(TaskOf("SHELL=/bin/bash\n0 3 * * * x | y").argv,
              ElementsAre("/bin/bash", "-c", "x | y"));
  const auto mail = Read("MAILTO=root\n");
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_EQ(mail[0].notes.at(0).code, "mail");
  EXPECT_THAT(Read("CRON_TZ=No/Where\n").at(0).problem, HasSubstr("No/Where"));
  const auto below = Read("CRON_TZ=No/Where\n0 3 * * * x\nCRON_TZ=UTC\n0 3 * * * x\n");
  EXPECT_FALSE(below.at(0).setting);
  EXPECT_THAT(below.at(1).problem, HasSubstr("CRON_TZ")) << "not at three of another zone";
  EXPECT_TRUE(below.at(3).task.has_value());
  EXPECT_THAT(Read("RANDOM_DELAY=soon\n").at(0).problem, HasSubstr("minutes"));
}

TEST(Crontab, APercentSignBeginsTheInputOfTheCommand) {
  EXPECT_EQ(TaskOf("0 3 * * * date +\\%F").command, "date +%F");
  EXPECT_EQ(TaskOf("0 3 * * * mail -s hi root%Dear root,%it's me").command,
            "printf '%s\\n' 'Dear root,' 'it'\\''s me' | { mail -s hi root\n}");
  EXPECT_EQ(TaskOf("0 3 * * * a | b%100\\%").command, "printf '%s\\n' '100%' | { a | b\n}");
}

TEST(Crontab, WhatCanNotBeCarriedOverSaysWhy) {
  const auto lines =
      Read("@reboot start\n0 25 * * * x\n0 3 * * *\nnonsense\n0 3 * * * fine\n*/5 * * * x\n");
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_THAT(lines[0].problem, HasSubstr("@reboot"));
  EXPECT_THAT(lines[1].problem, HasSubstr("25"));
  EXPECT_THAT(lines[2].problem, HasSubstr("command"));
  EXPECT_FALSE(lines[3].problem.empty());
  EXPECT_TRUE(lines[4].task.has_value());
  EXPECT_FALSE(lines[5].problem.empty());
  for (const CrontabLine& line : lines) EXPECT_NE(line.task.has_value(), !line.problem.empty());
}

TEST(Crontab, TheSystemsCrontabNamesAUser) {
  const CrontabOptions system{.user_field = true, .zone = ""};
  EXPECT_EQ(TaskOf("17 * * * * root cd / && run-parts /etc/cron.hourly", system).command,
            "cd / && run-parts /etc/cron.hourly");
  const auto lines = Read("0 3 * * * backup /bin/backup\n", system);
  EXPECT_EQ(lines.at(0).task->command, "/bin/backup");
  EXPECT_EQ(lines.at(0).notes.at(0).code, "user");
}

TEST(Crontab, BytesThatAreNoCrontabAreRefusedOrHarmless) {
  EXPECT_FALSE(ReadCrontab(std::string_view("a\0b", 3), {}).has_value());
  std::string many;
  for (std::size_t i = 0; i <= kCrontabLinesMax; ++i) many += "* * * * * x\n";
  EXPECT_FALSE(ReadCrontab(many, {}).has_value());
  EXPECT_THAT(Read("\n\n   \n#\n####\n"), IsEmpty());
  for (const std::string_view text :
       {"=", "\"=x", "@", "- ", "* *", "\xff\xfe * * * * x", "%%%%"}) {
    EXPECT_TRUE(ReadCrontab(text, {}).has_value()) << text;
  }
}

}  // namespace
}  // namespace gophercron::service
