#include "cli/task_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "cli/terminal_text.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

std::unexpected<Error> Wrong(std::string_view flag, std::string message) {
  return std::unexpected(
      Error{.code = ErrorCode::kInvalidArgument,
            .message = "this flag cannot be used",
            .fields = {{.field = std::string(flag), .message = std::move(message)}}});
}

Result<json::value> Number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is not a whole number", Printable(text)));
  }
  return json::value(number);
}

Result<json::value> Real(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" is not a number", Printable(text)));
  }
  return json::value(number);
}

void SetMember(json::object& object, std::string_view member, json::value value) {
  const std::size_t dot = member.find('.');
  if (dot == std::string_view::npos) {
    object[member] = std::move(value);
    return;
  }
  json::value& inner = object[member.substr(0, dot)];
  if (!inner.is_object()) inner.emplace_object();
  inner.get_object()[member.substr(dot + 1)] = std::move(value);
}

}  // namespace

void TaskFlags::AddFlag(CLI::App& command, const char* flag, const char* member, Kind kind,
                        const char* help) {
  Flag& added = flags_.emplace_back(Flag{.member = member, .kind = kind});
  added.option = command.add_option(flag, added.value, help)->group("Task");
}

void TaskFlags::AddMap(CLI::App& command, const char* flag, const char* member, const char* help) {
  Map& added = maps_.emplace_back(Map{.member = member});
  added.option = command.add_option(fmt::format("--{}", flag), added.settings, help)
                     ->group("Task")
                     ->take_all()
                     ->type_size(1)
                     ->allow_extra_args(false);
  added.removal_option =
      command
          .add_option(fmt::format("--unset-{}", flag), added.removals,
                      fmt::format("Take one --{} away again (may be repeated)", flag))
          ->group("Task")
          ->take_all()
          ->type_size(1)
          ->allow_extra_args(false);
}

void TaskFlags::AddTo(CLI::App& command) {
  AddFlag(command, "--name", "name", Kind::kText, "Name, for people");
  AddFlag(command, "--remark", "remark", Kind::kText, "What it is for");
  AddFlag(command, "-c,--command", "command", Kind::kText, "Command, given to the shell");
  AddFlag(command, "--cron", "cron", Kind::kText,
          "Cron expression; `gophercron cron explain` says what it means");
  AddFlag(command, "--zone", "zone", Kind::kText,
          "Time zone as Europe/Berlin; empty: the installation's");
  AddFlag(command, "--timeout", "timeout_s", Kind::kDuration, "End it after this long; 0: never");
  AddFlag(command, "--kill-grace", "kill_grace_s", Kind::kDuration,
          "Between the request to end (TERM) and the end (KILL)");
  AddFlag(command, "--overlap", "overlap", Kind::kText,
          "When a run is still going: skip, queue, replace or allow");
  AddFlag(command, "--catch-up", "catch_up.mode", Kind::kText,
          "What an outage kept from running: skip, latest or all");
  AddFlag(command, "--catch-up-age", "catch_up.max_age_s", Kind::kDuration,
          "Nothing older than this is caught up");
  AddFlag(command, "--catch-up-number", "catch_up.max_number", Kind::kNumber,
          "No more than this many are caught up");
  AddFlag(command, "--on-lost", "on_lost", Kind::kText,
          "When nobody knows how a run ended: leave or retry");
  AddFlag(command, "--retries", "retry.max_number", Kind::kNumber,
          "Further attempts after a failure");
  AddFlag(command, "--retry-delay", "retry.delay_s", Kind::kDuration, "Before the second attempt");
  AddFlag(command, "--retry-backoff", "retry.backoff", Kind::kReal,
          "Each further delay is this many times the one before");
  AddFlag(command, "--jitter", "jitter_s", Kind::kDuration,
          "Move its ticks by a fixed part of this");
  AddFlag(command, "--start-deadline", "start_deadline_s", Kind::kDuration,
          "A tick that could not start for this long is missed");
  AddFlag(command, "--valid-from", "valid_from", Kind::kInstant, "No tick before; empty: no bound");
  AddFlag(command, "--valid-until", "valid_until", Kind::kInstant,
          "No tick at or after; empty: no bound");
  AddFlag(command, "--cwd", "cwd", Kind::kText, "Working directory");
  AddFlag(command, "--run-as", "run_as", Kind::kText, "User to run it as");
  AddFlag(command, "--output-limit", "output_limit", Kind::kNumber,
          "Bytes kept of one run's output; 0: the node's default");
  AddFlag(command, "--exclusive-group", "exclusive_group", Kind::kText,
          "Tasks of one group never run at the same time");
  AddMap(command, "env", "environment", "Environment of the command, NAME=VALUE (may be repeated)");
  AddMap(command, "label", "labels", "Label, NAME=VALUE (may be repeated)");
  AddMap(command, "agent-selector", "agent_selector",
         "Run only on nodes with this label, NAME=VALUE (may be repeated)");
  broadcast_ = command
                   .add_flag("--broadcast,!--no-broadcast", broadcast_value_,
                             "Every node runs it, not one of them")
                   ->group("Task");
  argv_option_ =
      command.add_option("ARGV", argv_, "After --: program and arguments, run without a shell")
          ->group("Task");
}

Result<json::object> TaskFlags::Changes(const json::object& current) const {
  json::object changes;
  for (const Flag& flag : flags_) {
    if (flag.option->count() == 0) continue;
    Result<json::value> value = json::value(flag.value);
    if (flag.kind == Kind::kNumber) value = Number(flag.value);
    if (flag.kind == Kind::kReal) value = Real(flag.value);
    if (flag.kind == Kind::kDuration) {
      const auto duration = ParseDuration(flag.value);
      if (!duration) return Wrong(flag.option->get_name(), duration.error().message);
      value = json::value(static_cast<std::int64_t>(duration->count()));
    }
    if (flag.kind == Kind::kInstant) {
      value = json::value(nullptr);
      if (!flag.value.empty()) {
        const auto instant = ParseInstant(flag.value);
        if (!instant) return Wrong(flag.option->get_name(), instant.error().message);
        value = json::value(FormatRfc3339(*instant));
      }
    }
    if (!value) return Wrong(flag.option->get_name(), value.error().message);
    SetMember(changes, flag.member, std::move(*value));
  }
  for (const Map& map : maps_) {
    if (map.option->count() + map.removal_option->count() == 0) continue;
    const json::object* before = json::Object(current, map.member);
    json::object after = before == nullptr ? json::object() : *before;
    for (const std::string& setting : map.settings) {
      const std::size_t equals = setting.find('=');
      if (equals == std::string::npos || equals == 0) {
        return Wrong(map.option->get_name(),
                     fmt::format("\"{}\" is not NAME=VALUE", Printable(setting)));
      }
      after[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    for (const std::string& name : map.removals) after.erase(name);
    changes[map.member] = std::move(after);
  }
  if (broadcast_->count() > 0) changes["broadcast"] = broadcast_value_;
  // A task has one of the two: naming one takes the other away.
  if (argv_option_->count() > 0) {
    if (changes.contains("command")) {
      return Wrong("--command",
                   "a task has a command for the shell or arguments after --, not both");
    }
    json::array& argv = changes["argv"].emplace_array();
    for (const std::string& argument : argv_) argv.emplace_back(argument);
    changes["command"] = "";
  } else if (changes.contains("command")) {
    changes["argv"] = json::array();
  }
  return changes;
}

}  // namespace gophercron::cli
