#include "process/posix/strays.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "process/posix/control_groups.h"
#include "process/posix/descendants.h"
#include "process/posix/proc_files.h"
#include "process/posix/signal_each.h"

namespace gophercron::process {

namespace {

constexpr microseconds kKillWait = seconds(5);

// A process, for good: (pid, start in ticks).
using Identity = std::pair<pid_t, std::uint64_t>;

class StraySearch {
 public:
  explicit StraySearch(const RunJournal& journal) : runs_(journal.unfinished()) {
    for (const UnfinishedRun& run : runs_)
      by_marker_[Marker(journal.token(), run.run_id)] = run.run_id;
    if (journal.earlier_group_folder().empty()) return;
    for (const std::string& path : GroupsIn(journal.earlier_group_folder())) {
      const std::string name = std::filesystem::path(path).filename();
      const auto run = std::ranges::find_if(runs_, [&](const UnfinishedRun& one) {
        return name == fmt::format("run-{}", one.group);
      });
      groups_[path] = run == runs_.end() ? std::string() : run->run_id;
    }
  }

  const std::map<std::string, std::string>& groups() const { return groups_; }

  // Everything alive that is certainly ours, now.
  std::vector<pid_t> Find() {
    table_ = ReadProcesses();
    std::map<pid_t, std::string> found;
    for (const auto& [path, run_id] : groups_) {
      for (const pid_t pid : GroupMembers(path)) found[pid] = run_id;
    }
    for (const auto& [pid, process] : table_) {
      if (process.zombie || pid == ::getpid()) continue;
      if (const auto run_id = RunOf(process)) found.try_emplace(pid, *run_id);
    }
    AddDescendants(found);
    std::vector<pid_t> pids;
    for (const auto& [pid, run_id] : found) {
      pids.push_back(pid);
      if (const auto process = table_.find(pid); process != table_.end()) {
        known_[{pid, process->second.start_ticks}] = run_id;
      }
    }
    return pids;
  }

  std::size_t CountOf(const std::string& run_id) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(known_, [&](const auto& entry) { return entry.second == run_id; }));
  }

 private:
  std::optional<std::string> RunOf(const ProcessStat& process) const {
    if (const auto known = known_.find({process.pid, process.start_ticks}); known != known_.end()) {
      return known->second;
    }
    for (const UnfinishedRun& run : runs_) {
      if (IsMain(run, process)) return run.run_id;
      if (run.pid == 0 || process.session != run.pid) continue;
      const auto leader = table_.find(run.pid);
      if (leader != table_.end() && IsMain(run, leader->second)) return run.run_id;
    }
    if (by_marker_.empty()) return std::nullopt;
    const auto marker = ReadVariable(process.pid, kMarkerVariable);
    if (!marker) return std::nullopt;
    const auto run = by_marker_.find(*marker);
    return run == by_marker_.end() ? std::nullopt : std::optional(run->second);
  }

  static bool IsMain(const UnfinishedRun& run, const ProcessStat& process) {
    return run.pid != 0 && process.pid == run.pid &&
           StartedWithin(process, run.born_after, run.born_before);
  }

  void AddDescendants(std::map<pid_t, std::string>& found) const {
    for (bool grown = !found.empty(); grown;) {
      grown = false;
      for (const auto& [pid, process] : table_) {
        if (process.zombie) continue;
        const auto parent = found.find(process.parent);
        if (parent != found.end()) grown |= found.try_emplace(pid, parent->second).second;
      }
    }
  }

  const std::vector<UnfinishedRun>& runs_;
  std::map<std::string, std::string> by_marker_;
  std::map<std::string, std::string> groups_;  // path and run id
  ProcessTable table_;
  std::map<Identity, std::string> known_;
};

}  // namespace

Result<std::vector<Stray>> EndStrays(RunJournal& journal, microseconds grace, const Clock& clock) {
  StraySearch search(journal);
  const auto find = [&] { return search.Find(); };
  const bool possible = !journal.unfinished().empty() || !search.groups().empty();
  if (possible && !search.Find().empty()) {
    SignalEach(find, {SIGTERM, SIGCONT});
    const BootTime kill_at = clock.Boot() + grace;
    auto pause = milliseconds(1);
    for (std::vector<pid_t> left = search.Find(); !left.empty(); left = search.Find()) {
      if (clock.Boot() >= kill_at + kKillWait) {
        return Fail(ErrorCode::kInternal,
                    fmt::format("{} processes of an earlier run survive SIGKILL, the first is {}",
                                left.size(), left.front()));
      }
      if (clock.Boot() >= kill_at) {
        for (const auto& [path, run_id] : search.groups()) KillGroup(path);
        SignalEach(find, {SIGKILL});
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, milliseconds(20));
    }
  }
  for (const auto& [path, run_id] : search.groups()) RemoveGroup(path);
  std::vector<Stray> strays;
  for (const UnfinishedRun& run : journal.unfinished()) {
    strays.push_back({.run_id = run.run_id, .processes = search.CountOf(run.run_id)});
  }
  journal.ForgetUnfinished();
  return strays;
}

}  // namespace gophercron::process
