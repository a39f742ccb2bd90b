#include "schedule/retry.h"

#include <algorithm>
#include <cmath>

namespace gophercron::schedule {

std::optional<Instant> NextAttemptAt(const task::Task& task, const task::RunRecord& run,
                                     Instant ended) {
  if (!run.tick) return std::nullopt;
  switch (run.outcome) {
    case task::Outcome::kLost:
      if (task.on_lost != task::OnLost::kRetry) return std::nullopt;
      if (run.attempt > std::max(task.retry.max_number, kLostRetriesMin)) return std::nullopt;
      return ended;
    case task::Outcome::kFailed:
    case task::Outcome::kFailedToStart:
    case task::Outcome::kTimedOut: {
      if (run.attempt > task.retry.max_number) return std::nullopt;
      const auto most = static_cast<double>(kRetryDelayMax.count());
      const double delay = static_cast<double>(task.retry.delay.count()) *
                           std::pow(task.retry.backoff, run.attempt - 1);
      return ended + milliseconds(static_cast<std::int64_t>(std::clamp(delay, 0.0, most) * 1000));
    }
    default:
      return std::nullopt;
  }
}

Instant AttemptDeadline(const task::Task& task, Instant due) {
  const bool catches_up = task.catch_up.mode != task::CatchUpMode::kSkip;
  return due + std::max(task.start_deadline, catches_up ? task.catch_up.max_age : seconds(0));
}

}  // namespace gophercron::schedule
