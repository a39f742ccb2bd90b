// Crontab: what becomes of each line of a crontab when it is brought over. Pure; nothing is made.
//
// Read as cron(8) of Debian and cronie read it: settings hold for the lines below them, the first %
// that is not behind a backslash begins the command's input, @reboot and what cron knows beyond
// times are named for what they are. What can not be carried over says why; nothing is left out
// silently.
#ifndef GOPHERCRON_SERVICE_CRONTAB_H_
#define GOPHERCRON_SERVICE_CRONTAB_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "task/task.h"

namespace gophercron::service {

struct CrontabNote {
  // "mail", "input", "shell", "delay", "user", "home", "zone", "path": for other languages.
  std::string code;
  std::string text;  // a sentence
};

struct CrontabLine {
  int number = 0;  // from 1
  std::string text;
  // One of the three: a task that it becomes, a setting for the lines below, or neither, because of
  // `problem`. Comments and empty lines are no lines.
  std::optional<task::Task> task;
  bool setting = false;
  std::string problem;
  std::vector<CrontabNote> notes;
};

struct CrontabOptions {
  bool user_field = false;  // the sixth word is an account, as in /etc/crontab
  std::string zone;         // of lines without CRON_TZ; empty: the cluster's
};

inline constexpr std::size_t kCrontabLinesMax = 5'000;

// kInvalidArgument: more lines than kCrontabLinesMax, or bytes that are no text.
Result<std::vector<CrontabLine>> ReadCrontab(std::string_view text, const CrontabOptions& options);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_CRONTAB_H_
