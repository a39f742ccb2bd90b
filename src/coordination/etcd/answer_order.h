// AnswerOrder: puts the answers of several commits under way into the order of their revisions.
// Pure: time is an argument.
//
// An answer waits while one that was asked for before it came could still have a lower revision,
// but not longer than `hold`. It need not wait when no revision is free between it and what was
// delivered. One that comes after its place has passed is late, and its caller must be told that
// the outcome is unknown.
#ifndef GOPHERCRON_COORDINATION_ETCD_ANSWER_ORDER_H_
#define GOPHERCRON_COORDINATION_ETCD_ANSWER_ORDER_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "coordination/coordinator.h"

namespace gophercron::coordination::etcd {

template <class Answer>
class AnswerOrder {
 public:
  using Ticket = std::uint64_t;
  struct Ready {
    Answer answer;
    bool late = false;
  };

  explicit AnswerOrder(microseconds hold) : hold_(hold) {}

  // A commit is sent.
  Ticket Sent() {
    under_way_.insert(next_);
    return next_++;
  }
  // It ends without a revision.
  void Gone(Ticket ticket) { under_way_.erase(ticket); }
  // `wrote`: it took the revision; one that only read at it comes after the one that wrote it.
  void Answered(Ticket ticket, Revision revision, bool wrote, BootTime now, Answer answer) {
    under_way_.erase(ticket);
    held_.emplace(2 * revision + (wrote ? 0 : 1),
                  Held{.before = next_, .until = now + hold_, .answer = std::move(answer)});
  }
  // The store went back, and with it its revisions.
  void Forget() { delivered_ = 0; }

  // What may be delivered now, in this order.
  std::vector<Ready> Take(BootTime now) {
    std::vector<Ready> ready;
    auto until = held_.begin();
    for (auto held = held_.begin(); held != held_.end(); ++held) {
      if (held->second.until <= now) until = std::next(held);
    }
    bool overdue = until != held_.begin();
    while (!held_.empty()) {
      const auto first = held_.begin();
      if (first == until) overdue = false;
      if (!overdue && !Free(first->first)) break;
      ready.push_back(
          {.answer = std::move(first->second.answer), .late = first->first < delivered_});
      delivered_ = std::max(delivered_, first->first);
      held_.erase(first);
    }
    return ready;
  }
  // When Take should be asked again, at the latest.
  std::optional<BootTime> Next() const {
    std::optional<BootTime> next;
    for (const auto& [position, held] : held_) {
      if (!next || held.until < *next) next = held.until;
    }
    return next;
  }

 private:
  // Twice the revision, and one more for those that only read at it.
  using Position = std::int64_t;
  struct Held {
    Ticket before = 0;  // those from here on were sent after this was answered
    BootTime until{};
    Answer answer;
  };
  // Asked of the first: what was sent after any held answer had come has a higher revision than
  // that one, and so than the first.
  bool Free(Position position) const {
    const bool next_write = position % 2 == 0 && position / 2 == delivered_ / 2 + 1;
    if (delivered_ != 0 && (position <= delivered_ || next_write)) return true;
    Ticket before = next_;
    for (const auto& [other, held] : held_) before = std::min(before, held.before);
    return under_way_.empty() || *under_way_.begin() >= before;
  }

  microseconds hold_;
  Ticket next_ = 1;
  std::set<Ticket> under_way_;
  std::multimap<Position, Held> held_;
  Position delivered_ = 0;
};

}  // namespace gophercron::coordination::etcd

#endif  // GOPHERCRON_COORDINATION_ETCD_ANSWER_ORDER_H_
