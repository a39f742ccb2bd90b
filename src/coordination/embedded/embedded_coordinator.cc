#include "coordination/embedded/embedded_coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.h"
#include "coordination/embedded/key_log.h"

namespace gophercron::coordination {
namespace {

template <class T>
using Done = Coordinator::Done<T>;

// A watch as the writer and the loop share it.
struct Watched {
  std::string begin;
  std::string end;
  Revision next = 0;                                // writer: the first revision not yet delivered
  std::function<void(const WatchBatch&)> on_batch;  // loop
  std::atomic<bool> closed = false;
  std::atomic<std::size_t> undelivered_bytes = 0;
};

struct RangeCall {
  RangeRequest request;
  Done<RangeResult> done;
  Result<RangeResult> answer;
};
struct CommitCall {
  Txn txn;
  Done<TxnResult> done;
  Result<KeySpace::Applied> answer;
};
struct WatchCall {
  std::shared_ptr<Watched> watched;
};
struct GrantCall {
  Done<std::unique_ptr<Lease>> done;
  LeaseId lease = 0;
};
struct RevokeCall {
  LeaseId lease = 0;
};
using Call = std::variant<RangeCall, CommitCall, WatchCall, GrantCall, RevokeCall>;

struct Waiting {
  Call call;
  std::size_t bytes = 0;
};

// About how much memory a call holds while it waits.
std::size_t BytesOf(const Txn& txn) {
  std::size_t bytes = sizeof txn;
  for (const Compare& compare : txn.when) {
    bytes += sizeof compare + compare.key.size() + compare.value.size();
  }
  for (const auto* ops : {&txn.then, &txn.otherwise}) {
    for (const Op& op : *ops) {
      bytes += sizeof op + op.key.size() + op.value.size() + (op.txn ? BytesOf(*op.txn) : 0);
    }
  }
  return bytes;
}

std::size_t BytesOf(const WatchBatch& batch) {
  std::size_t bytes = sizeof batch;
  for (const WatchEvent& event : batch.events) {
    bytes += sizeof event + event.item.key.size() + event.item.value.size();
  }
  return bytes;
}

// How many calls are made durable together: bounds what the loop hears at once.
constexpr std::size_t kGroupMax = 1'024;

}  // namespace

class EmbeddedCoordinator::Writer {
 public:
  Writer(Loop& loop, const Options& options, std::unique_ptr<KeyLog> log)
      : loop_(loop), options_(options), log_(std::move(log)), space_(options.history) {}

  ~Writer() {
    *open_ = false;
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    arrived_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Status Start() {
    if (Status status = log_->Load(space_); !status) return status;
    if (Status status = EndEarlierSessions(); !status) return status;
    thread_ = std::thread([this] { Run(); });
    return {};
  }

  // False, and nothing was taken, when too much waits already.
  bool Add(Call& call, std::size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= options_.waiting_calls_max ||
          waiting_bytes_ + bytes > options_.waiting_bytes_max) {
        return false;
      }
      Push(std::move(call), bytes);
    }
    arrived_.notify_one();
    return true;
  }

  // For what must not be refused, and is bounded by what its callers hold.
  void AddAlways(Call call) {
    {
      const std::lock_guard lock(mutex_);
      Push(std::move(call), 0);
    }
    arrived_.notify_one();
  }

  // Runs `task` on the loop unless the coordinator is destroyed before.
  void Post(Loop::Task task) {
    loop_.Post([open = open_, task = std::move(task)]() mutable {
      if (*open) task();
    });
  }

  template <class T>
  void Refuse(Done<T> done) {
    Post([done = std::move(done), waiting = options_.waiting_calls_max]() mutable {
      done(Fail(ErrorCode::kUnavailable,
                fmt::format("the coordinator is busy: {} calls or too many bytes wait for the disk",
                            waiting)));
    });
  }

 private:
  void Push(Call call, std::size_t bytes) {
    waiting_.push_back({.call = std::move(call), .bytes = bytes});
    waiting_bytes_ += bytes;
  }

  Status EndEarlierSessions() {
    next_lease_ = (log_->life() << kLeaseBits) + 1;
    std::set<LeaseId> leases;
    for (const auto& [key, entry] : space_.keys()) {
      if (entry.lease != 0) leases.insert(entry.lease);
    }
    std::vector<std::shared_ptr<const KeySpace::Revised>> revised;
    for (const LeaseId lease : leases) revised.push_back(space_.Revoke(lease).revised);
    return revised.empty() ? Status() : log_->Write(space_, revised);
  }

  void Run() {
    while (true) {
      std::vector<Call> group;
      {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
        if (closing_) return;
        while (!waiting_.empty() && group.size() < kGroupMax) {
          waiting_bytes_ -= waiting_.front().bytes;
          group.push_back(std::move(waiting_.front().call));
          waiting_.pop_front();
        }
      }
      Serve(group);
    }
  }

  // A revocation that could not be made durable is tried again with each group.
  void AddUnendedLeases(std::vector<Call>& group) {
    std::vector<Call> ended;
    for (const LeaseId lease : std::exchange(unended_, {})) {
      ended.emplace_back(RevokeCall{.lease = lease});
    }
    std::ranges::move(ended, std::inserter(group, group.begin()));
  }

  void Serve(std::vector<Call>& group) {
    AddUnendedLeases(group);
    std::vector<KeySpace::Applied> undo;
    std::vector<std::shared_ptr<const KeySpace::Revised>> revised;
    for (Call& call : group) {
      std::visit([&](auto& one) { Apply(one, undo); }, call);
    }
    for (const KeySpace::Applied& applied : undo) {
      if (applied.revised) revised.push_back(applied.revised);
    }
    if (!revised.empty()) {
      if (const Status written = log_->Write(space_, revised); !written) {
        log::LogError("coordination: {} transactions failed together: {}", revised.size(),
                      written.error().message);
        TakeBack(group, undo, written.error());
      }
    }
    std::vector<Loop::Task> tell;
    for (Call& call : group) {
      std::visit([&](auto& one) { Answer(one, tell); }, call);
    }
    TellWatches(tell);
    space_.Trim();
    // One post for the whole group: its order is kept and the loop wakes once.
    loop_.Post([open = open_, tell = std::move(tell)]() mutable {
      for (Loop::Task& task : tell) {
        if (*open) task();
      }
    });
  }

  void Apply(RangeCall& call, std::vector<KeySpace::Applied>&) {
    call.answer = space_.Range(call.request);
  }
  void Apply(CommitCall& call, std::vector<KeySpace::Applied>& undo) {
    call.answer = space_.Apply(call.txn);
    if (call.answer) undo.push_back(*call.answer);
  }
  void Apply(WatchCall& call, std::vector<KeySpace::Applied>&) {
    if (call.watched->next == 0) call.watched->next = space_.revision() + 1;
  }
  void Apply(GrantCall& call, std::vector<KeySpace::Applied>&) {
    call.lease = next_lease_++;
    space_.Grant(call.lease);
  }
  void Apply(RevokeCall& call, std::vector<KeySpace::Applied>& undo) {
    undo.push_back(space_.Revoke(call.lease));
  }

  // The group's commit failed. Whoever read what is taken back reads again.
  void TakeBack(std::vector<Call>& group, const std::vector<KeySpace::Applied>& undo,
                const Error& why) {
    for (auto applied = undo.rbegin(); applied != undo.rend(); ++applied) space_.Undo(*applied);
    for (Call& call : group) {
      if (auto* range = std::get_if<RangeCall>(&call)) {
        range->answer = space_.Range(range->request);
      } else if (auto* commit = std::get_if<CommitCall>(&call)) {
        if (commit->answer) commit->answer = std::unexpected(why);
      } else if (auto* watch = std::get_if<WatchCall>(&call)) {
        watch->watched->next = std::min(watch->watched->next, space_.revision() + 1);
      } else if (auto* revoke = std::get_if<RevokeCall>(&call)) {
        unended_.push_back(revoke->lease);
      }
    }
  }

  void Answer(RangeCall& call, std::vector<Loop::Task>& tell) {
    tell.emplace_back([done = std::move(call.done), answer = std::move(call.answer)]() mutable {
      done(std::move(answer));
    });
  }
  void Answer(CommitCall& call, std::vector<Loop::Task>& tell) {
    Result<TxnResult> answer;
    if (call.answer) {
      answer = std::move(call.answer->result);
    } else {
      answer = std::unexpected(std::move(call.answer).error());
    }
    tell.emplace_back([done = std::move(call.done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  }
  void Answer(WatchCall& call, std::vector<Loop::Task>&) {
    watches_.push_back(std::move(call.watched));
  }
  void Answer(GrantCall& call, std::vector<Loop::Task>& tell);
  void Answer(RevokeCall&, std::vector<Loop::Task>&) {}

  void TellWatches(std::vector<Loop::Task>& tell) {
    std::erase_if(watches_, [&](const std::shared_ptr<Watched>& watched) {
      return watched->closed || !TellWatch(watched, tell);
    });
  }

  // False when the watch is over: it was told that it is lost.
  bool TellWatch(const std::shared_ptr<Watched>& watched, std::vector<Loop::Task>& tell) {
    const auto news = space_.Since(watched->next);
    if (!news) return TellLost(watched, tell);
    for (const auto& revised : *news) {
      WatchBatch batch = KeySpace::EventsIn(*revised, watched->begin, watched->end);
      if (batch.events.empty()) continue;
      const std::size_t bytes = BytesOf(batch);
      if ((watched->undelivered_bytes += bytes) > options_.undelivered_bytes_max) {
        return TellLost(watched, tell);
      }
      tell.emplace_back([watched, bytes, batch = std::move(batch)] {
        watched->undelivered_bytes -= bytes;
        if (!watched->closed) watched->on_batch(batch);
      });
    }
    watched->next = std::max(watched->next, space_.revision() + 1);
    return true;
  }

  static bool TellLost(const std::shared_ptr<Watched>& watched, std::vector<Loop::Task>& tell) {
    tell.emplace_back([watched] {
      if (!watched->closed) watched->on_batch({.revision = 0, .events = {}, .lost = true});
    });
    return false;
  }

  static constexpr int kLeaseBits = 24;  // leases of one life

  Loop& loop_;
  const Options options_;
  const std::shared_ptr<std::atomic<bool>> open_ = std::make_shared<std::atomic<bool>>(true);

  // The writer's thread, once it runs.
  std::unique_ptr<KeyLog> log_;
  KeySpace space_;
  LeaseId next_lease_ = 1;
  std::vector<LeaseId> unended_;
  std::vector<std::shared_ptr<Watched>> watches_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closing_ = false;

  std::thread thread_;
};

namespace {

class EmbeddedLease final : public Lease {
 public:
  EmbeddedLease(LeaseId id, std::move_only_function<void(LeaseId)> end)
      : id_(id), end_(std::move(end)) {}
  ~EmbeddedLease() override { end_(id_); }
  LeaseId id() const override { return id_; }
  BootTime trusted_until() const override { return BootTime::max(); }

 private:
  LeaseId id_;
  std::move_only_function<void(LeaseId)> end_;
};

class EmbeddedWatch final : public Watch {
 public:
  EmbeddedWatch(std::shared_ptr<Watched> watched, std::move_only_function<void(Loop::Task)> post)
      : watched_(std::move(watched)), post_(std::move(post)) {}
  ~EmbeddedWatch() override {
    watched_->closed = true;
    // Not at once: the callback may be what destroys this.
    post_([watched = watched_] { watched->on_batch = nullptr; });
  }

 private:
  std::shared_ptr<Watched> watched_;
  std::move_only_function<void(Loop::Task)> post_;
};

}  // namespace

void EmbeddedCoordinator::Writer::Answer(GrantCall& call, std::vector<Loop::Task>& tell) {
  tell.emplace_back([this, done = std::move(call.done), lease = call.lease]() mutable {
    done(std::unique_ptr<Lease>(std::make_unique<EmbeddedLease>(
        lease, [this](LeaseId ended) { AddAlways(RevokeCall{.lease = ended}); })));
  });
}

Result<std::unique_ptr<EmbeddedCoordinator>> EmbeddedCoordinator::Open(Loop& loop,
                                                                       const FolderLock& lock,
                                                                       const Options& options) {
  auto log = KeyLog::Open(lock.folder() + "/coordination.db", options.quota_bytes);
  if (!log) return std::unexpected(std::move(log).error());
  auto writer = std::make_unique<Writer>(loop, options, *std::move(log));
  if (Status status = writer->Start(); !status) return std::unexpected(std::move(status).error());
  return std::unique_ptr<EmbeddedCoordinator>(new EmbeddedCoordinator(std::move(writer)));
}

EmbeddedCoordinator::EmbeddedCoordinator(std::unique_ptr<Writer> writer)
    : writer_(std::move(writer)) {}
EmbeddedCoordinator::~EmbeddedCoordinator() = default;

void EmbeddedCoordinator::Range(RangeRequest request, Done<RangeResult> done) {
  const std::size_t bytes = sizeof request + request.begin.size() + request.end.size();
  Call call = RangeCall{.request = std::move(request), .done = std::move(done), .answer = {}};
  if (!writer_->Add(call, bytes)) writer_->Refuse(std::move(std::get<RangeCall>(call).done));
}

void EmbeddedCoordinator::Commit(Txn txn, Done<TxnResult> done) {
  const std::size_t bytes = BytesOf(txn);
  Call call = CommitCall{.txn = std::move(txn), .done = std::move(done), .answer = {}};
  if (!writer_->Add(call, bytes)) writer_->Refuse(std::move(std::get<CommitCall>(call).done));
}

std::unique_ptr<Watch> EmbeddedCoordinator::WatchRange(
    std::string begin, std::string end, Revision from,
    std::function<void(const WatchBatch&)> on_batch) {
  auto watched = std::make_shared<Watched>();
  watched->begin = std::move(begin);
  watched->end = std::move(end);
  watched->next = from;
  watched->on_batch = std::move(on_batch);
  writer_->AddAlways(WatchCall{.watched = watched});
  return std::make_unique<EmbeddedWatch>(
      std::move(watched),
      [writer = writer_.get()](Loop::Task task) { writer->Post(std::move(task)); });
}

void EmbeddedCoordinator::Grant(seconds /*time_to_live*/, std::function<void()> /*on_lost*/,
                                Done<std::unique_ptr<Lease>> done) {
  writer_->AddAlways(GrantCall{.done = std::move(done), .lease = 0});
}

}  // namespace gophercron::coordination
