#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/v1_encoding.h"

namespace gophercron::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Instant At(std::string_view text) {
  return ParseRfc3339(text).value();
}

task::RunRecord FailedRun() {
  task::RunRecord run;
  run.run_id = "r1";
  run.task = {.project_id = 1, .task_id = "1001"};
  run.tick = std::chrono::floor<seconds>(At("2026-11-22T13:08:21Z"));
  run.task_name = "e1";
  run.command = "sleep 4; exit 3";
  run.claimed_at = At("2026-11-22T13:08:21.000449Z");
  run.started_at = At("2026-11-22T13:08:21.85Z");
  run.ended_at = At("2026-11-22T13:08:25.860728Z");
  run.outcome = task::Outcome::kFailed;
  run.exit_code = 3;
  return run;
}

Origin From(cron::Zone zone = {}) {
  task::Task definition;
  definition.key = {.project_id = 1, .task_id = "1001"};
  definition.name = "renamed since";
  definition.command = "edited since";
  definition.cron = "*/3 * * * * * *";
  definition.updated_at = Instant(seconds(1795352899));
  return {.address = "192.0.2.2", .zone = zone, .definition = definition};
}

std::vector<std::string> Texts(const std::vector<Message>& messages) {
  std::vector<std::string> texts;
  for (const Message& message : messages) {
    texts.push_back(std::string(message.type) + " " + message.body);
  }
  return texts;
}

TEST(Messages, AFailedRunIsAWarningAndThenAResult) {
  EXPECT_THAT(
      Texts(Messages({.run = FailedRun(), .output = {}, .span = {}}, From())),
      ElementsAre(
          R"(report_warning {"data":"exit status 3","type":"task","agent_ip":"192.0.2.2",)"
          R"("task_name":"e1","project_id":1})",
          R"(report_task_result {"execute_info":{"task":{"task_id":"1001","name":"e1",)"
          R"("project_id":1,"command":"sleep 4; exit 3","cron":"*/3 * * * * * *","remark":"",)"
          R"("timeout":0,"create_time":1795352899,"status":1,"is_running":-1,"noseize":0,)"
          R"("exclusion":0,"client_ip":"192.0.2.2"},"plan_time":"2026-11-22T13:08:21Z",)"
          R"("real_time":"2026-11-22T13:08:21.000449Z"},"output":"","error":"exit status 3",)"
          R"("start_time":"2026-11-22T13:08:21.85Z","end_time":"2026-11-22T13:08:25.860728Z",)"
          R"("run_id":"r1"})"));
}

TEST(Messages, ASuccessIsOneResultInTheTimeOfTheZone) {
  task::RunRecord run = FailedRun();
  run.outcome = task::Outcome::kSucceeded;
  run.exit_code = 0;
  run.tick.reset();  // by hand
  const auto zone = cron::Zone::Load("Asia/Shanghai");
  ASSERT_TRUE(zone);
  const auto texts = Texts(
      Messages({.run = run, .output = {.head = "<a>\n", .tail = "b"}, .span = {}}, From(*zone)));
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_THAT(texts[0], HasSubstr(R"("plan_time":"0001-01-01T00:00:00Z")"));
  EXPECT_THAT(texts[0], HasSubstr(R"("start_time":"2026-11-22T21:08:21.85+08:00")"));
  EXPECT_THAT(texts[0], HasSubstr(R"("output":"\u003ca\u003e\nb","error":"")"));
}

TEST(Messages, OutputSaysWhatIsNotKept) {
  task::RunRecord run = FailedRun();
  run.dropped_bytes = 12;
  const auto texts =
      Texts(Messages({.run = run, .output = {.head = "h", .tail = "t"}, .span = {}}, From()));
  EXPECT_THAT(texts.back(), HasSubstr(R"("output":"h\n[12 bytes are not kept]\nt")"));
}

TEST(Messages, OfATaskThatIsGone) {
  Origin origin = From();
  origin.definition.reset();
  const auto texts = Texts(Messages({.run = FailedRun(), .output = {}, .span = {}}, origin));
  EXPECT_THAT(texts.back(), HasSubstr(R"("name":"e1","project_id":1,"command":"sleep 4; exit 3")"));
  EXPECT_THAT(texts.back(), HasSubstr(R"("cron":"")"));
}

TEST(Messages, OfWhatDidNotRun) {
  task::OutcomeSpan span;
  span.task = {.project_id = 1, .task_id = "1001"};
  span.first = span.last = std::chrono::floor<seconds>(At("2026-11-22T13:00:00Z"));
  span.recorded_at = At("2026-11-22T13:00:01Z");
  span.outcome = task::Outcome::kSkipped;
  span.reason = task::Reason::kOverlap;
  const auto of = [&] { return Texts(Messages({.run = {}, .output = {}, .span = span}, From())); };

  auto texts = of();
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_THAT(texts[0], HasSubstr("task renamed since execute error: last task was not completed"));
  EXPECT_THAT(texts[1], HasSubstr(R"("output":"last task was not completed","error":"task renamed )"
                                  R"(since execute error: last task was not completed")"));

  span.outcome = task::Outcome::kMissed;
  span.reason = task::Reason::kNoAgent;
  span.last += seconds(60);
  span.count = 2;
  texts = of();
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_THAT(texts[0], testing::StartsWith("report_warning "));
  EXPECT_THAT(texts[0], HasSubstr("planned for 2026-11-22T13:00:00Z to 2026-11-22T13:01:00Z, 2"));

  for (const task::Outcome nothing : {task::Outcome::kSkipped, task::Outcome::kSuperseded}) {
    span.outcome = nothing;
    EXPECT_THAT(of(), IsEmpty());
  }
}

TEST(ErrorText, IsThatOfVersionOne) {
  const auto exit = [](int code) {
    task::RunRecord run = FailedRun();
    run.exit_code = code;
    return ErrorText(run);
  };
  EXPECT_EQ(exit(1), "exit status 1");
  EXPECT_EQ(exit(2), "terminal interrupt");
  EXPECT_EQ(exit(9), "process terminated");
  EXPECT_EQ(exit(126), "unexecutable command");
  EXPECT_EQ(exit(127), "command not found");
  EXPECT_EQ(exit(128), "invalid exit parameter");
  EXPECT_EQ(exit(130), "sig exit");
  EXPECT_EQ(exit(255), "error exit code");
  EXPECT_EQ(exit(77), "exit status 77");

  const auto signal = [](int number, bool core) {
    task::RunRecord run = FailedRun();
    run.exit_code.reset();
    run.signal = number;
    run.core_dumped = core;
    return ErrorText(run);
  };
  EXPECT_EQ(signal(9, false), "timeout");
  EXPECT_EQ(signal(15, false), "signal: terminated");
  EXPECT_EQ(signal(6, true), "signal: aborted (core dumped)");
  EXPECT_EQ(signal(40, false), "signal: signal 40");

  task::RunRecord run = FailedRun();
  run.outcome = task::Outcome::kKilled;
  EXPECT_EQ(ErrorText(run), "timeout");
  run.outcome = task::Outcome::kFailedToStart;
  run.detail = "/bin/x: No such file or directory";
  EXPECT_EQ(ErrorText(run), run.detail);
  run.outcome = task::Outcome::kSucceeded;
  EXPECT_EQ(ErrorText(run), "");
}

TEST(QuoteAsGo, EscapesAndReplaces) {
  EXPECT_EQ(QuoteAsGo("a\"\\\n\r\t\b\x7f"), "\"a\\\"\\\\\\n\\r\\t\\u0008\x7f\"");
  EXPECT_EQ(QuoteAsGo("<&>"), R"("\u003c\u0026\u003e")");
  EXPECT_EQ(QuoteAsGo("\u4e2d\u2028\U0001f600"), "\"\u4e2d\\u2028\U0001f600\"");
  // Every byte of what is no UTF-8 by itself, as Go does.
  EXPECT_EQ(QuoteAsGo("a\xff\xe4\xb8"), R"("a\ufffd\ufffd\ufffd")");
  EXPECT_EQ(QuoteAsGo("\xed\xa0\x80\xc0\xaf"), R"("\ufffd\ufffd\ufffd\ufffd\ufffd")");
  EXPECT_EQ(QuoteAsGo(std::string_view("\0", 1)), R"("\u0000")");
}

}  // namespace
}  // namespace gophercron::report
