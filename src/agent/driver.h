// Driver: the agent's hands. It carries events to the decider and carries out what the decider
// says; it decides nothing. It waits on the coordinator, the clocks and the runner, all on one
// loop; the disk it leaves to the recorder and the delivery.
//
// Order of use: make it, make a runner with it as RunEvents, Start, and in the end Stop. It must
// outlive the runner's last event, and its loop must run until `stopped` was called; destroy it
// when the loop no longer runs.
//
// Threads: Start and Stop on the loop's thread (or before it runs); Follow and the events of the
// runner from any.
#ifndef GOPHERCRON_AGENT_DRIVER_H_
#define GOPHERCRON_AGENT_DRIVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/decider.h"
#include "agent/delivery.h"
#include "agent/live.h"
#include "agent/spool.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/time.h"
#include "coordination/coordinator.h"
#include "process/process_runner.h"
#include "storage/store.h"

namespace gophercron::agent {

struct DriverOptions {
  explicit DriverOptions(DeciderConfig the_decider) : decider(std::move(the_decider)) {}

  DeciderConfig decider;
  coordination::Node node;  // what the session key says of this node
  seconds session_ttl{10};
  // {shell, "-c"}: what a command text is given to.
  std::vector<std::string> shell = {"/bin/sh", "-c"};
  // What every command finds in its environment beside GOPHERCRON_* and the task's own.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string cwd;
  std::optional<mode_t> umask;  // none: this process's own
  std::uint64_t output_limit = process::kOutputLimitDefault;
  // For commands that a killed process left behind, and for all of them when the agent stops.
  seconds stray_grace{5};
  // Somebody wants the configuration read again; called on the loop. Null: there is none.
  std::function<void()> on_reload;
};

class Driver final : public process::RunEvents, public LiveSource {
 public:
  struct Ports {
    Loop& loop;
    const Clock& clock;
    Random& random;
    coordination::Coordinator& coordinator;
    Spool& spool;
    Delivery& delivery;
    // Whose ledger the agent looks through for gaps; null: somebody else does.
    storage::Store* auditable;
    LiveSink& live;
  };

  Driver(const Ports& ports, DriverOptions options);
  ~Driver() override;

  // Ends what a former life left behind, opens the session, reads the coordinator, begins to fire.
  // `runner` must have this driver as its events.
  void Start(process::ProcessRunner& runner);
  // Claims nothing more, ends every run with its grace, records all of it, closes the session; then
  // calls `stopped`, once, on the loop.
  void Stop(std::function<void()> stopped);

  // As Decider::OnClock. On the loop.
  void NoteClock(const std::string& source, Instant theirs, BootTime at);
  // What may change while it runs. On the loop.
  struct Changes {
    Duty duty;
    std::vector<std::string> shell;
    std::uint64_t output_limit = process::kOutputLimitDefault;
  };
  void Change(Changes changes);

  void Follow(std::string_view run_id, bool on) override;

  void OnStarted(std::string_view run_id, pid_t pid, Instant at) override;
  void OnOutput(std::string_view run_id, std::uint64_t offset, std::string_view bytes) override;
  void OnEnded(std::string_view run_id, process::Exit exit) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_DRIVER_H_
