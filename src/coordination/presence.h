// Presence: one key that stands for as long as this process does: on a lease of its own, put again
// under a new one when the lease is lost.
//
// Threads: made and destroyed on any thread but the loop's, which must run; `lease` from any.
#ifndef GOPHERCRON_COORDINATION_PRESENCE_H_
#define GOPHERCRON_COORDINATION_PRESENCE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/loop.h"
#include "base/time.h"
#include "coordination/coordinator.h"

namespace gophercron::coordination {

class Presence {
 public:
  // The key for a lease, and what stands there. `loop` is the coordinator's; both outlive this.
  Presence(Loop& loop, Coordinator& coordinator, seconds time_to_live,
           std::function<std::string(LeaseId)> key, std::string value);
  // Gives the lease back first.
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  // 0 while there is none.
  LeaseId lease() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_PRESENCE_H_
