// ControlGroups: one cgroup v2 group for each run, which nothing that the run starts can leave by
// itself.
//
// Groups are made in a folder named after the data folder's token, below the group this process is
// in, and are used again by later runs when empty: making one and being born into a fresh one costs
// as much as starting a process. Threads: one at a time. Owns the folder and its groups; removes
// those that are empty when destroyed.
#ifndef GOPHERCRON_PROCESS_POSIX_CONTROL_GROUPS_H_
#define GOPHERCRON_PROCESS_POSIX_CONTROL_GROUPS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gophercron::process {

class ControlGroup {
 public:
  ControlGroup(std::string path, int number, int folder_fd, int events_fd);
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  int number() const { return number_; }
  int folder_fd() const { return folder_fd_; }
  const std::string& path() const { return path_; }
  // One small read. Also true for a moment after the last process's end.
  bool Populated() const;

 private:
  std::string path_;
  int number_;
  int folder_fd_;
  int events_fd_;
};

class ControlGroups {
 public:
  // kUnsupported, with the reason, when this machine has no cgroup v2 that this process may use.
  static Result<std::unique_ptr<ControlGroups>> Open(std::string_view token);
  ~ControlGroups();
  ControlGroups(const ControlGroups&) = delete;
  ControlGroups& operator=(const ControlGroups&) = delete;

  const std::string& folder() const { return folder_; }
  Result<std::unique_ptr<ControlGroup>> Acquire();
  // To be used again; or removed, when there are many. It must be empty, or about to be.
  void Release(std::unique_ptr<ControlGroup> group);

 private:
  explicit ControlGroups(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  int next_number_ = 0;
  std::vector<std::unique_ptr<ControlGroup>> idle_;
};

// The processes in a group and in the groups that were made inside it.
std::vector<pid_t> GroupMembers(const std::string& path);
// SIGKILL to all of them at once; those being forked at this moment too.
void KillGroup(const std::string& path);
// Removes the groups that were made inside a group, as far as they are empty.
void RemoveInner(const std::string& path);
// Removes an empty group with those inside it, waiting a moment for it to be empty. Blocks for 50
// ms at most.
void RemoveGroup(const std::string& path);
// The groups directly in a folder.
std::vector<std::string> GroupsIn(const std::string& folder);

}  // namespace gophercron::process

#endif  // GOPHERCRON_PROCESS_POSIX_CONTROL_GROUPS_H_
