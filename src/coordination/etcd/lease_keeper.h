// LeaseKeeper: renews all leases on one stream, and revokes those that are over.
//
// Threads: the RpcThread, except for what HeldLease says.
#ifndef GOPHERCRON_COORDINATION_ETCD_LEASE_KEEPER_H_
#define GOPHERCRON_COORDINATION_ETCD_LEASE_KEEPER_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/loop.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "coordination/etcd/connection.h"
#include "coordination/etcd/link.h"
#include "coordination/etcd/rpc_thread.h"

namespace gophercron::coordination::etcd {

// A lease as its holder, the keeper and the loop share it.
struct HeldLease {
  LeaseId id = 0;
  std::atomic<BootTime> trusted_until{BootTime::min()};
  std::atomic<bool> ended = false;  // its holder has let go of it
  std::function<void()> on_lost;    // the loop's
};

class LeaseKeeper {
 public:
  LeaseKeeper(RpcThread& thread, Link& link, std::function<void(Loop::Task)> deliver,
              std::function<void(const etcdserverpb::ResponseHeader&)> saw)
      : thread_(thread), link_(link), deliver_(std::move(deliver)), saw_(std::move(saw)) {}

  // Granted: `sent` is when it was asked for.
  void Keep(std::shared_ptr<HeldLease> lease, seconds time_to_live, BootTime sent);
  // Its holder has let go of it, or nobody knows whether it was granted.
  void Revoke(LeaseId lease, seconds time_to_live);
  // All of them. `done` once none is left to revoke.
  void RevokeAll(std::function<void()> done);
  std::size_t revoking() const { return revoking_.size(); }

  void OnUp();
  void OnDown();

 private:
  struct Kept {
    std::shared_ptr<HeldLease> lease;
    seconds time_to_live{};
    std::optional<BootTime> sent;  // of the renewal that is not answered yet
    std::optional<RpcThread::TimerId> timer;
  };
  struct Revoking {
    BootTime until{};  // by then it has run out by itself
    bool asked = false;
    std::function<void()> then;
  };
  using RenewalStream =
      Stream<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>;

  void OpenStream();
  void Renew(LeaseId id);
  void RenewLater(LeaseId id, Kept& kept, microseconds delay);
  void OnRenewed(const etcdserverpb::LeaseKeepAliveResponse& answer);
  void Lost(LeaseId id);
  void RevokeNow(LeaseId id);
  void Revoked(LeaseId id);

  RpcThread& thread_;
  Link& link_;
  std::function<void(Loop::Task)> deliver_;
  std::function<void(const etcdserverpb::ResponseHeader&)> saw_;
  std::map<LeaseId, Kept> kept_;
  std::map<LeaseId, Revoking> revoking_;
  RenewalStream* stream_ = nullptr;
  std::function<void()> all_revoked_;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_LEASE_KEEPER_H_
