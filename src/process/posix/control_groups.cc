#include "process/posix/control_groups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>

#include "base/time.h"
#include "process/posix/proc_files.h"

namespace gophercron::process {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdleMax = 64;
constexpr int kRemoveTries = 50;

// Where the group that this process is in can be seen, or nothing:
// "/sys/fs/cgroup/system.slice/x.service".
std::string OwnGroup() {
  std::string own;
  std::istringstream groups(ReadProcFile("/proc/self/cgroup"));
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::")) own = line.substr(3);
  }
  if (own.empty()) return {};
  // 41 31 0:38 /root-in-it /mounted/here rw shared:1 - cgroup2 source options
  std::istringstream mounts(ReadProcFile("/proc/self/mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    if (!line.contains(" - cgroup2 ")) continue;
    std::istringstream fields(line);
    std::string skipped;
    std::string root;
    std::string point;
    fields >> skipped >> skipped >> skipped >> root >> point;
    if (root != "/" && !own.starts_with(root)) continue;
    const std::string below = root == "/" ? own : own.substr(root.size());
    return below == "/" ? point : point + below;
  }
  return {};
}

std::vector<pid_t> Pids(const std::string& text) {
  std::vector<pid_t> pids;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(at, end, pid);
    if (error != std::errc{}) break;
    if (pid > 0) pids.push_back(pid);
    at = next + 1;
  }
  return pids;
}

}  // namespace

ControlGroup::ControlGroup(std::string path, int number, int folder_fd, int events_fd)
    : path_(std::move(path)), number_(number), folder_fd_(folder_fd), events_fd_(events_fd) {}

ControlGroup::~ControlGroup() {
  ::close(folder_fd_);
  ::close(events_fd_);
}

bool ControlGroup::Populated() const {
  std::array<char, 128> text;
  const ssize_t got = ::pread(events_fd_, text.data(), text.size(), 0);
  return got <= 0 ||
         !std::string_view(text.data(), static_cast<std::size_t>(got)).contains("populated 0");
}

Result<std::unique_ptr<ControlGroups>> ControlGroups::Open(std::string_view token) {
  const std::string own = OwnGroup();
  if (own.empty())
    return Fail(ErrorCode::kUnsupported, "no cgroup v2 is mounted where this process could see it");
  const std::string folder = fmt::format("{}/gophercron-{}", own, token);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return Fail(ErrorCode::kUnsupported, fmt::format("cannot make the control group {}: {}", folder,
                                                     std::generic_category().message(errno)));
  }
  std::unique_ptr<ControlGroups> groups(new ControlGroups(folder));
  if (::access((folder + "/cgroup.kill").c_str(), W_OK) != 0) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("the control group {} has no cgroup.kill (Linux 5.14) that may be written",
                    folder));
  }
  // Numbers of groups that an earlier process has left are not used again.
  for (const std::string& path : GroupsIn(folder)) {
    int number = 0;
    const std::string name = fs::path(path).filename();
    std::from_chars(name.data() + std::min<std::size_t>(name.size(), 4), name.data() + name.size(),
                    number);
    groups->next_number_ = std::max(groups->next_number_, number + 1);
  }
  return groups;
}

ControlGroups::~ControlGroups() {
  for (auto& group : idle_) RemoveGroup(group->path());
  RemoveGroup(folder_);
}

Result<std::unique_ptr<ControlGroup>> ControlGroups::Acquire() {
  for (auto group = idle_.begin(); group != idle_.end(); ++group) {
    if ((*group)->Populated()) continue;
    std::unique_ptr<ControlGroup> found = std::move(*group);
    *group = std::move(idle_.back());
    idle_.pop_back();
    return found;
  }
  const int number = next_number_++;
  const std::string path = fmt::format("{}/run-{}", folder_, number);
  const auto failed = [&] {
    const int error = errno;
    ::rmdir(path.c_str());
    return Fail(ErrorCode::kUnavailable, fmt::format("cannot make the control group {}: {}", path,
                                                     std::generic_category().message(error)));
  };
  if (::mkdir(path.c_str(), 0755) != 0) return failed();
  const int folder_fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0) return failed();
  const int events_fd = ::openat(folder_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  if (events_fd < 0) {
    const auto failure = failed();
    ::close(folder_fd);
    return failure;
  }
  return std::make_unique<ControlGroup>(path, number, folder_fd, events_fd);
}

void ControlGroups::Release(std::unique_ptr<ControlGroup> group) {
  struct stat status{};
  // A third link is a group that the command made inside.
  const bool plain = ::fstat(group->folder_fd(), &status) == 0 && status.st_nlink == 2;
  if (!plain || idle_.size() >= kIdleMax) {
    RemoveInner(group->path());
    if (::rmdir(group->path().c_str()) == 0) return;
  }
  idle_.push_back(std::move(group));
}

std::vector<std::string> GroupsIn(const std::string& folder) {
  std::vector<std::string> groups;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->is_directory(gone)) groups.push_back(at->path());
  }
  return groups;
}

std::vector<pid_t> GroupMembers(const std::string& path) {
  std::vector<pid_t> members = Pids(ReadProcFile(path + "/cgroup.procs"));
  for (const std::string& inner : GroupsIn(path)) {
    for (const pid_t pid : GroupMembers(inner)) members.push_back(pid);
  }
  return members;
}

void KillGroup(const std::string& path) {
  const int fd = ::open((path + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  // Nothing to do about a failure here: whoever kills looks again whether the group is empty.
  [[maybe_unused]] const ssize_t written = ::write(fd, "1", 1);
  ::close(fd);
}

void RemoveInner(const std::string& path) {
  for (const std::string& inner : GroupsIn(path)) {
    RemoveInner(inner);
    ::rmdir(inner.c_str());
  }
}

void RemoveGroup(const std::string& path) {
  // A process that has been waited for may count for some microseconds more.
  for (int tries = 0; tries < kRemoveTries; ++tries) {
    RemoveInner(path);
    if (::rmdir(path.c_str()) == 0 || errno != EBUSY) return;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace gophercron::process
