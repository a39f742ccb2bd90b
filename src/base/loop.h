// Loop: one thread that waits, for everyone who must not. Decisions are made by pure code; a Loop
// carries events to it. The only place that knows how waiting is done.
//
// Threads: Run on one thread, which becomes the loop's; Post and Stop from any; everything else on
// the loop's thread (or before Run). A Loop must outlive its timers and watches.
#ifndef GOPHERCRON_BASE_LOOP_H_
#define GOPHERCRON_BASE_LOOP_H_

#include <functional>
#include <memory>

#include "base/time.h"

namespace gophercron {

class TimerFd;

class Loop {
 public:
  using Task = std::move_only_function<void()>;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop. What was posted before Stop is still run; what comes later is not.
  void Run();
  void Stop();
  // In the order of posting. Never runs `task` before it returns.
  void Post(Task task);
  bool IsCurrentThread() const;

 private:
  friend class TimerFd;
  friend class ReadWatch;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Fires once when the wall clock (CLOCK_REALTIME) reaches an instant, however the clock gets there.
// A clock that is set fires it early, so that the owner looks at the time again: what fires must
// ask the clock, never assume.
class WallTimer {
 public:
  explicit WallTimer(Loop& loop);
  ~WallTimer();
  WallTimer(const WallTimer&) = delete;
  WallTimer& operator=(const WallTimer&) = delete;

  // Replaces what was set before.
  void Set(Instant at, Loop::Task task);
  void Cancel();

 private:
  std::shared_ptr<TimerFd> fd_;
};

// Fires once when CLOCK_BOOTTIME reaches a time.
class BootTimer {
 public:
  explicit BootTimer(Loop& loop);
  ~BootTimer();
  BootTimer(const BootTimer&) = delete;
  BootTimer& operator=(const BootTimer&) = delete;

  void Set(BootTime at, Loop::Task task);
  void SetAfter(microseconds delay, Loop::Task task);
  void Cancel();

 private:
  std::shared_ptr<TimerFd> fd_;
};

// Calls `task` each time `fd` becomes readable (edge-triggered: read until EAGAIN), until
// destroyed. Does not own `fd`, which must be non-blocking and must outlive the watch.
class ReadWatch {
 public:
  ReadWatch(Loop& loop, int fd, std::function<void()> task);
  ~ReadWatch();
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_LOOP_H_
