#include "coordination/etcd/lease_keeper.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "coordination/etcd/wire.h"

namespace gophercron::coordination::etcd {
namespace {

// What a holder's clock and etcd's may disagree by, and what acting takes.
constexpr seconds kMargin{2};
constexpr milliseconds kRevokeTimeout{3'000};
constexpr milliseconds kRevokeAgain{500};

// A renewal that is not answered by then is not waited for: another member is asked.
microseconds Patience(seconds time_to_live) {
  return std::max<microseconds>(milliseconds(500), microseconds(time_to_live) / 5);
}

}  // namespace

void LeaseKeeper::Keep(std::shared_ptr<HeldLease> lease, seconds time_to_live, BootTime sent) {
  const LeaseId id = lease->id;
  lease->trusted_until = sent + time_to_live - kMargin;
  Kept& kept = kept_[id] = {
      .lease = std::move(lease), .time_to_live = time_to_live, .sent = {}, .timer = {}};
  RenewLater(id, kept, microseconds(time_to_live) / 3);
  if (stream_ == nullptr) OpenStream();
}

void LeaseKeeper::OnUp() {
  if (!kept_.empty()) OpenStream();
  for (auto& [id, kept] : kept_) {
    kept.sent.reset();
    Renew(id);
  }
  for (auto& [id, revoking] : revoking_) RevokeNow(id);
}

void LeaseKeeper::OnDown() {
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
  for (auto& [id, kept] : kept_) {
    kept.sent.reset();
    if (kept.timer) thread_.Cancel(*std::exchange(kept.timer, std::nullopt));
  }
}

void LeaseKeeper::OpenStream() {
  if (!link_.connection()) return;
  stream_ = RenewalStream::Open(
      link_.connection(),
      [](Connection& connection, grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return connection.lease.PrepareAsyncLeaseKeepAlive(context, queue);
      },
      [this](etcdserverpb::LeaseKeepAliveResponse& answer) { OnRenewed(answer); },
      [this](const grpc::Status& status) {
        stream_ = nullptr;
        link_.Break(Judge(status, "renewing leases").error.message);
      });
}

void LeaseKeeper::RenewLater(LeaseId id, Kept& kept, microseconds delay) {
  if (kept.timer) thread_.Cancel(*kept.timer);
  kept.timer = thread_.After(delay, [this, id] {
    kept_[id].timer.reset();
    Renew(id);
  });
}

void LeaseKeeper::Renew(LeaseId id) {
  Kept& kept = kept_[id];
  if (stream_ == nullptr) return;  // OnUp renews all
  if (kept.sent) return link_.Break("a lease's renewal was not answered in time");
  kept.sent = thread_.Now();
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(id);
  stream_->Write(std::move(request));
  RenewLater(id, kept, Patience(kept.time_to_live));
}

void LeaseKeeper::OnRenewed(const etcdserverpb::LeaseKeepAliveResponse& answer) {
  saw_(answer.header());
  const auto found = kept_.find(answer.id());
  if (found == kept_.end() || !found->second.sent) return;
  Kept& kept = found->second;
  if (answer.ttl() <= 0) return Lost(answer.id());
  const BootTime sent = *std::exchange(kept.sent, std::nullopt);
  kept.lease->trusted_until =
      std::max(kept.lease->trusted_until.load(), sent + seconds(answer.ttl()) - kMargin);
  RenewLater(answer.id(), kept, microseconds(kept.time_to_live) / 3);
}

// The member does not know the lease. Revoking it is what makes that certain: after it the keys are
// gone, whatever that member had missed.
void LeaseKeeper::Lost(LeaseId id) {
  auto kept = kept_.extract(id);
  if (kept.mapped().timer) thread_.Cancel(*kept.mapped().timer);
  const auto lease = kept.mapped().lease;
  lease->trusted_until = BootTime::min();
  log::Warning("etcd: the lease {:x} is lost", id);
  Revoke(id, kept.mapped().time_to_live);
  revoking_[id].then = [this, lease] {
    deliver_([lease] {
      if (!lease->ended && lease->on_lost) std::exchange(lease->on_lost, nullptr)();
    });
  };
}

void LeaseKeeper::Revoke(LeaseId id, seconds time_to_live) {
  if (auto kept = kept_.extract(id); kept && kept.mapped().timer) {
    thread_.Cancel(*kept.mapped().timer);
  }
  const auto [revoking, added] = revoking_.try_emplace(id);
  if (!added) return;
  revoking->second.until = thread_.Now() + time_to_live + seconds(60);
  RevokeNow(id);
}

void LeaseKeeper::RevokeNow(LeaseId id) {
  const auto& connection = link_.connection();
  Revoking& revoking = revoking_[id];
  if (!connection || revoking.asked) return;
  revoking.asked = true;
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  connection->Ask(
      connection->lease, &etcdserverpb::Lease::Stub::PrepareAsyncLeaseRevoke, request,
      kRevokeTimeout,
      [this, id](const grpc::Status& status, etcdserverpb::LeaseRevokeResponse& answer) {
        const auto found = revoking_.find(id);
        if (found == revoking_.end()) return;
        found->second.asked = false;
        if (status.ok()) saw_(answer.header());
        const Verdict verdict = Judge(status, "revoking a lease");
        if (status.ok() || verdict.error.code == ErrorCode::kNotFound) return Revoked(id);
        // Without an answer for so long nothing more is to be done: it has run out.
        if (thread_.Now() > found->second.until && !found->second.then) return Revoked(id);
        thread_.After(kRevokeAgain, [this, id] {
          if (revoking_.contains(id)) RevokeNow(id);
        });
      });
}

void LeaseKeeper::Revoked(LeaseId id) {
  auto revoking = revoking_.extract(id);
  if (revoking.mapped().then) revoking.mapped().then();
  if (revoking_.empty() && all_revoked_) std::exchange(all_revoked_, nullptr)();
}

void LeaseKeeper::RevokeAll(std::function<void()> done) {
  std::vector<std::pair<LeaseId, seconds>> all;
  for (const auto& [id, kept] : kept_) all.emplace_back(id, kept.time_to_live);
  for (const auto& [id, time_to_live] : all) Revoke(id, time_to_live);
  if (revoking_.empty()) return done();
  all_revoked_ = std::move(done);
}

}  // namespace gophercron::coordination::etcd
