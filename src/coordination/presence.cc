#include "coordination/presence.h"

#include <future>
#include <utility>

#include "base/log.h"

namespace gophercron::coordination {
namespace {
constexpr seconds kRetryDelay{1};
}  // namespace

// On the loop's thread, but for `number`. Kept alive by the calls that are under way.
struct Presence::State : std::enable_shared_from_this<State> {
  State(Loop& the_loop, Coordinator& the_coordinator, seconds ttl,
        std::function<std::string(LeaseId)> the_key, std::string the_value)
      : loop(the_loop),
        coordinator(the_coordinator),
        time_to_live(ttl),
        key(std::move(the_key)),
        value(std::move(the_value)),
        retry(the_loop) {}

  void Open() {
    if (over) return;
    coordinator.Grant(
        time_to_live,
        [weak = weak_from_this()] {
          if (auto self = weak.lock()) self->Lost();
        },
        [weak = weak_from_this()](Result<std::unique_ptr<Lease>> granted) {
          if (auto self = weak.lock()) self->Granted(std::move(granted));
        });
  }

  void Granted(Result<std::unique_ptr<Lease>> granted) {
    if (over) return;
    if (!granted) {
      log::Warning("registering with the coordinator failed and is tried again: {}",
                   granted.error().message);
      return Again([](State& self) { self.Open(); });
    }
    lease = std::move(*granted);
    PutKey();
  }

  void PutKey() {
    if (over || !lease) return;
    const LeaseId id = lease->id();
    Txn txn;
    txn.then.push_back(Put(key(id), value, id));
    coordinator.Commit(std::move(txn), [weak = weak_from_this(), id](Result<TxnResult> written) {
      auto self = weak.lock();
      if (!self || self->over || !self->lease || self->lease->id() != id) return;
      if (!written) {
        log::Warning("registering with the coordinator failed and is tried again: {}",
                     written.error().message);
        return self->Again([](State& state) { state.PutKey(); });
      }
      self->number.store(id);
    });
  }

  void Lost() {
    number.store(0);
    lease.reset();
    Open();
  }

  void Again(void (*what)(State&)) {
    retry.SetAfter(kRetryDelay, [weak = weak_from_this(), what] {
      if (auto self = weak.lock()) what(*self);
    });
  }

  Loop& loop;
  Coordinator& coordinator;
  const seconds time_to_live;
  const std::function<std::string(LeaseId)> key;
  const std::string value;
  BootTimer retry;
  std::unique_ptr<Lease> lease;
  bool over = false;
  std::atomic<LeaseId> number{0};
};

Presence::Presence(Loop& loop, Coordinator& coordinator, seconds time_to_live,
                   std::function<std::string(LeaseId)> key, std::string value)
    : state_(std::make_shared<State>(loop, coordinator, time_to_live, std::move(key),
                                     std::move(value))) {
  loop.Post([state = state_] { state->Open(); });
}

Presence::~Presence() {
  // On the loop, where the coordinator expects it; and no lease may outlive the coordinator.
  std::promise<void> closed;
  state_->loop.Post([&] {
    state_->over = true;
    state_->lease.reset();
    state_->retry.Cancel();
    closed.set_value();
  });
  closed.get_future().wait();
}

LeaseId Presence::lease() const {
  return state_->number.load();
}

}  // namespace gophercron::coordination
