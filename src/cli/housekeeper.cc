#include "cli/housekeeper.h"

#include <utility>

#include "base/log.h"
#include "service/housekeeping.h"
#include "service/stale_triggers.h"

namespace gophercron::cli {
namespace {

constexpr seconds kRound{5};
constexpr int kRoundsPerMinute = 12;
constexpr int kRoundsPerHour = 720;
// At a time, so that nothing waits long behind it.
constexpr std::int64_t kRowsAtATime = 5'000;
// A watch that was away for longer reads everything anew.
constexpr seconds kHistoryKept{600};

}  // namespace

Housekeeper::Housekeeper(const service::Ports& ports, Chores chores)
    : ports_(ports), chores_(std::move(chores)), compaction_(kHistoryKept) {
  if (chores_.audit_in) auditor_.emplace(ports_, *chores_.audit_in, *chores_.listener);
  thread_ = std::thread([this] { Run(); });
}

Housekeeper::~Housekeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Housekeeper::Run() {
  std::unique_lock lock(mutex_);
  for (int round = 1; !changed_.wait_for(lock, kRound, [this] { return stopping_; }); ++round) {
    lock.unlock();
    if (chores_.in_office()) {
      if (const auto expired = service::ExpireTriggers(ports_); !expired) {
        log::Warning("looking for manual runs that nobody took: {}", expired.error().message);
      }
      if (round % kRoundsPerMinute == 0) EveryMinute();
      if (round % kRoundsPerHour == 0) EveryHour();
    }
    lock.lock();
  }
}

void Housekeeper::EveryMinute() {
  if (auditor_) {
    if (const auto look = auditor_->LookOnce(); !look) {
      log::Warning("looking for what was not written down: {}", look.error().message);
    }
  }
  if (chores_.upkeep != nullptr) Compact();
  // More than a step takes is left: go on, a step at a time.
  while (RemoveSome() == kRowsAtATime && !Stopping()) {
  }
}

void Housekeeper::EveryHour() {
  if (const Status gone = service::ForgetGoneNodes(ports_); !gone) {
    log::Warning("removing the marks of nodes that are gone: {}", gone.error().message);
  }
}

std::int64_t Housekeeper::RemoveSome() {
  const auto removed = service::KeepHouse(ports_, chores_.retention, kRowsAtATime);
  if (!removed) log::Warning("removing old rows: {}", removed.error().message);
  return removed.value_or(0);
}

void Housekeeper::Compact() {
  const auto revision =
      compaction_.Observe(ports_.clock.Boot(), chores_.upkeep->State().known.revision);
  if (!revision) return;
  chores_.upkeep->Compact(*revision, [](Status done) {
    if (!done) log::Warning("compacting the coordinator's history: {}", done.error().message);
  });
}

bool Housekeeper::Stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace gophercron::cli
