// EtcdCoordinator: the Coordinator over a cluster of etcd 3.4 or newer, by gRPC.
//
// One connection at a time, to one member; another member is tried when it breaks, does not answer
// or has no leader, with a jittered delay of at most 5 s once all have failed. Calls made meanwhile
// wait for it until their time is over. A call that provably did nothing is sent again by itself; a
// write whose answer is missing is kOutcomeUnknown and is not.
//
// Order. etcd answers what is under way in any order; answers of Commit are put into the order of
// their commits. One that comes later than others can wait for it (kAnswerHold) is delivered as
// kOutcomeUnknown, for its place has passed. Requests may overtake each other on their way:
// whoever needs one after another waits for the answer of the first.
//
// Comparisons. etcd evaluates all of them, nested ones included, before it applies anything, as
// coordinator.h says; the conformance suite holds it to that.
//
// A watch from "now" begins after the newest revision that any answer had named when it was asked
// for: everything that is written later is told, and what others wrote just before may be too.
//
// Threads as coordinator.h says; one of its own, and those of gRPC. Must be destroyed on the loop's
// thread, or when the loop no longer runs. Destroying it revokes its leases and waits for that, a
// second at most.
#ifndef GOPHERCRON_COORDINATION_ETCD_ETCD_COORDINATOR_H_
#define GOPHERCRON_COORDINATION_ETCD_ETCD_COORDINATOR_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/upkeep.h"

namespace gophercron::coordination {

class EtcdCoordinator final : public Coordinator, public StoreUpkeep {
 public:
  struct Options {
    // "host:port", "http://host:port" or "https://host:port"; https needs no more than the system's
    // authorities, or those of `ca_file`.
    std::vector<std::string> endpoints;
    std::string username;  // empty: no authentication
    std::string password;
    std::string ca_file;    // PEM; not empty: TLS for every endpoint
    std::string cert_file;  // the client's own certificate and its key, both or none
    std::string key_file;
    // A key of it is read when a connection is made: where the user may read only some keys.
    std::string prefix;
    milliseconds connect_timeout{5'000};  // for one endpoint
    milliseconds request_timeout{5'000};
    // Where the store's identity is kept (store_memory.h). Empty: only this process's life counts.
    std::string memory_file;
    std::size_t in_flight_max = 64;
    // What may wait to be sent. Beyond it calls are answered with kUnavailable.
    std::size_t waiting_calls_max = 10'000;
    std::size_t waiting_bytes_max = 64'000'000;
    // What a watch's owner may have left to hear before the watch is lost.
    std::size_t undelivered_bytes_max = 32'000'000;
  };

  // Begins to connect and does not wait for it. Errors: kInvalidArgument (an endpoint, a file that
  // can not be read), kCorrupt (the memory file).
  static Result<std::unique_ptr<EtcdCoordinator>> Open(Loop& loop, const Options& options);
  ~EtcdCoordinator() override;

  // Waits until the first connection stands; kUnavailable, with what was wrong, when that takes
  // longer. Not on the loop's thread while others need it.
  Status WaitUntilConnected(milliseconds patience) const;

  void Range(RangeRequest request, Done<RangeResult> done) override;
  void Commit(Txn txn, Done<TxnResult> done) override;
  std::unique_ptr<Watch> WatchRange(std::string begin, std::string end, Revision from,
                                    std::function<void(const WatchBatch&)> on_batch) override;
  // Granted for at least `time_to_live`: etcd raises what is below its own minimum.
  void Grant(seconds time_to_live, std::function<void()> on_lost,
             Done<std::unique_ptr<Lease>> done) override;

  StoreState State() const override;
  void Compact(Revision revision, Done<void> done) override;
  void AcceptStore() override;

  static constexpr milliseconds kAnswerHold{100};

 private:
  class Core;
  explicit EtcdCoordinator(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_ETCD_ETCD_COORDINATOR_H_
