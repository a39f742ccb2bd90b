#include "base/loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/check.h"

namespace gophercron {

namespace asio = boost::asio;

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::atomic<std::thread::id> thread{};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::Run() {
  impl_->thread = std::this_thread::get_id();
  impl_->context.run();
  impl_->thread = std::thread::id();
}

void Loop::Stop() {
  asio::post(impl_->context, [this] { impl_->context.stop(); });
}

void Loop::Post(Task task) {
  asio::post(impl_->context, std::move(task));
}

bool Loop::IsCurrentThread() const {
  return impl_->thread.load() == std::this_thread::get_id();
}

// A timerfd of one clock. Kept alive by its pending wait, so that a timer may be destroyed by its
// own task.
class TimerFd : public std::enable_shared_from_this<TimerFd> {
 public:
  TimerFd(Loop& loop, clockid_t clock, int set_flags)
      : set_flags_(set_flags), descriptor_(loop.impl_->context, Open(clock)) {}

  void Set(microseconds since_epoch, Loop::Task task) {
    task_ = std::move(task);
    // A time of zero would disarm; anything in the past fires at once.
    const auto at = std::max(since_epoch, microseconds(1));
    // Owners set what they need after every event, and that is mostly what was set already.
    if (at == armed_at_) return;
    armed_at_ = at;
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(at.count() / 1'000'000);
    spec.it_value.tv_nsec = static_cast<long>(at.count() % 1'000'000 * 1000);
    CHECK(::timerfd_settime(descriptor_.native_handle(), set_flags_, &spec, nullptr) == 0);
    if (!waiting_) Wait();
  }

  void Cancel() {
    task_ = nullptr;
    if (armed_at_ == microseconds(0)) return;
    armed_at_ = microseconds(0);
    const itimerspec disarmed{};
    ::timerfd_settime(descriptor_.native_handle(), 0, &disarmed, nullptr);
  }

  void Close() {
    Cancel();
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  static int Open(clockid_t clock) {
    const int fd = ::timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
  }

  void Wait() {
    waiting_ = true;
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](boost::system::error_code failure) {
                             self->waiting_ = false;
                             if (!failure) self->Fire();
                           });
  }

  void Fire() {
    std::uint64_t expirations = 0;
    const ssize_t got = ::read(descriptor_.native_handle(), &expirations, sizeof expirations);
    // EAGAIN: set again between becoming readable and being read. ECANCELED: the clock was set.
    if (got < 0 && errno == EAGAIN) return Wait();
    armed_at_ = microseconds(0);
    if (auto task = std::exchange(task_, nullptr)) task();
  }

  int set_flags_;
  asio::posix::stream_descriptor descriptor_;
  Loop::Task task_;
  microseconds armed_at_{0};  // 0: not
  bool waiting_ = false;
};

WallTimer::WallTimer(Loop& loop)
    : fd_(std::make_shared<TimerFd>(loop, CLOCK_REALTIME,
                                    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) {}
WallTimer::~WallTimer() {
  fd_->Close();
}
void WallTimer::Set(Instant at, Loop::Task task) {
  fd_->Set(at.time_since_epoch(), std::move(task));
}
void WallTimer::Cancel() {
  fd_->Cancel();
}

BootTimer::BootTimer(Loop& loop)
    : fd_(std::make_shared<TimerFd>(loop, CLOCK_BOOTTIME, TFD_TIMER_ABSTIME)) {}
BootTimer::~BootTimer() {
  fd_->Close();
}
void BootTimer::Set(BootTime at, Loop::Task task) {
  fd_->Set(at.time_since_epoch(), std::move(task));
}
void BootTimer::SetAfter(microseconds delay, Loop::Task task) {
  Set(SystemClock().Boot() + std::max(delay, microseconds(0)), std::move(task));
}
void BootTimer::Cancel() {
  fd_->Cancel();
}

struct ReadWatch::Impl : std::enable_shared_from_this<ReadWatch::Impl> {
  Impl(Loop& loop, int fd, std::function<void()> on_readable)
      : descriptor(loop.impl_->context, fd), task(std::move(on_readable)) {}

  void Wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](boost::system::error_code failure) {
                            if (failure || self->closed) return;
                            self->task();
                            if (!self->closed) self->Wait();
                          });
  }

  asio::posix::stream_descriptor descriptor;
  std::function<void()> task;
  bool closed = false;
};

ReadWatch::ReadWatch(Loop& loop, int fd, std::function<void()> task)
    : impl_(std::make_shared<Impl>(loop, fd, std::move(task))) {
  impl_->Wait();
}

ReadWatch::~ReadWatch() {
  impl_->closed = true;
  impl_->descriptor.release();
}

}  // namespace gophercron
