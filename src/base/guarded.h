// Guarded<T>: a T and the mutex that guards it, which is only reachable through a lock. For small
// state that threads share at the edges; decisions run on one loop and need none.
#ifndef GOPHERCRON_BASE_GUARDED_H_
#define GOPHERCRON_BASE_GUARDED_H_

#include <mutex>
#include <utility>

namespace gophercron {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  // Calls `use` with the value, locked. Do not call back into anything that may lock this again.
  template <class F>
  decltype(auto) With(F&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }
  template <class F>
  decltype(auto) With(F&& use) const {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace gophercron

#endif  // GOPHERCRON_BASE_GUARDED_H_
