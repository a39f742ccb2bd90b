#include "process/posix/proc_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>

namespace gophercron::process {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// The numeric names in a folder of /proc.
std::vector<pid_t> ReadNumbers(const char* path) {
  std::vector<pid_t> numbers;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path));
  if (!folder) return numbers;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name(entry->d_name);
    pid_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

template <class Number>
Number NextNumber(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with('\n')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{}) text = {};
  return number;
}

}  // namespace

std::string ReadProcFile(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> chunk;
  ssize_t got = 0;
  while ((got = ::read(fd, chunk.data(), chunk.size())) > 0)
    text.append(chunk.data(), static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

std::optional<ProcessStat> ReadStat(pid_t pid) {
  const std::string text = ReadProcFile(fmt::format("/proc/{}/stat", pid));
  // The name stands in parentheses and may itself contain any of them.
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(name_end + 2);
  if (rest.empty()) return std::nullopt;
  ProcessStat stat{.pid = pid, .zombie = rest.front() == 'Z' || rest.front() == 'X'};
  rest.remove_prefix(1);
  stat.parent = NextNumber<pid_t>(rest);
  NextNumber<pid_t>(rest);  // process group
  stat.session = NextNumber<pid_t>(rest);
  constexpr int kFieldsToStart = 15;  // from the session (6) to the start time (22)
  for (int i = 0; i < kFieldsToStart; ++i) NextNumber<std::int64_t>(rest);
  stat.start_ticks = NextNumber<std::uint64_t>(rest);
  if (stat.start_ticks == 0 && rest.empty()) return std::nullopt;
  return stat;
}

ProcessTable ReadProcesses() {
  ProcessTable table;
  for (const pid_t pid : ReadNumbers("/proc")) {
    if (const auto stat = ReadStat(pid)) table.emplace(pid, *stat);
  }
  return table;
}

std::optional<std::vector<pid_t>> ReadOwnChildren() {
  std::vector<pid_t> children;
  for (const pid_t thread : ReadNumbers("/proc/self/task")) {
    const std::string path = fmt::format("/proc/self/task/{}/children", thread);
    const std::string text = ReadProcFile(path);
    if (text.empty() && ::access(path.c_str(), R_OK) != 0 &&
        ::access("/proc/thread-self/children", R_OK) != 0) {
      return std::nullopt;
    }
    std::string_view rest = text;
    while (const pid_t child = NextNumber<pid_t>(rest)) children.push_back(child);
  }
  return children;
}

std::optional<std::string> ReadVariable(pid_t pid, std::string_view name) {
  const std::string text = ReadProcFile(fmt::format("/proc/{}/environ", pid));
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view variable = rest.substr(0, rest.find('\0'));
    if (variable.size() > name.size() && variable.starts_with(name) &&
        variable[name.size()] == '=') {
      return std::string(variable.substr(name.size() + 1));
    }
    rest.remove_prefix(std::min(rest.size(), variable.size() + 1));
  }
  return std::nullopt;
}

bool StartedWithin(const ProcessStat& stat, BootTime from, BootTime to) {
  static const std::int64_t ticks_per_second = ::sysconf(_SC_CLK_TCK);
  const std::int64_t tick = 1'000'000 / ticks_per_second;
  const BootTime start(microseconds(static_cast<std::int64_t>(stat.start_ticks) * tick));
  return start + microseconds(tick) >= from && start <= to;
}

}  // namespace gophercron::process
