// StopSignals: SIGINT, SIGTERM and SIGHUP, taken by whoever waits for them and delivered to no
// thread.
#ifndef GOPHERCRON_CLI_STOP_SIGNALS_H_
#define GOPHERCRON_CLI_STOP_SIGNALS_H_

#include <signal.h>

#include <functional>

#include "base/time.h"

namespace gophercron::cli {

// Must be made before any other thread exists: it blocks the signals for the whole process.
class StopSignals {
 public:
  StopSignals();
  // Gives the one that came.
  int Wait() const;
  // As Wait, for a program that takes SIGHUP as "read your configuration again".
  int WaitUnlessReload(const std::function<void()>& reload) const;
  // True when one came within `patience`.
  bool WaitFor(milliseconds patience) const;

 private:
  sigset_t set_{};
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_STOP_SIGNALS_H_
