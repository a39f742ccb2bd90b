// Descendants: which processes belong to which run, where there are no control groups.
//
// This process becomes a subreaper, so whatever a run starts stays below it in the tree of parents:
// a process whose chain of parents does not lead here is never ours. To which run one of ours
// belongs is told by its nearest ancestor that is known: by being a main process, by its session,
// by the variable that marks the run, or by having been seen. A process that left the session, lost
// its parents and emptied its environment before anyone looked is given to the only run there is,
// once there is only one.
//
// This process must not start children in sessions of their own by other means. Threads: one at a
// time.
#ifndef GOPHERCRON_PROCESS_POSIX_DESCENDANTS_H_
#define GOPHERCRON_PROCESS_POSIX_DESCENDANTS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/posix/proc_files.h"

namespace gophercron::process {

inline constexpr std::string_view kMarkerVariable = "GOPHERCRON_INSTANCE";
// The marker's value for a run.
std::string Marker(std::string_view token, std::string_view run_id);

class Descendants {
 public:
  explicit Descendants(std::string token) : token_(std::move(token)) {}

  // Makes this process a subreaper: before the first run.
  void Adopt();
  // A main process, until it is reaped: its pid and session number can not be given to others
  // before that.
  void Add(pid_t main, std::string_view run_id);
  void Remove(pid_t main);

  // Cheap, and false nearly always: is there any adopted process at all?
  bool AnyAdopted() const;
  // The living processes of the run. Reads all of /proc.
  std::vector<pid_t> Members(pid_t main);
  // Waits for adopted processes that are dead, so that none stays a zombie.
  void Reap() const;

 private:
  bool LeadsHere(ProcessStat process, ProcessTable& table, std::vector<ProcessStat>& chain) const;
  pid_t OwnerOf(const ProcessStat& process, ProcessTable& table);
  std::optional<pid_t> KnownOwner(const ProcessStat& process) const;

  std::string token_;
  pid_t session_ = 0;
  std::map<pid_t, std::string> mains_;  // pid and marker
  std::map<std::pair<pid_t, std::uint64_t>, pid_t> seen_;
};

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_DESCENDANTS_H_
