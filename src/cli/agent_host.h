// AgentHost: an agent with everything around it that a process must own: its id, its spool, its
// runner. `standalone` and `client` are each one of these, over different coordinators and stores.
//
// Threads: Open, Start and Stop on the main thread, each once; the loop runs on another.
#ifndef GOPHERCRON_CLI_AGENT_HOST_H_
#define GOPHERCRON_CLI_AGENT_HOST_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/delivery.h"
#include "agent/driver.h"
#include "agent/live.h"
#include "agent/spool.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/stop_signals.h"
#include "coordination/coordinator.h"
#include "coordination/keys.h"
#include "cron/zone.h"
#include "process/posix/posix_runner.h"
#include "storage/result_sink.h"
#include "storage/store.h"

namespace gophercron::cli {

struct AgentHostOptions {
  // Holds the node's id and the spool. The caller has its lock.
  std::filesystem::path folder;
  std::string address;  // what people know the node by
  cron::Zone zone;      // the cluster's
  agent::Duty duty;
  seconds session_ttl{10};
  std::uint64_t output_limit = process::kOutputLimitDefault;
  std::vector<std::string> shell = {"/bin/sh", "-c"};
  mode_t command_umask = 022;  // this process's own, as it was before it made itself private
  // As agent::DriverOptions.
  std::function<void()> on_reload;
};

class AgentHost {
 public:
  // All of them outlive the host.
  struct Ports {
    Loop& loop;
    const Clock& clock;
    Random& random;
    coordination::Coordinator& coordinator;
    coordination::Keys keys;
    storage::ResultSink& results;
    storage::Store* auditable;  // as agent::Driver::Ports
    agent::LiveSink& live;
  };

  static Result<std::unique_ptr<AgentHost>> Open(AgentHostOptions options, const Ports& ports);
  // The loop must not run any more.
  ~AgentHost();
  AgentHost(const AgentHost&) = delete;
  AgentHost& operator=(const AgentHost&) = delete;

  // Begins to fire. The loop must run.
  void Start();
  // These two from any thread.
  void NoteClock(const std::string& source, Instant theirs, BootTime at);
  void Change(agent::Driver::Changes changes);
  agent::LiveSource& live_source() { return *driver_; }
  const agent::Spool& spool() const { return *spool_; }

  // Ends every run with its grace, records all of it and hands over what it can. A signal that
  // comes meanwhile cuts the grace short, after `on_hurry`.
  void Stop(const StopSignals& signals, const std::function<void()>& on_hurry);

 private:
  AgentHost(AgentHostOptions options, const Ports& ports)
      : options_(std::move(options)), ports_(ports) {}
  Status Make();
  agent::DriverOptions DriverOptionsFor(const std::string& node_id) const;
  bool Stopped();

  const AgentHostOptions options_;
  const Ports ports_;
  std::unique_ptr<agent::Spool> spool_;
  std::unique_ptr<agent::Delivery> delivery_;
  std::unique_ptr<agent::Driver> driver_;
  std::unique_ptr<process::PosixRunner> runner_;
  std::mutex mutex_;
  bool stopped_ = false;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_AGENT_HOST_H_
