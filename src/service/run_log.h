// RunLog: the ended runs of a task as pages by number, with what they wrote, and how many ended
// well on each of the last days. For readers that know no cursors; Runs is for the others.
//
// What GopherCron v1's agents wrote to a database that this program took over comes behind our
// runs.
//
// Threads: any.
#ifndef GOPHERCRON_SERVICE_RUN_LOG_H_
#define GOPHERCRON_SERVICE_RUN_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "cron/zone.h"
#include "service/access.h"
#include "service/ports.h"
#include "service/tasks.h"
#include "storage/store.h"
#include "task/run.h"

namespace gophercron::service {

struct LoggedRun {
  task::RunRecord record;
  std::string output;  // as far as it is kept and has room in a page
};

struct RunLogPage {
  std::vector<std::variant<LoggedRun, storage::V1Log>> items;  // newest first
  std::int64_t total = 0;
};

struct DayCount {
  std::string date;  // 2026-11-22, of the cluster's zone
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;  // every other end of a run
};

class RunLog {
 public:
  static constexpr int kPageRunsMax = 1'000;
  static constexpr std::int64_t kOutputBytesMax = 64 << 10;     // of one run in a page
  static constexpr std::int64_t kPageOutputBytesMax = 4 << 20;  // of a page
  // How old a count may be: of a day that goes on, and of one that is over.
  static constexpr seconds kTodayKept{5};
  static constexpr seconds kPastKept{600};

  RunLog(const Ports& ports, const Access& access, const Tasks& tasks);

  // Without the first `offset` runs, `limit` of them at most.
  Result<RunLogPage> Page(const Grant& grant, std::string_view task_id, int offset,
                          int limit) const;
  // Removes the history of a task.
  Status Clean(const Grant& grant, std::string_view task_id) const;
  // The same for every task that is or was in the project.
  Status CleanProject(const Grant& grant) const;
  // Of all projects that the caller may see; the last `days` days, oldest first, today last.
  Result<std::vector<DayCount>> Days(const Caller& caller, int days) const;

 private:
  struct Counted {
    BootTime until{};
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
  };
  using CountedDays = std::map<std::pair<task::ProjectId, Instant>, Counted>;

  Result<Counted> CountDay(task::ProjectId project, Instant from, Instant to) const;

  Ports ports_;
  Access access_;
  Tasks tasks_;
  std::shared_ptr<Guarded<CountedDays>> counted_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_RUN_LOG_H_
