// Launcher: from a Command to an executing process in about the time of one exec.
//
// The child is made with CLONE_VM and CLONE_VFORK: it borrows this process's memory until it
// executes the command, so the cost does not grow with the size of this process, and its errno
// comes back exactly. Everything that allocates is done before; the child makes system calls only.
// While it gets ready the calling thread stands still: a folder or a program on a network drive
// that hangs makes the caller hang.
//
// Threads: one thread at a time. Linux 5.9 or newer, x86-64 or 64-bit ARM.
#ifndef GOPHERCRON_PROCESS_POSIX_LAUNCH_H_
#define GOPHERCRON_PROCESS_POSIX_LAUNCH_H_

#include <sys/types.h>

#include <expected>
#include <string>

#include "process/posix/run_journal.h"
#include "process/process_runner.h"

namespace gophercron::process {

struct LaunchRequest {
  const Command& command;
  // One more variable for the environment, "NAME=value".
  const std::string& marker;
  // Become stdin, and both stdout and stderr. Both at least 3.
  int input_fd;
  int output_fd;
  // The folder of the control group that the process is born into; -1 for the caller's own.
  int cgroup_fd;
  // Where the child writes its pid before anything else.
  JournalSlot& slot;
};

struct Launched {
  pid_t pid;
  int pidfd;  // the caller's to close
};

class Launcher {
 public:
  Launcher();
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Returns when the command is being executed, or could not be and nothing of it is left.
  std::expected<Launched, StartFailure> Launch(const LaunchRequest& request);

 private:
  void* stack_;
};

// Why this command can not be started by anyone (an empty argv, a zero byte, ...); empty when it
// can.
std::string WhyUnacceptable(const Command& command);

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_LAUNCH_H_
