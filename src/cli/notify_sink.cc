#include "cli/notify_sink.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

namespace gophercron::cli {
namespace {

// "3/backup": project and task.
Result<task::TaskKey> ParseTask(const std::string& text) {
  task::TaskKey key;
  const std::size_t slash = text.find('/');
  const char* const end = text.data() + std::min(slash, text.size());
  const auto read = std::from_chars(text.data(), end, key.project_id);
  if (slash == std::string::npos || read.ec != std::errc() || read.ptr != end ||
      slash + 1 == text.size()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("[notify] tasks: \"{}\" is no task; write its project's number and its "
                            "id, as \"3/backup\"",
                            text));
  }
  key.task_id = text.substr(slash + 1);
  return key;
}

Result<notify::Rules> RulesOf(const config::Notify& config) {
  notify::Rules rules;
  rules.on.clear();
  for (const std::string& name : config.on) {
    const auto kind = notify::ParseKind(name);
    if (!kind) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("[notify] on: there is no \"{}\"; there are failed, missed, lost, "
                              "late and recovered",
                              name));
    }
    rules.on.insert(*kind);
  }
  rules.projects.insert(config.projects.begin(), config.projects.end());
  for (const std::string& text : config.tasks) {
    auto key = ParseTask(text);
    if (!key) return std::unexpected(key.error());
    rules.tasks.insert(*std::move(key));
  }
  rules.late_start = config.late_start;
  rules.late_end = config.late_end;
  rules.per_minute = config.per_minute;
  return rules;
}

}  // namespace

Result<std::unique_ptr<NotifySink>> NotifySink::Make(const config::Notify& config,
                                                     const Clock& clock,
                                                     std::function<bool()> mine) {
  auto rules = RulesOf(config);
  if (!rules) return std::unexpected(rules.error());
  return std::unique_ptr<NotifySink>(
      new NotifySink(config, *std::move(rules), clock, std::move(mine)));
}

NotifySink::NotifySink(const config::Notify& config, notify::Rules rules, const Clock& clock,
                       std::function<bool()> mine)
    : mine_(std::move(mine)),
      hook_({.url = config.url, .secret = config.secret}, clock),
      notifier_({.rules = std::move(rules)}, {&hook_}, clock) {}

void NotifySink::RunStarted(const task::RunRecord& run) {
  if (mine_()) notifier_.Started(run);
}

void NotifySink::RunEnded(const task::RunRecord& run, const task::RunOutput&) {
  if (!mine_()) return;
  notifier_.Observe({.run = run, .output = {}, .span = std::nullopt});
}

void NotifySink::TicksEnded(const task::OutcomeSpan& span) {
  if (mine_()) notifier_.Observe({.run = std::nullopt, .output = {}, .span = span});
}

}  // namespace gophercron::cli
