// Tasks: definitions, written with compare-and-swap on their revision, so that no edit is lost.
//
// Threads: any. Failure: kConflict when a task is not at the revision that was demanded;
// kOutcomeUnknown when a save may have happened.
#ifndef GOPHERCRON_SERVICE_TASKS_H_
#define GOPHERCRON_SERVICE_TASKS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cron/zone.h"
#include "service/access.h"
#include "service/ports.h"
#include "task/task.h"

namespace gophercron::service {

struct TaskView {
  task::Task task;
  std::optional<TickInstant> next;  // none: paused, or never again
  // Its newest ended runs, newest first. Only where they were asked for.
  std::vector<task::RunRecord> recent;
};

struct TaskPage {
  std::vector<TaskView> items;
  std::string next;  // the last id of this page; empty: there is no more
};

struct Preview {
  std::vector<TickInstant> next;
  std::string zone;
  std::string english;
  std::string chinese;
};

class Tasks {
 public:
  Tasks(const Ports& ports) : ports_(ports) {}

  // By id, after `after`.
  Result<TaskPage> List(const Grant& grant, std::string_view after, std::size_t limit,
                        int recent_runs) const;
  Result<TaskView> Show(const Grant& grant, std::string_view task_id) const;

  // The definitions alone, all of them, and what tells whether one changed since, for a fraction of
  // the price. Both by id.
  struct Version {
    task::TaskId task_id;
    task::Revision revision = 0;
    bool operator==(const Version&) const = default;
  };
  Result<std::vector<task::Task>> Definitions(const Grant& grant) const;
  // Keys of v1's that are no task come along: versions are for comparing.
  Result<std::vector<Version>> Versions(const Grant& grant) const;
  // How many there are, for each of `projects`, which the caller has seen in Projects::List.
  Result<std::vector<std::int64_t>> Count(std::span<const task::ProjectId> projects) const;

  // Ids, authors and times of `task` are set here; an empty id gets a new one. kConflict: the id is
  // taken.
  Result<TaskView> Create(const Grant& grant, task::Task task) const;
  // Changes the stored task by `change`, which may refuse. `revision` is the one that the author
  // saw; nullopt: whichever there is. Saving what is there already writes nothing.
  using Change = std::function<Status(task::Task&)>;
  Result<TaskView> Edit(const Grant& grant, std::string_view task_id,
                        std::optional<task::Revision> revision, const Change& change) const;
  // Edit for operators: only `enabled` changes.
  Result<TaskView> SetEnabled(const Grant& grant, std::string_view task_id, bool enabled) const;
  // The mark stays for a day (keys.h); triggers and a queued tick are accounted for by an agent, or
  // by housekeeping; runs go on; the ledger stays until retention takes it.
  Status Delete(const Grant& grant, std::string_view task_id,
                std::optional<task::Revision> revision) const;

  // The next `count` ticks of a schedule after `from`. `task_id` is what H is spread by; may be
  // empty.
  Result<Preview> PreviewSchedule(const task::Task& task, std::optional<Instant> from,
                                  std::size_t count) const;

  // The cluster's zone, for tasks that name none. UTC until one is set.
  Result<cron::Zone> ClusterZone() const;
  // Sets it unless there is one, and gives the one in force.
  Result<cron::Zone> EnsureClusterZone(std::string_view name) const;

 private:
  Result<TaskView> View(task::Task task) const;
  Result<task::Task> Read(const task::TaskKey& key) const;

  Ports ports_;
};

Error NoSuchTask(std::string_view task_id);

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_TASKS_H_
