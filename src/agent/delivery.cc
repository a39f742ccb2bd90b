#include "agent/delivery.h"

#include <algorithm>

#include "base/log.h"

namespace gophercron::agent {
namespace {

// A refusal that may be the store's own trouble is given this many rounds.
constexpr int kRefusalsMax = 8;

// The store is away, or its disk is full: true of every record, so no reason to look for a bad one.
bool IsAway(ErrorCode code) {
  return IsRetryable(code) || code == ErrorCode::kOutcomeUnknown || code == ErrorCode::kCorrupt ||
         code == ErrorCode::kPermissionDenied || code == ErrorCode::kUnauthenticated;
}

bool IsForEver(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kUnsupported;
}

}  // namespace

Deliverer::Deliverer(Spool& spool, storage::ResultSink& sink, Random& random,
                     DeliveryOptions options)
    : spool_(spool), sink_(sink), random_(random), options_(options) {}

Deliverer::Round Deliverer::DeliverSome() {
  Round round;
  const auto fail = [&](Error error) {
    round.status = std::unexpected(std::move(error));
    round.next = NextDelay();
    return round;
  };

  // Records that were refused for a reason that may pass must not keep others back: when a whole
  // batch of them stands at the head, look behind it.
  const SpoolId after = refusals_.size() >= static_cast<std::size_t>(options_.batch_records)
                            ? refusals_.rbegin()->first
                            : 0;
  auto batch = spool_.Peek(options_.batch_records, options_.batch_bytes, after);
  if (batch && batch->empty() && after != 0) {
    batch = spool_.Peek(options_.batch_records, options_.batch_bytes);
  }
  if (!batch) return fail(std::move(batch).error());
  if (batch->empty()) {
    failures_ = 0;
    refusals_.clear();
    return round;
  }

  std::vector<SpoolId> done;
  Status handed = HandOver(*batch, &done, &round.set_aside);
  if (const Status removed = spool_.Remove(done); !removed) return fail(removed.error());
  round.delivered = static_cast<std::int64_t>(done.size());
  for (const SpoolId id : done) refusals_.erase(id);
  if (!handed) return fail(std::move(handed).error());
  failures_ = 0;
  if (spool_.Count() > 0) round.next = milliseconds(0);
  return round;
}

Status Deliverer::HandOver(std::span<const SpooledRecord> records, std::vector<SpoolId>* done,
                           std::int64_t* set_aside) {
  std::vector<task::LedgerRecord> batch;
  batch.reserve(records.size());
  for (const SpooledRecord& spooled : records) batch.push_back(spooled.record);
  const Status recorded = sink_.Record(batch);
  batch.clear();
  if (recorded) {
    for (const SpooledRecord& spooled : records) done->push_back(spooled.id);
    return {};
  }
  if (IsAway(recorded.error().code)) return recorded;
  if (records.size() == 1) return Refused(records.front(), recorded.error(), set_aside);

  const std::size_t half = records.size() / 2;
  const Status left = HandOver(records.first(half), done, set_aside);
  if (!left && IsAway(left.error().code)) return left;
  const Status right = HandOver(records.subspan(half), done, set_aside);
  return right ? left : right;
}

Status Deliverer::Refused(const SpooledRecord& record, const Error& error,
                          std::int64_t* set_aside) {
  if (!IsForEver(error.code) && ++refusals_[record.id] < kRefusalsMax) {
    return std::unexpected(error);
  }
  refusals_.erase(record.id);
  ++*set_aside;
  return spool_.SetAside(record.id, error.message);
}

milliseconds Deliverer::NextDelay() {
  const int doublings = std::min(failures_++, 20);
  const milliseconds delay =
      std::min(options_.retry_max, options_.retry_first * (std::int64_t{1} << doublings));
  // Between half and all of it, so that agents do not come back together.
  return delay / 2 + milliseconds(random_.Below(static_cast<std::uint64_t>(delay.count() / 2 + 1)));
}

Delivery::Delivery(Spool& spool, storage::ResultSink& sink, DeliveryOptions options,
                   Observer observer)
    : spool_(spool),
      options_(options),
      deliverer_(spool, sink, random_, options),
      observer_(std::move(observer)),
      thread_([this] { Run(); }) {}

Delivery::~Delivery() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Delivery::Notify() {
  {
    const std::lock_guard lock(mutex_);
    notified_ = true;
  }
  changed_.notify_all();
}

bool Delivery::Flush(milliseconds patience) {
  std::unique_lock lock(mutex_);
  notified_ = hurry_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, patience, [this] { return spool_.Count() == 0; });
}

std::optional<Instant> Delivery::UndeliveredSince() const {
  return spool_.State().oldest;
}

std::string Delivery::LastError() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

void Delivery::Run() {
  BootTime next_at{};
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || notified_; });
    if (stop_) return;
    // What comes alone goes at once; under load a round is not had for a few records.
    changed_.wait_for(lock, next_at - clock_.Boot(), [this] { return stop_ || hurry_; });
    if (stop_) return;
    notified_ = hurry_ = false;
    next_at = clock_.Boot() + options_.pace;
    lock.unlock();
    const Deliverer::Round round = deliverer_.DeliverSome();
    if (observer_ && (round.delivered > 0 || round.set_aside > 0 || !round.status)) {
      observer_(round);
    }
    lock.lock();
    const std::string error = round.status ? std::string() : round.status.error().message;
    // Once when it begins and once when it ends, not with every retry.
    if (!error.empty() && last_error_.empty()) {
      log::Warning("results stay in the spool and are tried again: {}", error);
    }
    if (error.empty() && !last_error_.empty()) log::Info("results are being delivered again");
    last_error_ = error;
    if (round.delivered >= options_.batch_records) next_at = {};  // there is a backlog
    changed_.notify_all();
    if (!round.next) continue;
    if (*round.next > milliseconds(0)) {
      changed_.wait_for(lock, *round.next, [this] { return stop_ || hurry_; });
    }
    notified_ = true;
  }
}

}  // namespace gophercron::agent
