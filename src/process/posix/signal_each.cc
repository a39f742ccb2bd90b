#include "process/posix/signal_each.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

namespace gophercron::process {

namespace {
constexpr int kRoundsMax = 16;
constexpr std::size_t kHeldMax = 256;  // descriptors at once
}  // namespace

void SignalEach(const std::function<std::vector<pid_t>()>& members,
                std::initializer_list<int> signals) {
  std::set<pid_t> done;
  std::vector<pid_t> seen = members();
  for (int round = 0; round < kRoundsMax; ++round) {
    std::map<pid_t, int> held;
    for (const pid_t pid : seen) {
      if (done.contains(pid) || held.size() == kHeldMax) continue;
      const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
      if (fd >= 0) held.emplace(pid, fd);
    }
    if (held.empty()) return;
    seen = members();
    for (const auto& [pid, fd] : held) {
      if (std::ranges::find(seen, pid) != seen.end()) {
        for (const int signal : signals) ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0);
        done.insert(pid);
      }
      ::close(fd);
    }
  }
}

}  // namespace gophercron::process
