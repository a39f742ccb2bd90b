#include "schedule/plan.h"

#include <algorithm>

#include "cron/ticks.h"

namespace gophercron::schedule {

seconds JitterOffset(std::string_view task_id, seconds jitter) {
  if (jitter <= seconds(0)) return seconds(0);
  // FNV-1a, then the finaliser of MurmurHash3: ids that differ in one digit must not land side by
  // side.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : task_id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return seconds(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(jitter.count())));
}

Result<Plan> Plan::Make(const task::Task& task, cron::Zone cluster_zone) {
  auto expression = cron::Parse(task.cron, task.key.task_id);
  if (!expression) return std::unexpected(expression.error());
  Plan plan;
  plan.expression_ = *expression;
  plan.zone_ = cluster_zone;
  if (!task.zone.empty()) {
    auto zone = cron::Zone::Load(task.zone);
    if (!zone) return std::unexpected(zone.error());
    plan.zone_ = *zone;
  }
  plan.offset_ = JitterOffset(task.key.task_id, task.jitter);
  // Instants far outside of cron's years, so that sums with them can not overflow.
  plan.after_ =
      std::max(TickInstant(seconds(-1)), std::chrono::floor<seconds>(task.scheduled_since));
  plan.until_ = TickInstant(seconds(8'000'000'000));
  if (task.valid_from) {
    plan.after_ = std::max(plan.after_, std::chrono::ceil<seconds>(*task.valid_from) - seconds(1));
  }
  if (task.valid_until) {
    plan.until_ = std::min(plan.until_, std::chrono::ceil<seconds>(*task.valid_until) - seconds(1));
  }
  if (!task.enabled) plan.until_ = plan.after_;
  return plan;
}

std::optional<TickInstant> Plan::Next(TickInstant after) const {
  after = std::max(after, after_);
  if (after >= until_) return std::nullopt;
  auto next = cron::Next(expression_, zone_, after - offset_);
  if (!next || *next + offset_ > until_) return std::nullopt;
  return *next + offset_;
}

std::optional<TickInstant> Plan::Latest(TickInstant after, TickInstant until) const {
  after = std::max(after, after_);
  until = std::min(until, until_);
  if (after >= until) return std::nullopt;
  auto latest = cron::Latest(expression_, zone_, until - offset_, after - offset_ + seconds(1));
  if (!latest) return std::nullopt;
  return *latest + offset_;
}

std::int64_t Plan::Count(TickInstant after, TickInstant until) const {
  after = std::max(after, after_);
  until = std::min(until, until_);
  if (after >= until) return 0;
  return static_cast<std::int64_t>(
      cron::Count(expression_, zone_, after - offset_, until - offset_));
}

}  // namespace gophercron::schedule
