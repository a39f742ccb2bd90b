#include "sim/sim_coordinator.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace gophercron::sim {

using coordination::KeySpace;
using coordination::Lease;
using coordination::LeaseId;
using coordination::RangeRequest;
using coordination::RangeResult;
using coordination::Revision;
using coordination::Txn;
using coordination::TxnResult;
using coordination::Watch;
using coordination::WatchBatch;

Result<TxnResult> SimCluster::Apply(const Txn& txn) {
  auto applied = keys_.Apply(txn);
  if (!applied) return std::unexpected(std::move(applied).error());
  Tell(*applied);
  return std::move(applied->result);
}

void SimCluster::SetDown(bool down) {
  if (down == down_) return;
  down_ = down;
  if (down) {
    down_since_ = scheduler_.Now();
    return;
  }
  // A store that was away does not hold its absence against the leases, as etcd's new leader.
  for (auto& [lease, expires] : expires_) {
    expires += scheduler_.Now() - down_since_;
    ExpireLater(lease);
  }
}

LeaseId SimCluster::GrantLease(microseconds time_to_live) {
  const LeaseId lease = next_lease_++;
  keys_.Grant(lease);
  expires_[lease] = scheduler_.Now() + time_to_live;
  ExpireLater(lease);
  return lease;
}

bool SimCluster::Renew(LeaseId lease, microseconds time_to_live) {
  const auto found = expires_.find(lease);
  if (found == expires_.end()) return false;
  found->second = scheduler_.Now() + time_to_live;
  return true;
}

void SimCluster::Revoke(LeaseId lease) {
  expires_.erase(lease);
  Tell(keys_.Revoke(lease));
}

void SimCluster::ExpireLater(LeaseId lease) {
  scheduler_.After(expires_[lease] - scheduler_.Now(), [this, lease] {
    const auto found = expires_.find(lease);
    // While down nothing runs out; coming back asks again.
    if (found == expires_.end() || down_) return;
    if (found->second > scheduler_.Now()) return ExpireLater(lease);
    Revoke(lease);
  });
}

void SimCluster::Tell(const KeySpace::Applied& applied) {
  if (applied.revised == nullptr) return;
  for (auto& [number, listener] : listeners_) listener(*applied.revised);
  keys_.Trim();
}

// What a node's process has of the network. Shared with the messages under way, which may outlive
// the process.
class SimCoordinator::Client : public std::enable_shared_from_this<SimCoordinator::Client> {
 public:
  Client(Scheduler& scheduler, SimCluster& store, std::function<BootTime()> boot,
         const NetworkFaults& faults)
      : scheduler_(scheduler), store_(store), boot_(std::move(boot)), faults_(faults) {}

  Scheduler& scheduler() { return scheduler_; }
  SimCluster& store() { return store_; }
  const NetworkFaults& faults() const { return faults_; }
  BootTime Boot() const { return boot_(); }
  bool dead() const { return dead_; }
  bool cut() const { return partitioned_ || store_.down(); }
  microseconds Delay() { return scheduler_.Between(faults_.delay_min, faults_.delay_max); }

  void SetFaults(const NetworkFaults& faults) { faults_ = faults; }
  void SetPartitioned(bool partitioned) { partitioned_ = partitioned; }
  void Die() {
    dead_ = true;
    // What waited for the process holds on to this client: nobody else would let go of it.
    std::exchange(held_, {}).clear();
  }
  void SetPaused(bool paused) {
    paused_ = paused;
    // What runs may pause the process again: the rest then goes on waiting.
    while (!paused_ && !held_.empty()) {
      auto event = std::move(held_.front());
      held_.pop_front();
      Deliver(std::move(event));
    }
  }

  // Runs `event` in the node's process.
  void Deliver(Scheduler::Event event) {
    if (dead_) return;
    if (paused_) {
      held_.push_back(std::move(event));
    } else {
      event();
    }
  }

  // Runs `arrive` at the store, if it gets there.
  void ToStore(Scheduler::Event arrive) {
    Instant at = scheduler_.Now() + Delay();
    if (!faults_.reorders) at = last_to_store_ = std::max(at, last_to_store_);
    scheduler_.After(at - scheduler_.Now(),
                     [self = shared_from_this(), arrive = std::move(arrive)]() mutable {
                       if (!self->cut()) arrive();
                     });
  }

  // Runs `arrive` in the node's process, if it gets there; answers keep their order.
  void ToNode(Scheduler::Event arrive) {
    last_to_node_ = std::max(scheduler_.Now() + Delay(), last_to_node_);
    scheduler_.After(last_to_node_ - scheduler_.Now(),
                     [self = shared_from_this(), arrive = std::move(arrive)]() mutable {
                       if (!self->cut()) self->Deliver(std::move(arrive));
                     });
  }

  // One call with one answer: `act` at the store, or `silence` when no answer comes.
  template <class T>
  void Ask(std::move_only_function<Result<T>()> act, Done<T> done, ErrorCode silence) {
    if (scheduler_.Chance(faults_.refused)) {
      return scheduler_.After(
          Delay(), [self = shared_from_this(), done = std::move(done)]() mutable {
            self->Deliver([done = std::move(done)]() mutable {
              done(Fail(ErrorCode::kUnavailable, "the simulated store refused the call"));
            });
          });
    }
    // Whoever comes first takes it: the answer or the end of patience.
    const auto waiting = std::make_shared<Done<T>>(std::move(done));
    const auto answer = [waiting](Result<T> value) {
      if (*waiting) std::exchange(*waiting, nullptr)(std::move(value));
    };
    scheduler_.After(kPatience, [self = shared_from_this(), answer, silence] {
      self->Deliver([answer, silence] {
        answer(Fail(silence, "the simulated store did not answer in time"));
      });
    });
    if (scheduler_.Chance(faults_.request_lost)) return;
    ToStore([self = shared_from_this(), act = std::move(act), answer]() mutable {
      Result<T> value = act();
      if (self->scheduler_.Chance(self->faults_.answer_lost)) return;
      self->ToNode([answer, value = std::move(value)]() mutable { answer(std::move(value)); });
    });
  }

 private:
  Scheduler& scheduler_;
  SimCluster& store_;
  std::function<BootTime()> boot_;
  NetworkFaults faults_;
  bool partitioned_ = false;
  bool paused_ = false;
  bool dead_ = false;
  std::deque<Scheduler::Event> held_;
  Instant last_to_store_{};
  Instant last_to_node_{};
};

using Client = SimCoordinator::Client;

// A watch: what the store has to tell waits in order until the network lets it through.
class SimWatchState : public std::enable_shared_from_this<SimWatchState> {
 public:
  SimWatchState(std::shared_ptr<Client> client, std::string begin, std::string end, Revision from,
                std::function<void(const WatchBatch&)> on_batch)
      : client_(std::move(client)),
        begin_(std::move(begin)),
        end_(std::move(end)),
        next_(from),
        on_batch_(std::move(on_batch)) {}

  // Asks for it until the store has heard.
  void Open() {
    if (closed_ || listener_ != 0) return;
    client_->ToStore([self = shared_from_this()] { self->Begin(); });
    client_->scheduler().After(kRetry, [self = shared_from_this()] { self->Open(); });
  }

  void Close() {
    closed_ = true;
    client_->store().listeners_.erase(listener_);
  }

 private:
  static constexpr milliseconds kRetry{500};

  void Begin() {
    if (closed_ || listener_ != 0) return;
    SimCluster& store = client_->store();
    if (next_ == 0) next_ = store.keys().revision() + 1;
    const auto past = store.keys().Since(next_);
    if (past) {
      for (const auto& revised : *past) Hear(*revised);
    } else {
      waiting_.push_back({.revision = 0, .events = {}, .lost = true});
      Pump();
    }
    listener_ = store.next_listener_++;
    store.listeners_[listener_] = [self = shared_from_this()](const KeySpace::Revised& revised) {
      self->Hear(revised);
    };
  }

  void Hear(const KeySpace::Revised& revised) {
    if (revised.revision < next_) return;
    next_ = revised.revision + 1;
    WatchBatch batch = KeySpace::EventsIn(revised, begin_, end_);
    if (batch.events.empty()) return;
    waiting_.push_back(std::move(batch));
    Pump();
  }

  // One message is under way at a time, so that they arrive in order.
  void Pump() {
    if (under_way_ || closed_ || waiting_.empty()) return;
    under_way_ = true;
    client_->scheduler().After(client_->cut() ? kRetry : client_->Delay(),
                               [self = shared_from_this()] { self->Arrive(); });
  }

  void Arrive() {
    under_way_ = false;
    if (!client_->cut() && !closed_ && !waiting_.empty()) {
      WatchBatch batch = std::move(waiting_.front());
      waiting_.pop_front();
      if (client_->scheduler().Chance(client_->faults().watch_broken)) {
        batch = {.revision = 0, .events = {}, .lost = true};
      }
      if (batch.lost) waiting_.clear();
      if (client_->faults().watch_forgets) return Pump();
      client_->Deliver(
          [self = shared_from_this(), batch = std::move(batch)] { self->Tell(batch); });
    }
    if (client_->dead()) return;
    Pump();
  }

  void Tell(const WatchBatch& batch) {
    if (closed_) return;
    if (batch.lost) Close();
    on_batch_(batch);
  }

  std::shared_ptr<Client> client_;
  std::string begin_;
  std::string end_;
  Revision next_;
  std::function<void(const WatchBatch&)> on_batch_;
  std::deque<WatchBatch> waiting_;
  std::uint64_t listener_ = 0;
  bool under_way_ = false;
  bool closed_ = false;
};

namespace {

class SimWatch final : public Watch {
 public:
  explicit SimWatch(std::shared_ptr<SimWatchState> state) : state_(std::move(state)) {}
  ~SimWatch() override { state_->Close(); }

 private:
  std::shared_ptr<SimWatchState> state_;
};

}  // namespace

class SimLease final : public Lease {
 public:
  struct State {
    std::shared_ptr<Client> client;
    LeaseId id = 0;
    microseconds time_to_live{};
    std::function<void()> on_lost;
    BootTime trusted_until{};
    bool ended = false;
  };

  explicit SimLease(std::shared_ptr<State> state) : state_(std::move(state)) { RenewLater(state_); }
  ~SimLease() override {
    state_->ended = true;
    if (state_->client->dead()) return;
    state_->client->ToStore(
        [client = state_->client, id = state_->id] { client->store().Revoke(id); });
  }
  LeaseId id() const override { return state_->id; }
  BootTime trusted_until() const override { return state_->trusted_until; }

  static BootTime Trusted(BootTime sent, microseconds time_to_live) {
    return sent + time_to_live - seconds(2);
  }

 private:
  static void RenewLater(const std::shared_ptr<State>& state) {
    state->client->scheduler().After(
        state->time_to_live / 3, [state] { state->client->Deliver([state] { Renew(state); }); });
  }

  static void Renew(const std::shared_ptr<State>& state) {
    if (state->ended) return;
    RenewLater(state);
    state->client->ToStore([state, sent = state->client->Boot()] {
      const bool alive = state->client->store().Renew(state->id, state->time_to_live);
      state->client->ToNode([state, sent, alive] { Renewed(*state, sent, alive); });
    });
  }

  static void Renewed(State& state, BootTime sent, bool alive) {
    if (state.ended) return;
    if (alive) {
      state.trusted_until = std::max(state.trusted_until, Trusted(sent, state.time_to_live));
      return;
    }
    state.ended = true;
    // The callback may destroy the lease, not what it runs in.
    if (const auto on_lost = std::exchange(state.on_lost, nullptr)) on_lost();
  }

  std::shared_ptr<State> state_;
};

SimCoordinator::SimCoordinator(Scheduler& scheduler, SimCluster& store,
                               std::function<BootTime()> boot, NetworkFaults faults)
    : client_(std::make_shared<Client>(scheduler, store, std::move(boot), faults)) {}
SimCoordinator::~SimCoordinator() {
  Die();
}

void SimCoordinator::Die() {
  client_->Die();
}
void SimCoordinator::SetFaults(const NetworkFaults& faults) {
  client_->SetFaults(faults);
}
void SimCoordinator::SetPartitioned(bool partitioned) {
  client_->SetPartitioned(partitioned);
}
void SimCoordinator::SetPaused(bool paused) {
  client_->SetPaused(paused);
}

void SimCoordinator::Range(RangeRequest request, Done<RangeResult> done) {
  client_->Ask<RangeResult>([store = &client_->store(),
                             request = std::move(request)] { return store->keys().Range(request); },
                            std::move(done), ErrorCode::kUnavailable);
}

void SimCoordinator::Commit(Txn txn, Done<TxnResult> done) {
  client_->Ask<TxnResult>(
      [store = &client_->store(), txn = std::move(txn)] { return store->Apply(txn); },
      std::move(done), ErrorCode::kOutcomeUnknown);
}

std::unique_ptr<Watch> SimCoordinator::WatchRange(std::string begin, std::string end, Revision from,
                                                  std::function<void(const WatchBatch&)> on_batch) {
  auto state = std::make_shared<SimWatchState>(client_, std::move(begin), std::move(end), from,
                                               std::move(on_batch));
  state->Open();
  return std::make_unique<SimWatch>(std::move(state));
}

void SimCoordinator::Grant(seconds time_to_live, std::function<void()> on_lost,
                           Done<std::unique_ptr<Lease>> done) {
  const BootTime sent = client_->Boot();
  auto state = std::make_shared<SimLease::State>(
      SimLease::State{.client = client_,
                      .id = 0,
                      .time_to_live = time_to_live,
                      .on_lost = std::move(on_lost),
                      .trusted_until = SimLease::Trusted(sent, time_to_live)});
  client_->Ask<LeaseId>(
      [store = &client_->store(), time_to_live]() -> Result<LeaseId> {
        return store->GrantLease(time_to_live);
      },
      [state, done = std::move(done)](Result<LeaseId> granted) mutable {
        if (!granted) return done(std::unexpected(std::move(granted).error()));
        state->id = *granted;
        done(std::unique_ptr<Lease>(std::make_unique<SimLease>(std::move(state))));
      },
      ErrorCode::kUnavailable);
}

}  // namespace gophercron::sim
