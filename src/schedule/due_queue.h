// DueQueue: what is to be looked at when, for many entries that change often. An indexed heap with
// four children a node: one entry for each id, replaced or cancelled by id in logarithmic time.
//
// Ids are small numbers (slots of an array); memory is 4 bytes for each id up to the largest one
// seen, and 16 for each entry. Threads: none.
#ifndef GOPHERCRON_SCHEDULE_DUE_QUEUE_H_
#define GOPHERCRON_SCHEDULE_DUE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace gophercron::schedule {

class DueQueue {
 public:
  using Id = std::uint32_t;

  bool Empty() const { return heap_.empty(); }
  std::size_t Size() const { return heap_.size(); }

  // The earliest entry; of equal ones any. Requires !Empty().
  Instant EarliestAt() const { return heap_.front().at; }
  Id EarliestId() const { return heap_.front().id; }

  bool Has(Id id) const { return id < places_.size() && places_[id] != kNowhere; }
  // Requires Has(id).
  Instant At(Id id) const { return heap_[places_[id]].at; }

  // Adds an entry, or moves the one that `id` has.
  void Set(Id id, Instant at) {
    if (id >= places_.size()) places_.resize(id + 1, kNowhere);
    std::uint32_t place = places_[id];
    if (place == kNowhere) {
      place = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back({.at = at, .id = id});
      Rise(place, {.at = at, .id = id});
      return;
    }
    Move(place, {.at = at, .id = id});
  }

  void Cancel(Id id) {
    if (id >= places_.size() || places_[id] == kNowhere) return;
    const std::uint32_t place = places_[id];
    places_[id] = kNowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) Move(place, last);
  }

 private:
  struct Entry {
    Instant at{};
    Id id = 0;
  };
  static constexpr std::uint32_t kNowhere = 0xffffffff;
  static constexpr std::uint32_t kChildren = 4;

  void Place(std::uint32_t place, const Entry& entry) {
    heap_[place] = entry;
    places_[entry.id] = place;
  }

  void Move(std::uint32_t place, const Entry& entry) {
    if (place > 0 && entry.at < heap_[(place - 1) / kChildren].at) {
      Rise(place, entry);
    } else {
      Sink(place, entry);
    }
  }

  void Rise(std::uint32_t place, const Entry& entry) {
    while (place > 0) {
      const std::uint32_t parent = (place - 1) / kChildren;
      if (heap_[parent].at <= entry.at) break;
      Place(place, heap_[parent]);
      place = parent;
    }
    Place(place, entry);
  }

  void Sink(std::uint32_t place, const Entry& entry) {
    const auto size = static_cast<std::uint32_t>(heap_.size());
    while (true) {
      const std::uint32_t first = place * kChildren + 1;
      if (first >= size) break;
      const std::uint32_t end = first + kChildren < size ? first + kChildren : size;
      std::uint32_t least = first;
      for (std::uint32_t child = first + 1; child < end; ++child) {
        if (heap_[child].at < heap_[least].at) least = child;
      }
      if (heap_[least].at >= entry.at) break;
      Place(place, heap_[least]);
      place = least;
    }
    Place(place, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> places_;  // by id
};

}  // namespace gophercron::schedule

#endif  // GOPHERCRON_SCHEDULE_DUE_QUEUE_H_
