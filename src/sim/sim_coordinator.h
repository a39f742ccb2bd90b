// The simulated coordinator: one store that several simulated nodes reach over a simulated network.
//
// SimCluster is the cluster's side: the keys, the leases and when they run out by the store's own
// clock. SimCoordinator is one node's client of it, and a Coordinator. Between the two every
// message takes a while, and may be lost in either direction: a request that never arrived and an
// answer that never came look alike to the caller, as they do over a real network.
//
// Threads: one, the scheduler's.
#ifndef GOPHERCRON_SIM_SIM_COORDINATOR_H_
#define GOPHERCRON_SIM_SIM_COORDINATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "coordination/coordinator.h"
#include "coordination/key_space.h"
#include "sim/scheduler.h"

namespace gophercron::sim {

class SimCoordinator;

// Chances are out of a million calls.
struct NetworkFaults {
  microseconds delay_min = microseconds(200);  // each way
  microseconds delay_max = milliseconds(5);
  std::uint64_t refused = 0;       // answered with kUnavailable; nothing happened
  std::uint64_t request_lost = 0;  // never arrives
  std::uint64_t answer_lost = 0;   // applied, and nobody hears of it
  std::uint64_t watch_broken = 0;  // for each revision delivered: the watch is lost instead
  bool watch_forgets = false;      // what a watch should tell is lost, and nobody says so
  bool reorders = false;           // requests of one node may overtake each other
};

class SimCluster {
 public:
  explicit SimCluster(Scheduler& scheduler) : scheduler_(scheduler) {}
  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  const coordination::KeySpace& keys() const { return keys_; }

  // Applies at once, without network or faults: for setting a scene and for an operator's hand.
  Result<coordination::TxnResult> Apply(const coordination::Txn& txn);
  // Forgets the history up to now: watches from before are lost.
  void Compact() { keys_.Compact(keys_.revision()); }
  // While down, nothing is answered and no lease runs out.
  void SetDown(bool down);
  bool down() const { return down_; }

 private:
  friend class SimCoordinator;
  friend class SimWatchState;
  friend class SimLease;

  // Somebody who is told of every change, as soon as it happened.
  using Listener = std::function<void(const coordination::KeySpace::Revised&)>;

  coordination::LeaseId GrantLease(microseconds time_to_live);
  // False when the lease is over.
  bool Renew(coordination::LeaseId lease, microseconds time_to_live);
  void Revoke(coordination::LeaseId lease);
  void ExpireLater(coordination::LeaseId lease);
  void Tell(const coordination::KeySpace::Applied& applied);

  Scheduler& scheduler_;
  coordination::KeySpace keys_;
  coordination::LeaseId next_lease_ = 0x1000;
  std::map<coordination::LeaseId, Instant> expires_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_listener_ = 1;
  bool down_ = false;
  Instant down_since_{};
};

class SimCoordinator final : public coordination::Coordinator {
 public:
  // `boot` is the node's own clock; its leases are trusted by it.
  SimCoordinator(Scheduler& scheduler, SimCluster& store, std::function<BootTime()> boot,
                 NetworkFaults faults = {});
  ~SimCoordinator() override;

  // The node's process dies: nothing is delivered any more, and its leases run out by themselves
  // instead of being revoked when they are destroyed. What it has sent may still arrive.
  void Die();

  void SetFaults(const NetworkFaults& faults);
  // Cut off from the store: nothing arrives in either direction. Events wait; calls do not.
  void SetPartitioned(bool partitioned);
  // The node's process stands still: it sends nothing, and what arrives waits.
  void SetPaused(bool paused);

  void Range(coordination::RangeRequest request, Done<coordination::RangeResult> done) override;
  void Commit(coordination::Txn txn, Done<coordination::TxnResult> done) override;
  std::unique_ptr<coordination::Watch> WatchRange(
      std::string begin, std::string end, coordination::Revision from,
      std::function<void(const coordination::WatchBatch&)> on_batch) override;
  void Grant(seconds time_to_live, std::function<void()> on_lost,
             Done<std::unique_ptr<coordination::Lease>> done) override;

  // How long a call waits for its answer before it is told that none came.
  static constexpr seconds kPatience{5};

  class Client;

 private:
  std::shared_ptr<Client> client_;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_SIM_COORDINATOR_H_
