#include "task/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace gophercron::task {
namespace {

constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kTaskIdBytesMax = 128;
constexpr std::size_t kRemarkBytesMax = 4'096;
constexpr std::size_t kCommandBytesMax = 65'536;
constexpr std::size_t kArgumentsMax = 1'024;
constexpr std::size_t kEnvironmentMax = 200;
constexpr std::size_t kEnvironmentBytesMax = 65'536;
constexpr std::size_t kLabelsMax = 64;
constexpr std::size_t kLabelBytesMax = 200;
constexpr std::size_t kPathBytesMax = 4'095;
constexpr int kRetriesMax = 100;
constexpr double kRetryBackoffMax = 10;
constexpr seconds kDay = std::chrono::hours(24);
constexpr std::int64_t kOutputLimitMin = 1'024;
constexpr std::int64_t kOutputLimitMax = 64 << 20;

// Collects faults; the first one gives the sentence of the whole.
class Faults {
 public:
  void Add(std::string field, std::string message) {
    fields_.push_back({.field = std::move(field), .message = std::move(message)});
  }
  void Add(std::vector<FieldError> fields) {
    for (FieldError& field : fields) fields_.push_back(std::move(field));
  }
  void AddUnsupported(std::string field, std::string message) {
    unsupported_.push_back({.field = std::move(field), .message = std::move(message)});
  }

  Status Finish() && {
    if (fields_.empty() && unsupported_.empty()) return {};
    const ErrorCode code = fields_.empty() ? ErrorCode::kUnsupported : ErrorCode::kInvalidArgument;
    for (FieldError& field : unsupported_) fields_.push_back(std::move(field));
    const FieldError& first = fields_.front();
    return std::unexpected(Error{
        .code = code,
        .message = fmt::format("the task can not be saved: {}: {}", first.field, first.message),
        .fields = std::move(fields_)});
  }

 private:
  std::vector<FieldError> fields_;
  std::vector<FieldError> unsupported_;
};

bool HasControl(std::string_view text, std::string_view allowed) {
  return std::ranges::any_of(text, [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 || byte == 0x7f) && allowed.find(c) == std::string_view::npos;
  });
}

bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

void CheckText(Faults* faults, const char* field, std::string_view text, std::size_t bytes_max,
               std::string_view allowed_controls) {
  if (text.size() > bytes_max) {
    faults->Add(field, fmt::format("it has {} bytes; at most {} are kept", text.size(), bytes_max));
  }
  if (HasControl(text, allowed_controls)) {
    faults->Add(field, "it holds control characters; write it without them");
  }
}

template <class T>
void CheckRange(Faults* faults, const char* field, T value, T low, T high) {
  if (value < low || value > high) {
    faults->Add(field, fmt::format("{} is out of range; it may be {} to {}", value, low, high));
  }
}

void CheckRange(Faults* faults, const char* field, seconds value, seconds low, seconds high) {
  CheckRange(faults, field, value.count(), low.count(), high.count());
}

void CheckIdentity(Faults* faults, const Task& task) {
  const std::string& id = task.key.task_id;
  if (task.key.project_id < 1)
    faults->Add("project_id", "it must be a project's number, 1 or more");
  // Such ids would be read as other keys of v1's layout.
  const bool is_v1_word = id.starts_with("t_scheduler") || id.starts_with("t_status");
  if (id.empty() || id.size() > kTaskIdBytesMax || id.find('/') != std::string::npos ||
      HasControl(id, "") || is_v1_word) {
    faults->Add("task_id",
                fmt::format("an id has 1 to {} bytes, without '/' and control characters",
                            kTaskIdBytesMax));
  }
  if (task.name.empty()) faults->Add("name", "a task needs a name");
  CheckText(faults, "name", task.name, kNameBytesMax, "");
  CheckText(faults, "remark", task.remark, kRemarkBytesMax, "\n\t\r");
}

void CheckCommand(Faults* faults, const Task& task) {
  if (task.command.empty() == task.argv.empty()) {
    faults->Add("command",
                "exactly one of command (a line for the shell) and argv (a program and its "
                "arguments) must be given");
  }
  if (task.command.size() > kCommandBytesMax) {
    faults->Add("command", fmt::format("it has {} bytes; at most {} can be run",
                                       task.command.size(), kCommandBytesMax));
  }
  if (HasNul(task.command)) faults->Add("command", "a command can not hold a NUL byte");
  std::size_t bytes = 0;
  for (const std::string& word : task.argv) {
    bytes += word.size() + 1;
    if (HasNul(word)) {
      faults->Add("argv", "an argument can not hold a NUL byte");
      break;
    }
  }
  if (!task.argv.empty() && task.argv.front().empty()) {
    faults->Add("argv", "the first argument is the program and can not be empty");
  }
  if (task.argv.size() > kArgumentsMax || bytes > kCommandBytesMax) {
    faults->Add("argv", fmt::format("at most {} arguments with {} bytes together can be run",
                                    kArgumentsMax, kCommandBytesMax));
  }
}

// Looked for from `now` or from the beginning of the validity, whichever is later.
bool FiresAgain(const Task& task, const cron::Expression& expression, cron::Zone zone,
                Instant now) {
  Instant from = now;
  if (task.valid_from && *task.valid_from > from) from = *task.valid_from - microseconds(1);
  const auto next = cron::Next(expression, zone, from);
  return next && (!task.valid_until || *next + task.jitter < *task.valid_until);
}

void CheckSchedule(Faults* faults, const Task& task, Instant now) {
  auto expression = cron::Parse(task.cron, task.key.task_id);
  if (!expression) faults->Add(std::move(expression.error().fields));

  cron::Zone zone;
  bool zone_known = true;
  if (!task.zone.empty()) {
    if (auto loaded = cron::Zone::Load(task.zone)) {
      zone = *loaded;
    } else {
      zone_known = false;
      faults->Add("zone", loaded.error().message);
    }
  }
  const bool validity_ok =
      !task.valid_from || !task.valid_until || *task.valid_from < *task.valid_until;
  if (!validity_ok) faults->Add("valid_until", "it must lie after valid_from");

  CheckRange(faults, "jitter_s", task.jitter, seconds(0), kDay);
  CheckRange(faults, "start_deadline_s", task.start_deadline, seconds(1), kDay);
  // A paused task may wait with an expression whose time is over.
  if (expression && zone_known && validity_ok && task.enabled &&
      !FiresAgain(task, *expression, zone, now)) {
    if (cron::Next(*expression, zone, now)) {
      faults->Add("valid_until",
                  "with this validity the task never runs again; it may be paused instead");
    } else {
      faults->Add(
          {{.field = "cron",
            .message = "this expression never fires again: there is no such time from now to "
                       "the end of 2099",
            .offset = 0,
            .length = task.cron.size()}});
    }
  }
}

void CheckPolicies(Faults* faults, const Task& task) {
  CheckRange(faults, "timeout_s", task.timeout, seconds(0), 365 * kDay);
  CheckRange(faults, "kill_grace_s", task.kill_grace, seconds(0), seconds(3'600));
  CheckRange(faults, "catch_up.max_age_s", task.catch_up.max_age, seconds(0), 366 * kDay);
  CheckRange(faults, "catch_up.max_number", task.catch_up.max_number, 1, 1'000);
  CheckRange(faults, "retry.max_number", task.retry.max_number, 0, kRetriesMax);
  CheckRange(faults, "retry.delay_s", task.retry.delay, seconds(0), kDay);
  if (!(task.retry.backoff >= 1 && task.retry.backoff <= kRetryBackoffMax)) {
    faults->Add("retry.backoff", fmt::format("it must lie between 1 and {}", kRetryBackoffMax));
  }
  if (task.output_limit != 0) {
    CheckRange(faults, "output_limit", task.output_limit, kOutputLimitMin, kOutputLimitMax);
  }
}

void CheckEnvironment(Faults* faults, const Task& task) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : task.environment) {
    bytes += name.size() + value.size() + 2;
    if (name.empty() || name.find('=') != std::string::npos || HasControl(name, "")) {
      faults->Add(
          "environment",
          fmt::format("\"{}\" can not be a variable's name: it must have characters and none of "
                      "'=' and control characters",
                      HasControl(name, "") ? "…" : name));
    } else if (name.starts_with("GOPHERCRON_")) {
      faults->Add("environment",
                  fmt::format("{} is set by the program itself; choose another name", name));
    } else if (HasNul(value)) {
      faults->Add("environment", fmt::format("the value of {} holds a NUL byte", name));
    }
  }
  if (task.environment.size() > kEnvironmentMax || bytes > kEnvironmentBytesMax) {
    faults->Add("environment",
                fmt::format("at most {} variables with {} bytes together are passed on",
                            kEnvironmentMax, kEnvironmentBytesMax));
  }
  if (!task.cwd.empty() && !task.cwd.starts_with('/')) {
    faults->Add("cwd", "a working folder is an absolute path, as /var/lib/app");
  }
  if (task.cwd.size() > kPathBytesMax || HasNul(task.cwd)) {
    faults->Add("cwd", fmt::format("a path has at most {} bytes and no NUL", kPathBytesMax));
  }
  for (const auto& [name, value] : task.labels) {
    if (name.empty() || name.size() > kLabelBytesMax || value.size() > kLabelBytesMax ||
        HasControl(name, "") || HasControl(value, "")) {
      faults->Add("labels",
                  fmt::format("a label's name has 1 to {0} bytes and its value at most {0}, "
                              "without control characters",
                              kLabelBytesMax));
      break;
    }
  }
  if (task.labels.size() > kLabelsMax) {
    faults->Add("labels", fmt::format("a task has at most {} labels", kLabelsMax));
  }
}

void RefuseWhatIsNotActedOn(Faults* faults, const Task& task) {
  constexpr const char* kNotYet = "this version does not act on it yet; leave it out";
  if (task.broadcast && task.overlap == Overlap::kQueue) {
    faults->AddUnsupported("overlap",
                           "a task that runs on every node can not queue; choose skip, "
                           "replace or allow");
  }
  if (!task.exclusive_group.empty()) faults->AddUnsupported("exclusive_group", kNotYet);
  if (!task.agent_selector.empty()) faults->AddUnsupported("agent_selector", kNotYet);
  if (!task.run_as.empty()) faults->AddUnsupported("run_as", kNotYet);
}

}  // namespace

Status Validate(const Task& task, Instant now) {
  Faults faults;
  CheckIdentity(&faults, task);
  CheckCommand(&faults, task);
  CheckSchedule(&faults, task, now);
  CheckPolicies(&faults, task);
  CheckEnvironment(&faults, task);
  RefuseWhatIsNotActedOn(&faults, task);
  return std::move(faults).Finish();
}

}  // namespace gophercron::task
