#include "task/task_json.h"

#include <gtest/gtest.h>

#include <string_view>

namespace gophercron::task {
namespace {

using std::chrono::hours;

// As the v1.10.8 service wrote it.
constexpr std::string_view kRecorded =
    R"({"task_id":"1130986029352751105","name":"t1","project_id":1,"command":"echo hi; exit 3",)"
    R"("cron":"* * * * * * *","remark":"","timeout":5,"create_time":1795353615,"status":1,)"
    R"("is_running":-1,"noseize":1,"exclusion":2,"client_ip":"10.0.0.7"})";

Task Load(std::string_view text) {
  auto loaded = FromStoredJson(json::ParseObject(text).value());
  EXPECT_TRUE(loaded.has_value());
  return loaded.value_or(Task{});
}

TEST(StoredTask, V1RecordLoads) {
  const Task task = Load(kRecorded);
  EXPECT_EQ(task.key, (TaskKey{1, "1130986029352751105"}));
  EXPECT_EQ(task.name, "t1");
  EXPECT_EQ(task.command, "echo hi; exit 3");
  EXPECT_EQ(task.cron, "* * * * * * *");
  EXPECT_EQ(task.timeout, seconds(5));
  EXPECT_TRUE(task.enabled);
  EXPECT_TRUE(task.broadcast);
  EXPECT_EQ(task.updated_at, Instant(seconds(1795353615)));
  EXPECT_EQ(task.scheduled_since, task.updated_at);
  EXPECT_EQ(task.unknown.size(), 3u);
}

TEST(StoredTask, V1RecordIsWrittenBackAsItWas) {
  EXPECT_EQ(json::value(ToStoredJson(Load(kRecorded))), json::Parse(kRecorded).value());
}

TEST(StoredTask, OlderV1RecordsLackMembers) {
  const Task task =
      Load(R"({"task_id":"7","project_id":3,"name":"n","command":"c","cron":"@daily",)"
           R"("timeout":0,"create_time":1,"status":0,"is_running":1})");
  EXPECT_FALSE(task.enabled);
  EXPECT_FALSE(task.broadcast);
  EXPECT_EQ(task.remark, "");
}

TEST(StoredTask, UnknownMembersSurviveAnEdit) {
  Task task = Load(R"({"task_id":"7","project_id":3,"from_the_future":{"a":[1,null]}})");
  task.name = "renamed";
  const json::object stored = ToStoredJson(task);
  EXPECT_EQ(stored.at("from_the_future"), json::Parse(R"({"a":[1,null]})").value());
}

TEST(StoredTask, EveryFieldOfOursComesBack) {
  Task task;
  task.key = {4, "x"};
  task.name = "n";
  task.argv = {"/bin/echo", "two words", "it's"};
  task.cron = "H H * * *";
  task.zone = "Europe/Berlin";
  task.enabled = false;
  task.valid_from = Instant(hours(1));
  task.valid_until = Instant(hours(2)) + microseconds(5);
  task.jitter = seconds(3);
  task.start_deadline = seconds(9);
  task.kill_grace = seconds(1);
  task.overlap = Overlap::kReplace;
  task.catch_up = {CatchUpMode::kAll, seconds(8), 7};
  task.on_lost = OnLost::kRetry;
  task.retry = {2, seconds(4), 1.5};
  task.exclusive_group = "g";
  task.agent_selector = {{"disk", "ssd"}};
  task.environment = {{"A", "1"}};
  task.cwd = "/tmp";
  task.run_as = "nobody";
  task.output_limit = 4096;
  task.labels = {{"team", "ops"}};
  task.created_by = "a";
  task.updated_by = "b";
  task.created_at = Instant(hours(3));
  task.updated_at = Instant(hours(4));
  task.scheduled_since = Instant(hours(3));

  const json::object stored = ToStoredJson(task);
  EXPECT_EQ(stored.at("command"), R"(/bin/echo 'two words' 'it'\''s')");
  const auto back = FromStoredJson(stored);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->argv, task.argv);
  EXPECT_EQ(back->command, "");
  EXPECT_EQ(back->valid_until, task.valid_until);
  EXPECT_EQ(back->catch_up, task.catch_up);
  EXPECT_EQ(back->retry, task.retry);
  EXPECT_EQ(back->scheduled_since, task.scheduled_since);
  EXPECT_TRUE(back->unknown.empty());
  // The stored form names every field, so equal forms are equal tasks.
  EXPECT_EQ(ToStoredJson(*back), stored);
}

TEST(StoredTask, DefaultsAreLeftOut) {
  Task task;
  task.key = {4, "x"};
  EXPECT_EQ(ToStoredJson(task).size(), 10u);
}

TEST(StoredTask, WhatIsNoTaskIsCorrupt) {
  for (const std::string_view text :
       {R"({})", R"({"task_id":"1"})", R"({"task_id":1,"project_id":1})",
        R"({"task_id":"1","project_id":0})", R"({"task_id":"1","project_id":1,"timeout":"5"})",
        R"({"task_id":"1","project_id":1,"overlap":"sometimes"})",
        R"({"task_id":"1","project_id":1,"catch_up":{"max_number":99999999999}})",
        R"({"task_id":"1","project_id":1,"valid_from":"tomorrow"})"}) {
    const auto loaded = FromStoredJson(json::ParseObject(text).value());
    ASSERT_FALSE(loaded.has_value()) << text;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(Task, SameScheduleLooksAtWhatMovesTicks) {
  Task a;
  a.cron = "@daily";
  Task b = a;
  b.name = "other";
  b.command = "other";
  EXPECT_TRUE(SameSchedule(a, b));
  for (auto change :
       {+[](Task* t) { t->cron = "@hourly"; }, +[](Task* t) { t->zone = "UTC"; },
        +[](Task* t) { t->enabled = false; }, +[](Task* t) { t->broadcast = true; },
        +[](Task* t) { t->jitter = seconds(1); }, +[](Task* t) { t->valid_from = Instant(); },
        +[](Task* t) { t->valid_until = Instant(); }}) {
    Task changed = a;
    change(&changed);
    EXPECT_FALSE(SameSchedule(a, changed));
  }
}

TEST(Task, NamesAndBack) {
  EXPECT_EQ(ParseOverlap(Name(Overlap::kQueue)), Overlap::kQueue);
  EXPECT_EQ(ParseCatchUpMode(Name(CatchUpMode::kAll)), CatchUpMode::kAll);
  EXPECT_EQ(ParseOnLost(Name(OnLost::kRetry)), OnLost::kRetry);
  EXPECT_EQ(ParseOverlap("Skip"), std::nullopt);
}

}  // namespace
}  // namespace gophercron::task
