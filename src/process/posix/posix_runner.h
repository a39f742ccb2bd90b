// PosixRunner: ProcessRunner for Linux.
//
// One thread serves all runs: it launches (launch.h), reads output, notices ends by pidfd, and
// keeps time on the boot clock. What belongs to a run is known by its control group
// (control_groups.h), and where there are none by the tree of processes (descendants.h). Runs are
// written down in the data folder (run_journal.h) for EndStrays.
#ifndef GOPHERCRON_PROCESS_POSIX_POSIX_RUNNER_H_
#define GOPHERCRON_PROCESS_POSIX_POSIX_RUNNER_H_

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "process/process_runner.h"

namespace gophercron::process {

enum class Containment {
  kBest,         // control groups where they can be used, otherwise descendants
  kDescendants,  // never control groups
};

struct PosixRunnerOptions {
  // Must exist. For the journal of runs, and for output that outgrows memory. One process at a
  // time.
  std::string data_folder;
  Containment containment = Containment::kBest;
  // How long, after the main process's end, the output is still read while others hold it open:
  // what `exec > >(tee log)` leaves behind gets its last lines out.
  microseconds drain = milliseconds(200);
};

class Supervisor;

class PosixRunner final : public ProcessRunner {
 public:
  // kConflict: another process uses the folder. kCorrupt, kUnavailable: its journal can not be
  // used. `events` must live until Stop has returned. Turns this process into a subreaper when
  // there are no control groups.
  static Result<std::unique_ptr<PosixRunner>> Open(const PosixRunnerOptions& options,
                                                   RunEvents& events);
  // As Stop(0), unless it was stopped.
  ~PosixRunner() override;
  PosixRunner(const PosixRunner&) = delete;
  PosixRunner& operator=(const PosixRunner&) = delete;

  void Start(Command command) override;
  void Kill(std::string_view run_id) override;
  void Follow(std::string_view run_id, bool on) override;
  std::size_t Running() const override;
  Result<std::vector<Stray>> EndStrays(microseconds grace) override;
  void Stop(microseconds grace) override;

  bool UsesControlGroups() const;

 private:
  explicit PosixRunner(std::unique_ptr<Supervisor> supervisor);
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_POSIX_RUNNER_H_
