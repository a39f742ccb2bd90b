#include "agent/key_follower.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/key_events.h"
#include "base/log.h"

namespace gophercron::agent {
namespace {

using coordination::Revision;

constexpr std::size_t kPageKeys = 1000;
constexpr microseconds kRetryDelay = seconds(1);
constexpr microseconds kRelistDelay = milliseconds(10);
constexpr microseconds kComparePeriod = seconds(60);
// What a watch still has under way arrives within this.
constexpr microseconds kCompareAgain = seconds(5);

}  // namespace

// Kept alive by nobody but its owner: the answers to its calls hold it weakly.
struct KeyFollower::State : std::enable_shared_from_this<State> {
  // A key by its hash: 10,000 tasks have 20,000 keys, whose names would cost more than their tasks.
  using Hash = std::size_t;
  struct Known {
    Revision revision = 0;
    std::uint32_t compared = 0;  // the compare that found it last
  };
  // A key, what the coordinator says of it and what was told of it. 0: it is not there.
  using Difference = std::tuple<Hash, Revision, Revision>;

  State(coordination::Coordinator& the_coordinator, const coordination::Keys& keys,
        Decider& the_decider, Hooks the_hooks)
      : coordinator(the_coordinator),
        decider(the_decider),
        hooks(std::move(the_hooks)),
        spans(DeciderSpans(keys)) {}

  static Hash HashOf(std::string_view key) { return std::hash<std::string_view>()(key); }

  void WakeAfter(microseconds delay, void (State::*what)()) {
    hooks.wake_after(delay, [weak = weak_from_this(), what] {
      if (auto self = weak.lock()) (self.get()->*what)();
    });
  }

  // Asks for a page of spans[at]; answers to a reading that was given up for a newer one are
  // dropped.
  void Ask(std::string begin, bool keys_only,
           void (State::*then)(const coordination::RangeResult&)) {
    coordinator.Range(
        {.begin = std::move(begin),
         .end = spans[at].second,
         .limit = kPageKeys,
         .keys_only = keys_only},
        [weak = weak_from_this(), number = reading, then](Result<coordination::RangeResult> page) {
          const auto self = weak.lock();
          if (!self || self->reading != number) return;
          if (page) return (self.get()->*then)(*page);
          self->OnFailure(page.error());
        });
  }

  void OnFailure(const Error& error) {
    log::Warning("reading the coordinator failed and is tried again: {}", error.message);
    WakeAfter(listed ? kCompareAgain : kRetryDelay, listed ? &State::Compare : &State::List);
  }

  // --- the list, and the watches behind it ---

  void List() {
    listed = false;
    watches.clear();
    known.clear();
    differences.clear();
    decider.OnListBegin();
    ++reading;
    at = 0;
    oldest = 0;
    first_page = true;
    Ask(spans[0].first, false, &State::OnListed);
  }

  void OnListed(const coordination::RangeResult& page) {
    for (const auto& item : page.items) {
      Tell({.type = coordination::WatchEvent::Type::kPut, .item = item});
    }
    // Later pages are read later: what changed in between comes again by the watch, and the decider
    // ignores what is older than what it knows.
    if (std::exchange(first_page, false)) first_revision = page.revision;
    if (oldest == 0) oldest = page.revision;
    if (page.more) return Ask(page.items.back().key + '\0', false, &State::OnListed);
    watches.push_back(coordinator.WatchRange(
        spans[at].first, spans[at].second, first_revision + 1,
        [this](const coordination::WatchBatch& batch) { OnWatched(batch); }));
    first_page = true;
    if (++at < spans.size()) return Ask(spans[at].first, false, &State::OnListed);
    if (lost) return;  // one of these watches is lost already
    listed = true;
    decider.OnListComplete(oldest);
    WakeAfter(kComparePeriod, &State::Compare);
    hooks.told();
  }

  void OnWatched(const coordination::WatchBatch& batch) {
    if (batch.lost) {
      log::Info("the watch of the coordinator was lost; reading it again");
      return ListSoon();
    }
    for (const auto& event : batch.events) Tell(event);
    hooks.told();
  }

  // Not from inside a watch's own call: List destroys it. And once, however many watches are lost.
  void ListSoon() {
    listed = false;
    if (std::exchange(lost, true)) return;
    ++reading;
    WakeAfter(kRelistDelay, &State::ListAgain);
  }

  void ListAgain() {
    lost = false;
    List();
  }

  void Tell(const coordination::WatchEvent& event) {
    const Hash hash = HashOf(event.item.key);
    if (event.type == coordination::WatchEvent::Type::kPut) {
      Known& entry = known[hash];
      entry.revision = std::max(entry.revision, event.item.mod_revision);
    } else {
      known.erase(hash);
    }
    hooks.tell(event);
  }

  // --- the compare ---

  void Compare() {
    ++compares;
    ++reading;
    found.clear();
    at = 0;
    Ask(spans[0].first, true, &State::OnCompared);
  }

  void OnCompared(const coordination::RangeResult& page) {
    for (const auto& item : page.items) {
      const Hash hash = HashOf(item.key);
      const auto entry = known.find(hash);
      const Revision told = entry == known.end() ? 0 : entry->second.revision;
      if (told != item.mod_revision) found.emplace(hash, item.mod_revision, told);
      if (entry != known.end()) entry->second.compared = compares;
    }
    if (page.more) return Ask(page.items.back().key + '\0', true, &State::OnCompared);
    if (++at < spans.size()) return Ask(spans[at].first, true, &State::OnCompared);
    for (const auto& [hash, entry] : known) {
      if (entry.compared != compares) found.emplace(hash, 0, entry.revision);
    }
    Judge();
  }

  void Judge() {
    std::size_t standing = 0;
    for (const Difference& difference : differences) standing += found.count(difference);
    if (standing > 0) {
      log::Warning("{} keys of the coordinator are not as its watch told; everything is read again",
                   standing);
      return ListSoon();
    }
    differences = std::exchange(found, {});
    WakeAfter(differences.empty() ? kComparePeriod : kCompareAgain, &State::Compare);
  }

  coordination::Coordinator& coordinator;
  Decider& decider;
  const Hooks hooks;
  const std::vector<coordination::Keys::Span> spans;

  std::uint64_t reading = 0;  // a list or a compare; one at a time
  std::size_t at = 0;         // of spans
  bool first_page = true;
  Revision first_revision = 0;  // of the first page of this span
  Revision oldest = 0;          // of the first page of all
  bool listed = false;
  bool lost = false;  // a list is to begin
  std::vector<std::unique_ptr<coordination::Watch>> watches;

  std::unordered_map<Hash, Known> known;
  std::uint32_t compares = 0;
  std::set<Difference> found;        // by the compare that is going on
  std::set<Difference> differences;  // by the one before
};

KeyFollower::KeyFollower(coordination::Coordinator& coordinator, const coordination::Keys& keys,
                         Decider& decider, Hooks hooks)
    : state_(std::make_shared<State>(coordinator, keys, decider, std::move(hooks))) {}

KeyFollower::~KeyFollower() = default;

void KeyFollower::Start() {
  state_->List();
}

bool KeyFollower::Listed() const {
  return state_->listed;
}

}  // namespace gophercron::agent
