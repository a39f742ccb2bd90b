#include "agent/node_session.h"

#include <utility>

#include "base/log.h"

namespace gophercron::agent {
namespace {

constexpr seconds kRetryDelay{1};
constexpr seconds kShowPeriod{10};

}  // namespace

struct NodeSession::State : std::enable_shared_from_this<State> {
  State(Loop& loop, coordination::Coordinator& the_coordinator, const coordination::Keys& the_keys,
        seconds ttl, coordination::Node the_node, Hooks the_hooks)
      : coordinator(the_coordinator),
        keys(the_keys),
        time_to_live(ttl),
        node(std::move(the_node)),
        hooks(std::move(the_hooks)),
        timer(loop) {}

  void Open() {
    coordinator.Grant(
        time_to_live,
        [weak = weak_from_this()] {
          if (auto self = weak.lock()) self->OnLost();
        },
        [weak = weak_from_this()](Result<std::unique_ptr<coordination::Lease>> granted) {
          auto self = weak.lock();
          if (!self) return;
          if (granted) {
            self->lease = std::move(*granted);
            return self->Publish();
          }
          log::Warning("no session yet: {}", granted.error().message);
          self->After(kRetryDelay, &State::Open);
        });
  }

  void After(seconds delay, void (State::*what)()) {
    timer.SetAfter(delay, [weak = weak_from_this(), what] {
      if (auto self = weak.lock()) (self.get()->*what)();
    });
  }

  // The session counts once its key is there: others must see this node before it claims.
  void Publish() {
    if (!lease) return;
    hooks.look(node);
    coordination::Txn txn;
    txn.then.push_back(
        coordination::Put(keys.Session(lease->id()), coordination::FormatNode(node), lease->id()));
    coordinator.Commit(std::move(txn), [weak = weak_from_this(),
                                        id = lease->id()](Result<coordination::TxnResult> written) {
      auto self = weak.lock();
      if (!self || !self->lease || self->lease->id() != id) return;
      if (!written) {
        log::Warning("the session could not be registered: {}", written.error().message);
        return self->After(kRetryDelay, &State::Publish);
      }
      self->After(kShowPeriod, &State::Publish);
      self->hooks.opened(id, self->lease->trusted_until());
    });
  }

  void OnLost() {
    if (!lease) return;
    log::Warning("the session with the coordinator is lost; opening another");
    const auto id = lease->id();
    lease.reset();
    hooks.lost(id);
    Open();
  }

  coordination::Coordinator& coordinator;
  const coordination::Keys& keys;
  const seconds time_to_live;
  coordination::Node node;
  const Hooks hooks;
  BootTimer timer;
  std::unique_ptr<coordination::Lease> lease;
};

NodeSession::NodeSession(Loop& loop, coordination::Coordinator& coordinator,
                         const coordination::Keys& keys, seconds time_to_live,
                         coordination::Node node, Hooks hooks)
    : state_(std::make_shared<State>(loop, coordinator, keys, time_to_live, std::move(node),
                                     std::move(hooks))) {}

NodeSession::~NodeSession() = default;

void NodeSession::Open() {
  state_->Open();
}

const coordination::Lease* NodeSession::lease() const {
  return state_->lease.get();
}

coordination::Node& NodeSession::node() {
  return state_->node;
}

void NodeSession::Publish() {
  state_->Publish();
}

}  // namespace gophercron::agent
