// Plan: the ticks of one task, as a value that answers questions about them. Pure; no clock.
//
// A tick is an instant of the cron expression in the task's zone, moved by the task's jitter
// offset, that lies after `scheduled_since`, not before `valid_from`, and before `valid_until`. A
// paused task has none.
#ifndef GOPHERCRON_SCHEDULE_PLAN_H_
#define GOPHERCRON_SCHEDULE_PLAN_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "cron/expression.h"
#include "cron/zone.h"
#include "task/task.h"

namespace gophercron::schedule {

// How far a task's ticks are moved: 0 <= offset < jitter, whole seconds, the same on every machine
// for ever.
seconds JitterOffset(std::string_view task_id, seconds jitter);

class Plan {
 public:
  // Fails with what cron says about the expression or the zone. `cluster_zone` is for tasks that
  // name none.
  static Result<Plan> Make(const task::Task& task, cron::Zone cluster_zone);

  // The first tick after `after`.
  std::optional<TickInstant> Next(TickInstant after) const;
  // The last tick in (after, until].
  std::optional<TickInstant> Latest(TickInstant after, TickInstant until) const;
  // How many ticks lie in (after, until]. Does not step through them.
  std::int64_t Count(TickInstant after, TickInstant until) const;
  bool IsTick(TickInstant at) const { return Latest(at - seconds(1), at) == at; }

 private:
  Plan() = default;

  cron::Expression expression_;
  cron::Zone zone_;
  seconds offset_{0};
  // Ticks lie in (after_, until_]; none when after_ >= until_.
  TickInstant after_{};
  TickInstant until_{};
};

}  // namespace gophercron::schedule

#endif  // GOPHERCRON_SCHEDULE_PLAN_H_
