// One log line where a thing is handled, never where it merely passes by. Goes to stderr.
// No secret and no output of a command is ever logged.
#ifndef GOPHERCRON_BASE_LOG_H_
#define GOPHERCRON_BASE_LOG_H_

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace gophercron::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warn"/"warning", "error", "off"; anything else is false and changes nothing.
bool SetLevel(std::string_view name);
bool Enabled(Level level);

// Control characters of `line` (newlines too) are written as escapes: no input can forge a log
// line.
void Write(Level level, std::string_view line);

template <class... Args>
void Info(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kInfo)) Write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void Warning(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kWarning))
    Write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kError))
    Write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void Debug(fmt::format_string<Args...> format, Args&&... args) {
  if (Enabled(Level::kDebug))
    Write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace gophercron::log

#endif  // GOPHERCRON_BASE_LOG_H_
