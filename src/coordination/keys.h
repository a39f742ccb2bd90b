// The keys: one function for each family, and back. docs/data.md lists them with who writes what
// and for how long.
//
// The layout of GopherCron v1 is kept where v1 has one: definitions at <prefix>/<project>/<task>,
// the task's lock at <prefix>/lock/<project>/<task>. Ours stand beside, outside
// <prefix>/<project>/, which v1's agents watch. A project is a decimal number, so no family's word
// can be taken for one; a task's id holds no '/'.
//
// A deleted task keeps its mark for a day, so that the same id created again can not run a tick
// twice. Deleting puts P/deleted/<pid>/<tid> in the same transaction, without a lease (leases end
// with a process; this must not): whoever sweeps removes mark and tombstone a day later, unless the
// definition is there again (claim.h: BuildDeleteTask, BuildForget).
#ifndef GOPHERCRON_COORDINATION_KEYS_H_
#define GOPHERCRON_COORDINATION_KEYS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coordination/coordinator.h"
#include "task/task.h"

namespace gophercron::coordination {

class Keys {
 public:
  // `prefix` as in v1's etcd.prefix, taken as it is: "/gopher_cron".
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string Task(const task::TaskKey& key) const;  // P/<pid>/<tid>
  std::string Mark(const task::TaskKey& key) const;  // P/mark/<pid>/<tid>
  // P/mark/<pid>/<tid>/<node>: a broadcast task has one mark for each node that runs it.
  std::string NodeMark(const task::TaskKey& key, std::string_view node_id) const;
  std::string Lock(const task::TaskKey& key) const;    // P/lock/<pid>/<tid>
  std::string Queued(const task::TaskKey& key) const;  // P/queue/<pid>/<tid>
  std::string Run(const task::TaskKey& key,
                  std::string_view run_id) const;  // P/run/<pid>/<tid>/<run>
  std::string Trigger(const task::TaskKey& key,
                      std::string_view run_id) const;   // P/trigger/<pid>/<tid>/<run>
  std::string Deleted(const task::TaskKey& key) const;  // P/deleted/<pid>/<tid>
  std::string Session(LeaseId lease) const;             // P/session/<16 hex digits>
  std::string Service(LeaseId lease) const;             // P/service/<16 hex digits>
  // P/follow/<run>/<16 hex digits>: the service with this lease wants the run's output as it comes.
  std::string Follow(std::string_view run_id, LeaseId service) const;
  std::string Elected(std::string_view office) const;      // P/elected/<office>
  std::string Setting(std::string_view name) const;        // P/setting/<name>
  std::string NodeOrders(std::string_view node_id) const;  // P/node/<node>

  // Ranges [begin, end).
  using Span = std::pair<std::string, std::string>;
  Span AllTasks() const;  // definitions of every project (and v1's keys below them)
  Span TasksOf(task::ProjectId project) const;
  Span AllMarks() const;  // those of nodes too
  Span AllLocks() const;
  Span AllQueued() const;
  Span AllRuns() const;
  Span RunsOf(const task::TaskKey& key) const;
  Span RunsOf(task::ProjectId project) const;
  Span AllTriggers() const;
  Span AllDeleted() const;
  Span AllSessions() const;
  Span AllServices() const;
  Span AllFollows() const;
  Span AllSettings() const;
  Span AllNodeOrders() const;
  // v1's commands to the agent at this address: P/agent/<address>/<command>.
  Span AgentCommands(std::string_view address) const;

  // What a key is; nullopt for keys of families that are not ours to read (v1's status and
  // temporary keys, …).
  struct Parsed {
    enum class Family {
      kTask,
      kMark,
      kNodeMark,
      kLock,
      kQueued,
      kRun,
      kTrigger,
      kDeleted,
      kSession,
      kService,
      kFollow,
      kSetting
    };
    Family family = Family::kTask;
    task::TaskKey task;  // for those that have one
    std::string rest;    // run id, node id, lease in hex, setting's name; kFollow: the run's id
    LeaseId lease = 0;   // kSession, kService, kFollow
  };
  std::optional<Parsed> Parse(std::string_view key) const;

 private:
  std::string prefix_;
};

// The cluster's zone, for tasks that name none. Written once, at the first start.
inline constexpr std::string_view kSettingZone = "zone";

// What agents and services of one cluster prove with that they belong to it. Made at random by the
// first process.
inline constexpr std::string_view kSettingClusterSecret = "cluster_secret";

// A lease as keys and values write it: 16 hex digits.
std::string FormatLease(LeaseId lease);
std::optional<LeaseId> ParseLease(std::string_view text);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_KEYS_H_
