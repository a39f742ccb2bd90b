#include "cli/stop_signals.h"

#include <pthread.h>

namespace gophercron::cli {

StopSignals::StopSignals() {
  ::sigemptyset(&set_);
  ::sigaddset(&set_, SIGINT);
  ::sigaddset(&set_, SIGTERM);
  ::sigaddset(&set_, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int StopSignals::Wait() const {
  int taken = 0;
  ::sigwait(&set_, &taken);
  return taken;
}

int StopSignals::WaitUnlessReload(const std::function<void()>& reload) const {
  int taken = Wait();
  for (; taken == SIGHUP; taken = Wait()) reload();
  return taken;
}

bool StopSignals::WaitFor(milliseconds patience) const {
  const timespec time{.tv_sec = patience.count() / 1000,
                      .tv_nsec = static_cast<long>(patience.count() % 1000 * 1'000'000)};
  return ::sigtimedwait(&set_, nullptr, &time) > 0;
}

}  // namespace gophercron::cli
