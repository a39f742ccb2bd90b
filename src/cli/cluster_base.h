// What `service` and `client` stand on: the coordinator on its loop, and what all processes of the
// cluster agree on.
//
// Threads: the main thread; the loop runs on another from Open on.
#ifndef GOPHERCRON_CLI_CLUSTER_BASE_H_
#define GOPHERCRON_CLI_CLUSTER_BASE_H_

#include <memory>
#include <string>
#include <thread>

#include "base/loop.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "coordination/etcd/etcd_coordinator.h"
#include "coordination/keys.h"
#include "cron/zone.h"
#include "storage/store.h"

namespace gophercron::cli {

class ClusterBase {
 public:
  // Waits for the coordinator as long as the file's dial timeout says. `memory_file`: where what is
  // known of etcd's identity is kept between two lives; empty: nowhere.
  static Result<std::unique_ptr<ClusterBase>> Open(const config::Config& config,
                                                   const std::string& memory_file);
  ~ClusterBase();
  ClusterBase(const ClusterBase&) = delete;
  ClusterBase& operator=(const ClusterBase&) = delete;

  // Before anything that the loop's callbacks reach is destroyed.
  void StopLoop();

  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }
  coordination::EtcdCoordinator& coordinator() { return *coordinator_; }
  const coordination::Keys& keys() const { return keys_; }
  const cron::Zone& zone() const { return zone_; }
  const std::string& secret() const { return secret_; }

 private:
  explicit ClusterBase(std::string prefix) : keys_(std::move(prefix)) {}
  Status Agree(const config::Config& config);

  const coordination::Keys keys_;
  SystemClock clock_;
  SystemRandom random_;
  Loop loop_;
  std::unique_ptr<coordination::EtcdCoordinator> coordinator_;
  cron::Zone zone_;
  std::string secret_;
  std::thread loop_thread_;
};

// The file's database; null when it names none. Does not wait for it.
std::unique_ptr<storage::Store> OpenConfiguredStore(const config::Config& config, bool migrate);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_CLUSTER_BASE_H_
