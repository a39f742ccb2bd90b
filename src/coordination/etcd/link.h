// Link: keeps one connection to some member of the cluster that can serve, and replaces it when it
// can not any more.
//
// A connection counts only after a linearizable read over it was answered: then the member has a
// leader and a quorum, our credentials are valid, and the store is the one we know (`admit`).
//
// Threads: the RpcThread.
#ifndef GOPHERCRON_COORDINATION_ETCD_LINK_H_
#define GOPHERCRON_COORDINATION_ETCD_LINK_H_

#include <grpcpp/security/credentials.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "coordination/etcd/connection.h"
#include "coordination/etcd/endpoint.h"
#include "coordination/etcd/rpc_thread.h"
#include "coordination/store_memory.h"

namespace gophercron::coordination::etcd {

class Link {
 public:
  struct Options {
    std::vector<Endpoint> endpoints;  // at least one
    std::string username;
    std::string password;
    std::string probe_key;
    milliseconds connect_timeout{};
    std::shared_ptr<grpc::ChannelCredentials> tls;  // for endpoints that want it
  };
  struct Owner {
    std::function<Status(const StoreIdentity&)> admit;
    std::function<void()> up;    // connection() is there
    std::function<void()> down;  // it is not any more
    std::function<void(const std::string& endpoint, const std::string& trouble)> failed;
  };

  Link(RpcThread& thread, Options options, Owner owner);

  void Start();
  // Null while there is none.
  const std::shared_ptr<Connection>& connection() const { return up_; }
  const std::string& endpoint() const { return options_.endpoints[at_].host_port; }
  // The connection is of no use: what is under way on it is cancelled.
  void Break(std::string why);
  // Our token is not valid any more: a new connection is made, what is under way on this one goes
  // on.
  void Renew();
  // Tries again now instead of later.
  void Hurry();
  // For good. Cancels everything.
  void Close();

 private:
  void Attempt();
  void Authenticate();
  void Probe();
  void Failed(std::string why);
  void Leave();

  RpcThread& thread_;
  Options options_;
  Owner owner_;
  SystemRandom random_;
  std::size_t at_ = 0;
  std::size_t failures_ = 0;
  std::shared_ptr<Connection> trying_;
  std::shared_ptr<Connection> up_;
  BootTime up_since_{};
  std::vector<std::weak_ptr<Connection>> former_;
  std::optional<RpcThread::TimerId> retry_;
  bool closed_ = false;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_LINK_H_
