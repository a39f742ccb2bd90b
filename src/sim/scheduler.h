// Scheduler: the one event queue of a simulated world. Nothing in a simulation waits, sleeps or
// asks a real clock: everything that happens later is an event here, and the same seed gives the
// same events in the same order.
//
// Threads: one. Now is the world's true time, which no simulated machine knows; the clocks of
// machines are made from it, with offsets and drift.
#ifndef GOPHERCRON_SIM_SCHEDULER_H_
#define GOPHERCRON_SIM_SCHEDULER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/random.h"
#include "base/time.h"

namespace gophercron::sim {

class Scheduler {
 public:
  using Event = std::move_only_function<void()>;

  explicit Scheduler(std::uint64_t seed, Instant start = Instant(seconds(1'700'000'000)))
      : random_(seed), now_(start) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  Instant Now() const { return now_; }
  Random& random() { return random_; }

  // Uniform in [low, high].
  microseconds Between(microseconds low, microseconds high) {
    return low + microseconds(random_.Below(static_cast<std::uint64_t>((high - low).count()) + 1));
  }
  // True in `per_million` of a million calls.
  bool Chance(std::uint64_t per_million) { return random_.Below(1'000'000) < per_million; }

  // Calls `event` when `delay` (at least 0) has passed. Events of one instant happen in the order
  // in which they were asked for.
  void After(microseconds delay, Event event) {
    events_.emplace(std::pair(now_ + std::max(delay, microseconds(0)), next_++), std::move(event));
  }

  // Lets the next event happen; false when there is none.
  bool Step() {
    if (events_.empty()) return false;
    auto next = events_.extract(events_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
  }
  // Lets happen what is due until `end`, and makes it `end`.
  void RunUntil(Instant end) {
    while (!events_.empty() && events_.begin()->first.first <= end) Step();
    now_ = std::max(now_, end);
  }
  void RunFor(microseconds time) { RunUntil(now_ + time); }

  std::size_t pending() const { return events_.size(); }

 private:
  SeededRandom random_;
  Instant now_;
  std::uint64_t next_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, Event> events_;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_SCHEDULER_H_
