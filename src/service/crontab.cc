#include "service/crontab.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "cron/expression.h"
#include "cron/zone.h"

namespace gophercron::service {
namespace {

constexpr std::string_view kBlank = " \t";
constexpr std::size_t kNameBytesMax = 60;
constexpr int kFieldsOfTime = 5;

std::string_view Trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

// Takes the first word off `text`, and the blanks behind it.
std::string_view TakeWord(std::string_view* text) {
  const std::size_t end = std::min(text->find_first_of(kBlank), text->size());
  const std::string_view word = text->substr(0, end);
  const std::size_t next = text->find_first_not_of(kBlank, end);
  *text = next == std::string_view::npos ? std::string_view() : text->substr(next);
  return word;
}

std::string_view Unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool IsName(std::string_view text) {
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// NAME=value, as cron reads it: blanks around the sign, quotes around either side.
std::optional<std::pair<std::string, std::string>> ReadSetting(std::string_view line) {
  const std::size_t sign = line.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  const std::string_view name = Unquoted(Trimmed(line.substr(0, sign)));
  if (!IsName(name)) return std::nullopt;
  return std::pair{std::string(name), std::string(Unquoted(Trimmed(line.substr(sign + 1))))};
}

// So that a shell takes it for this text.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// What stands before the first % that is not escaped, and what is the command's input behind it.
std::pair<std::string, std::optional<std::string>> SplitInput(std::string_view text) {
  std::string command;
  std::optional<std::string> input;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& out = input ? *input : command;
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
      out += '%';
      ++i;
    } else if (text[i] != '%') {
      out += text[i];
    } else if (!input) {
      input.emplace();
    } else {
      out += '\n';
    }
  }
  return {std::move(command), std::move(input)};
}

// "/usr/local/bin/backup --all >/dev/null" → "backup --all".
std::string NameFor(std::string_view command) {
  std::string_view rest = command.substr(0, command.find_first_of("|;<>&\n"));
  std::string_view first = TakeWord(&rest);
  if (const std::size_t slash = first.rfind('/'); slash != std::string_view::npos) {
    first = first.substr(slash + 1);
  }
  std::string name(first);
  if (!Trimmed(rest).empty()) name += fmt::format(" {}", Trimmed(rest));
  if (name.empty()) name = "task";
  if (name.size() <= kNameBytesMax) return name;
  std::size_t end = kNameBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end);
}

class Reader {
 public:
  explicit Reader(const CrontabOptions& options) : options_(options), zone_(options.zone) {}

  // nullopt: a comment or nothing.
  std::optional<CrontabLine> Read(int number, std::string_view text) {
    const std::string_view line = Trimmed(text);
    if (line.empty()) {
      remark_.clear();
      return std::nullopt;
    }
    if (line.front() == '#') {
      remark_ = Trimmed(line.substr(std::min(line.find_first_not_of('#'), line.size())));
      return std::nullopt;
    }
    CrontabLine out{.number = number,
                    .text = std::string(line),
                    .task = {},
                    .setting = false,
                    .problem = {},
                    .notes = {}};
    if (auto setting = ReadSetting(line)) {
      Set(setting->first, std::move(setting->second), &out);
      out.setting = out.problem.empty();
    } else {
      ReadTask(line, &out);
    }
    remark_.clear();
    return out;
  }

 private:
  void Set(const std::string& name, std::string value, CrontabLine* out) {
    if (name == "MAILTO" || name == "MAILFROM") {
      Note(out, "mail", "output is kept with each run and not mailed; see the notifications");
    } else if (name == "CRON_TZ") {
      if (const auto zone = cron::Zone::Load(value); !zone) {
        out->problem = zone.error().message;
        zone_known_ = false;
      } else {
        zone_ = std::move(value);
        zone_known_ = true;
      }
    } else if (name == "RANDOM_DELAY") {
      int minutes = 0;
      const auto [end, failure] =
          std::from_chars(value.data(), value.data() + value.size(), minutes);
      if (failure != std::errc() || end != value.data() + value.size() || minutes < 0 ||
          minutes > 24 * 60) {
        out->problem = "RANDOM_DELAY must be a number of minutes, 1440 at most";
      } else {
        delay_ = std::chrono::minutes(minutes);
        Note(out, "delay", "each task is moved by a part of it that is always the same");
      }
    } else if (name == "SHELL") {
      shell_ = std::move(value);
    } else if (name == "LOGNAME" || name == "USER") {
      Note(out, "user", "commands run as the account of the node");
    } else {
      if (name == "HOME") home_ = value;
      environment_[name] = std::move(value);
    }
  }

  void ReadTask(std::string_view line, CrontabLine* out) {
    std::string_view rest = line;
    if (rest.front() == '-') rest.remove_prefix(1);  // "do not log", in SUSE's
    task::Task task;
    if (rest.starts_with('@')) {
      task.cron = TakeWord(&rest);
      if (task.cron == "@reboot") {
        out->problem =
            "@reboot is no time: let the machine's service manager start it, for example by a "
            "systemd unit";
        return;
      }
    } else {
      for (int i = 0; i < kFieldsOfTime; ++i) {
        if (i > 0) task.cron += ' ';
        task.cron += TakeWord(&rest);
      }
    }
    if (options_.user_field) {
      const std::string_view user = TakeWord(&rest);
      if (user != "root") {
        Note(out, "user", fmt::format("ran as {}; here it runs as the account of the node", user));
      }
    }
    if (rest.empty()) {
      out->problem = "there is no command behind the time";
      return;
    }
    if (const auto parsed = cron::Parse(task.cron, "import"); !parsed) {
      out->problem = parsed.error().message;
      return;
    }
    if (!zone_known_) {
      out->problem = "the CRON_TZ above it names no zone, so its times are not known";
      return;
    }
    Fill(rest, &task, out);
    out->task = std::move(task);
  }

  void Fill(std::string_view rest, task::Task* task, CrontabLine* out) const {
    auto [command, input] = SplitInput(rest);
    task->name = NameFor(command);
    task->remark = remark_;
    task->zone = zone_;
    task->jitter = delay_;
    task->environment = environment_;
    task->cwd = home_;
    if (input) {
      // The last part of a pipeline gives its exit code, and that is the command's.
      std::string pieces;
      std::string_view lines = *input;
      while (true) {
        const std::size_t end = lines.find('\n');
        pieces += ' ' + Quoted(lines.substr(0, end));
        if (end == std::string_view::npos) break;
        lines = lines.substr(end + 1);
      }
      command = fmt::format("printf '%s\\n'{} | {{ {}\n}}", pieces, command);
      Note(out, "input", "what stood behind % is given to the command as its input");
    }
    if (shell_.empty() || shell_ == "/bin/sh") {
      task->command = std::move(command);
    } else {
      task->argv = {shell_, "-c", std::move(command)};
      Note(out, "shell", fmt::format("run by {}, as SHELL says", shell_));
    }
  }

  static void Note(CrontabLine* out, std::string code, std::string text) {
    out->notes.push_back({.code = std::move(code), .text = std::move(text)});
  }

  const CrontabOptions& options_;
  std::string zone_;
  bool zone_known_ = true;
  std::string shell_;
  std::string home_;
  std::string remark_;  // the comment right above
  seconds delay_{0};
  std::map<std::string, std::string> environment_;
};

}  // namespace

Result<std::vector<CrontabLine>> ReadCrontab(std::string_view text, const CrontabOptions& options) {
  if (text.find('\0') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "a crontab is text, and this has zero bytes in it");
  }
  Reader reader(options);
  std::vector<CrontabLine> lines;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto line = reader.Read(++number, text.substr(0, end))) lines.push_back(*std::move(line));
    if (lines.size() > kCrontabLinesMax) {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format("a crontab of more than {} lines is imported in parts", kCrontabLinesMax));
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

}  // namespace gophercron::service
