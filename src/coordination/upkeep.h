// StoreUpkeep: what somebody must look after when the coordinator's store is a cluster of its own:
// history that grows until it is compacted, a disk that fills, a store that went back in time. The
// service that is elected to compacts; every process shows the state and holds on its own. The
// embedded coordinator looks after itself and has none.
//
// Threads: any.
#ifndef GOPHERCRON_COORDINATION_UPKEEP_H_
#define GOPHERCRON_COORDINATION_UPKEEP_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/store_memory.h"

namespace gophercron::coordination {

struct StoreState {
  bool connected = false;
  std::string endpoint;  // connected to it, or tried last
  std::string trouble;   // for a person: why it is not connected or is held; empty when all is well
  // Set: the store went back in time. Nothing is sent to it until AcceptStore.
  bool held = false;
  StoreIdentity known;  // which store, and the highest revision that any answer named
  std::int64_t size_bytes = 0;
  bool full = false;     // the quota is reached: the store refuses writes until it is compacted,
                         // defragmented and its alarm is taken back
  bool damaged = false;  // the store itself says that its members differ
};

class StoreUpkeep {
 public:
  virtual ~StoreUpkeep() = default;

  virtual StoreState State() const = 0;
  // Forgets the history before `revision`. Compacting what is compacted already is no failure.
  virtual void Compact(Revision revision, Coordinator::Done<void> done) = 0;
  // An operator has looked: the store as it is now is the right one.
  virtual void AcceptStore() = 0;
};

// When to compact, and up to where: history younger than `kept` stays. Pure.
class CompactionPlan {
 public:
  explicit CompactionPlan(microseconds kept) : kept_(kept) {}

  // Tell it the present revision about once a minute. The revision to compact at now, if any.
  std::optional<Revision> Observe(BootTime now, Revision revision);

 private:
  struct Sample {
    BootTime at;
    Revision revision;
  };
  static constexpr std::size_t kSamplesMax = 1'000;

  microseconds kept_;
  std::deque<Sample> samples_;
  Revision compacted_ = 0;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_UPKEEP_H_
