#include "process/posix/descendants.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

namespace gophercron::process {

std::string Marker(std::string_view token, std::string_view run_id) {
  return fmt::format("{}.{}", token, run_id);
}

void Descendants::Adopt() {
  CHECK(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
  session_ = ::getsid(0);
}

void Descendants::Add(pid_t main, std::string_view run_id) {
  mains_.emplace(main, Marker(token_, run_id));
}

void Descendants::Remove(pid_t main) {
  mains_.erase(main);
  std::erase_if(seen_, [main](const auto& entry) { return entry.second == main; });
}

bool Descendants::AnyAdopted() const {
  const auto children = ReadOwnChildren();
  if (!children) return true;
  for (const pid_t child : *children) {
    if (mains_.contains(child)) continue;
    const auto stat = ReadStat(child);
    if (stat && !stat->zombie && stat->session != session_) return true;
  }
  return false;
}

// `chain` becomes the process and its ancestors below this process.
bool Descendants::LeadsHere(ProcessStat process, ProcessTable& table,
                            std::vector<ProcessStat>& chain) const {
  constexpr int kStepsMax = 10'000;
  for (int step = 0; step < kStepsMax; ++step) {
    if (process.parent == ::getpid()) {
      chain.push_back(process);
      return true;
    }
    auto parent = table.find(process.parent);
    if (parent == table.end()) {
      // Its parent died while the table was read, and it has a new one by now.
      const auto again = ReadStat(process.pid);
      if (!again || again->start_ticks != process.start_ticks || again->parent == process.parent)
        return false;
      process = *again;
      table[process.pid] = process;
      continue;
    }
    chain.push_back(process);
    process = parent->second;
  }
  return false;
}

std::optional<pid_t> Descendants::KnownOwner(const ProcessStat& process) const {
  if (mains_.contains(process.pid)) return process.pid;
  if (mains_.contains(process.session)) return process.session;
  if (const auto seen = seen_.find({process.pid, process.start_ticks}); seen != seen_.end())
    return seen->second;
  if (const auto marker = ReadVariable(process.pid, kMarkerVariable)) {
    for (const auto& [main, its_marker] : mains_) {
      if (its_marker == *marker) return main;
    }
  }
  return std::nullopt;
}

pid_t Descendants::OwnerOf(const ProcessStat& process, ProcessTable& table) {
  std::vector<ProcessStat> chain;
  if (!LeadsHere(process, table, chain)) return 0;
  for (const ProcessStat& ancestor : chain) {
    if (const auto owner = KnownOwner(ancestor)) return *owner;
  }
  return chain.back().session != session_ && mains_.size() == 1 ? mains_.begin()->first : 0;
}

std::vector<pid_t> Descendants::Members(pid_t main) {
  ProcessTable table = ReadProcesses();
  std::vector<pid_t> members;
  std::map<std::pair<pid_t, std::uint64_t>, pid_t> seen;
  const ProcessTable as_read = table;
  for (const auto& [pid, process] : as_read) {
    if (process.zombie) continue;
    const pid_t owner = OwnerOf(process, table);
    if (owner != 0) seen[{pid, process.start_ticks}] = owner;
    if (owner == main) members.push_back(pid);
  }
  seen_ = std::move(seen);
  return members;
}

void Descendants::Reap() const {
  const auto children = ReadOwnChildren();
  if (!children) return;
  for (const pid_t child : *children) {
    if (mains_.contains(child)) continue;
    const auto stat = ReadStat(child);
    // A child of other code in this process is in this process's session; whoever made it waits for
    // it.
    if (!stat || !stat->zombie || stat->session == session_) continue;
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(child), &ignored, WEXITED | WNOHANG);
  }
}

}  // namespace gophercron::process
