#include "task/validate.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace gophercron::task {
namespace {

const Instant kNow = ParseRfc3339("2026-03-28T12:00:00Z").value();

Task Good() {
  Task task;
  task.key = {1, "42"};
  task.name = "backup";
  task.command = "tar c /etc";
  task.cron = "30 2 * * *";
  return task;
}

Error ErrorOf(const std::function<void(Task*)>& change) {
  Task task = Good();
  change(&task);
  auto status = Validate(task, kNow);
  EXPECT_FALSE(status.has_value());
  return status ? Error{} : status.error();
}

TEST(Validate, AGoodTaskPasses) {
  EXPECT_TRUE(Validate(Good(), kNow).has_value());
  Task task = Good();
  task.command.clear();
  task.argv = {"/bin/true"};
  task.zone = "Europe/Berlin";
  task.cron = "H H * * *";
  task.labels = {{"team", "ops"}};
  task.overlap = Overlap::kReplace;
  task.catch_up.mode = CatchUpMode::kAll;
  task.jitter = seconds(60);
  task.command.clear();
  EXPECT_TRUE(Validate(task, kNow).has_value());
}

struct Fault {
  const char* field;
  std::function<void(Task*)> change;
};

TEST(Validate, EachFaultNamesItsField) {
  const Fault faults[] = {
      {"name", [](Task* t) { t->name.clear(); }},
      {"name", [](Task* t) { t->name = std::string(201, 'x'); }},
      {"name", [](Task* t) { t->name = "a\nb"; }},
      {"task_id", [](Task* t) { t->key.task_id = "a/b"; }},
      {"task_id", [](Task* t) { t->key.task_id = "t_status"; }},
      {"project_id", [](Task* t) { t->key.project_id = 0; }},
      {"command", [](Task* t) { t->command.clear(); }},
      {"command", [](Task* t) { t->argv = {"x"}; }},
      {"command", [](Task* t) { t->command = std::string("a\0b", 3); }},
      {"argv", [](Task* t) { t->command.clear(), t->argv = {"", "x"}; }},
      {"cron", [](Task* t) { t->cron = ""; }},
      {"cron", [](Task* t) { t->cron = "0 0 30 2 *"; }},
      {"zone", [](Task* t) { t->zone = "Mars/Base"; }},
      {"valid_until", [](Task* t) { t->valid_until = kNow; }},
      {"valid_until",
       [](Task* t) { t->valid_from = t->valid_until = kNow + std::chrono::hours(99); }},
      {"jitter_s", [](Task* t) { t->jitter = seconds(-1); }},
      {"start_deadline_s", [](Task* t) { t->start_deadline = seconds(0); }},
      {"timeout_s", [](Task* t) { t->timeout = seconds(-5); }},
      {"kill_grace_s", [](Task* t) { t->kill_grace = seconds(100'000); }},
      {"catch_up.max_number", [](Task* t) { t->catch_up.max_number = 0; }},
      {"output_limit", [](Task* t) { t->output_limit = 1; }},
      {"environment", [](Task* t) { t->environment = {{"A=B", "x"}}; }},
      {"environment", [](Task* t) { t->environment = {{"GOPHERCRON_RUN", "x"}}; }},
      {"environment", [](Task* t) { t->environment = {{"A", std::string("a\0b", 3)}}; }},
      {"cwd", [](Task* t) { t->cwd = "relative"; }},
      {"labels", [](Task* t) { t->labels = {{"", "x"}}; }},
  };
  for (const Fault& fault : faults) {
    const Error error = ErrorOf(fault.change);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << fault.field;
    ASSERT_FALSE(error.fields.empty()) << fault.field;
    EXPECT_EQ(error.fields.front().field, fault.field) << error.message;
    EXPECT_FALSE(error.fields.front().message.empty());
  }
}

TEST(Validate, ABadExpressionIsPointedAt) {
  const Error error = ErrorOf([](Task* t) { t->cron = "0 25 * * *"; });
  ASSERT_EQ(error.fields.size(), 1u);
  EXPECT_EQ(error.fields[0].offset, 2u);
  EXPECT_EQ(error.fields[0].length, 2u);
}

TEST(Validate, EveryFaultIsToldAtOnce) {
  const Error error = ErrorOf([](Task* t) {
    t->name.clear();
    t->cron = "x";
    t->zone = "y";
    t->run_as = "root";
  });
  EXPECT_GE(error.fields.size(), 4u);
}

TEST(Validate, APausedTaskMayHaveNoFuture) {
  Task task = Good();
  task.valid_until = kNow;
  task.enabled = false;
  EXPECT_TRUE(Validate(task, kNow).has_value());
}

TEST(Validate, WhatIsNotActedOnIsRefusedNotIgnored) {
  const Fault faults[] = {
      {"overlap",
       [](Task* t) {
         t->broadcast = true;
         t->overlap = Overlap::kQueue;
       }},
      {"exclusive_group", [](Task* t) { t->exclusive_group = "g"; }},
      {"agent_selector", [](Task* t) { t->agent_selector = {{"a", "b"}}; }},
      {"run_as", [](Task* t) { t->run_as = "root"; }},
  };
  for (const Fault& fault : faults) {
    const Error error = ErrorOf(fault.change);
    EXPECT_EQ(error.code, ErrorCode::kUnsupported) << fault.field;
    ASSERT_EQ(error.fields.size(), 1u);
    EXPECT_EQ(error.fields[0].field, fault.field);
  }
}

}  // namespace
}  // namespace gophercron::task
