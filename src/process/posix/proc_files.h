// What /proc says about processes. Values, as they were at the moment of reading; a process may be
// gone by then.
#ifndef GOPHERCRON_PROCESS_POSIX_PROC_FILES_H_
#define GOPHERCRON_PROCESS_POSIX_PROC_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace gophercron::process {

struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  bool zombie = false;
  // Since boot, in clock ticks. With the pid it names a process for good.
  std::uint64_t start_ticks = 0;
};

using ProcessTable = std::map<pid_t, ProcessStat>;

// The whole file, empty when it can not be read.
std::string ReadProcFile(const std::string& path);
std::optional<ProcessStat> ReadStat(pid_t pid);
// Every process that can be seen.
ProcessTable ReadProcesses();
// The living and dead children of this process; nullopt when the kernel does not list them.
std::optional<std::vector<pid_t>> ReadOwnChildren();
// The value of a variable in the environment that the process was executed with.
std::optional<std::string> ReadVariable(pid_t pid, std::string_view name);
// True when a process of this start lies between the two, as far as ticks can tell.
bool StartedWithin(const ProcessStat& stat, BootTime from, BootTime to);

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_PROC_FILES_H_
