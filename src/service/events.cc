#include "service/events.h"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "coordination/claim.h"

namespace gophercron::service {
namespace {

// A wake function that can be taken away: after Close returns it is not called and not running.
class Waker {
 public:
  explicit Waker(std::function<void()> wake) : wake_(std::move(wake)) {}
  void Wake() {
    const std::lock_guard lock(mutex_);
    if (wake_) wake_();
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
};

struct Listener {
  Listener(std::optional<std::vector<task::ProjectId>> the_projects, std::function<void()> wake)
      : projects(std::move(the_projects)), waker(std::move(wake)) {}

  bool Wants(const Event& event) const {
    return event.kind == Event::Kind::kResync || !projects ||
           std::ranges::binary_search(*projects, event.task.project_id);
  }

  const std::optional<std::vector<task::ProjectId>> projects;
  std::deque<Event> queue;  // guarded by the state's mutex
  Waker waker;
};

// Output of a followed run: pieces in order, with gaps where the middle was not kept.
struct Followed {
  std::deque<OutputPiece> pieces;
  std::size_t bytes = 0;
  std::list<std::shared_ptr<Waker>> wakers;

  std::int64_t End() const {
    if (pieces.empty()) return 0;
    return pieces.back().offset + static_cast<std::int64_t>(pieces.back().bytes.size());
  }

  void Add(std::int64_t offset, std::string_view more, std::size_t bytes_max) {
    // Following begins with what was kept so far, so a second beginning repeats.
    const std::int64_t known = End() - offset;
    if (known > 0) more.remove_prefix(std::min(more.size(), static_cast<std::size_t>(known)));
    if (more.empty()) return;
    pieces.push_back({.offset = std::max(offset, End()), .bytes = std::string(more)});
    bytes += more.size();
    while (bytes > bytes_max && pieces.size() > 1) {
      bytes -= pieces.front().bytes.size();
      pieces.pop_front();
    }
  }

  // Pieces that follow each other without a gap are given as one: where one ends says nothing.
  OutputPiece Read(std::int64_t from, std::size_t limit) const {
    OutputPiece out{.offset = from, .bytes = ""};
    for (const OutputPiece& piece : pieces) {
      const auto size = static_cast<std::int64_t>(piece.bytes.size());
      const auto end = out.offset + static_cast<std::int64_t>(out.bytes.size());
      if (piece.offset + size <= end) continue;
      if (out.bytes.empty()) out.offset = std::max(from, piece.offset);
      const std::int64_t at = std::max(end, out.offset);
      if (piece.offset > at || out.bytes.size() >= limit) break;
      out.bytes +=
          piece.bytes.substr(static_cast<std::size_t>(at - piece.offset), limit - out.bytes.size());
    }
    return out;
  }
};

}  // namespace

struct EventsHub::State {
  mutable std::mutex mutex;
  std::list<std::shared_ptr<Listener>> listeners;
  std::map<std::string, Followed, std::less<>> followed;
  std::deque<std::shared_ptr<const EndedRun>> ended;  // oldest first
  std::map<std::string, std::shared_ptr<const EndedRun>, std::less<>> ended_by_id;
  std::size_t ended_bytes = 0;
  // Not the state's mutex: the source may call back into the hub.
  std::mutex source_mutex;
  agent::LiveSource* source = nullptr;

  bool HasListeners() const {
    const std::lock_guard lock(mutex);
    return !listeners.empty();
  }

  void Publish(const Event& event) {
    std::vector<std::shared_ptr<Listener>> to_wake;
    {
      const std::lock_guard lock(mutex);
      for (const auto& listener : listeners) {
        if (!listener->Wants(event)) continue;
        if (listener->queue.empty()) to_wake.push_back(listener);
        if (listener->queue.size() >= kQueueMax) {
          listener->queue.clear();
          listener->queue.push_back(Event{});
        } else if (listener->queue.size() != 1 ||
                   listener->queue.front().kind != Event::Kind::kResync) {
          listener->queue.push_back(event);
        }
        // After kResync that nobody took yet, more would tell nothing new.
      }
    }
    for (const auto& listener : to_wake) listener->waker.Wake();
  }

  void AskFor(std::string_view run_id, bool on) {
    const std::lock_guard lock(source_mutex);
    if (source != nullptr) source->Follow(run_id, on);
  }

  std::vector<std::shared_ptr<Waker>> WakersOf(std::string_view run_id) const {
    const auto found = followed.find(run_id);
    if (found == followed.end()) return {};
    return {found->second.wakers.begin(), found->second.wakers.end()};
  }
};

namespace {

class SubscriptionImpl final : public EventsHub::Subscription {
 public:
  SubscriptionImpl(std::shared_ptr<EventsHub::State> state, std::shared_ptr<Listener> listener)
      : state_(std::move(state)), listener_(std::move(listener)) {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.push_back(listener_);
  }
  ~SubscriptionImpl() override {
    {
      const std::lock_guard lock(state_->mutex);
      state_->listeners.remove(listener_);
    }
    listener_->waker.Close();
  }

  std::vector<Event> Take() override {
    const std::lock_guard lock(state_->mutex);
    std::vector<Event> out(std::make_move_iterator(listener_->queue.begin()),
                           std::make_move_iterator(listener_->queue.end()));
    listener_->queue.clear();
    return out;
  }

 private:
  std::shared_ptr<EventsHub::State> state_;
  std::shared_ptr<Listener> listener_;
};

class FeedImpl final : public EventsHub::Feed {
 public:
  FeedImpl(std::shared_ptr<EventsHub::State> state, std::string run_id, std::function<void()> wake)
      : state_(std::move(state)),
        run_id_(std::move(run_id)),
        waker_(std::make_shared<Waker>(std::move(wake))) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->followed[run_id_].wakers.push_back(waker_);
    }
    state_->AskFor(run_id_, true);
  }

  ~FeedImpl() override {
    bool last = false;
    {
      const std::lock_guard lock(state_->mutex);
      const auto found = state_->followed.find(run_id_);
      if (found != state_->followed.end()) {
        found->second.wakers.remove(waker_);
        last = found->second.wakers.empty();
        if (last) state_->followed.erase(found);
      }
    }
    if (last) state_->AskFor(run_id_, false);
    waker_->Close();
  }

  OutputPiece Read(std::int64_t from, std::size_t limit) override {
    const std::lock_guard lock(state_->mutex);
    if (const auto& ended = EndedLocked()) {
      return ReadKept(ended->output, ended->record.output_bytes, from, limit);
    }
    const auto found = state_->followed.find(run_id_);
    if (found == state_->followed.end()) return {.offset = from, .bytes = ""};
    return found->second.Read(from, limit);
  }

  std::optional<task::RunRecord> Ended() override {
    const std::lock_guard lock(state_->mutex);
    if (const auto& ended = EndedLocked()) return ended->record;
    return std::nullopt;
  }

 private:
  // Kept here once seen: the hub forgets ended runs.
  const std::shared_ptr<const EndedRun>& EndedLocked() {
    if (!ended_) {
      const auto found = state_->ended_by_id.find(run_id_);
      if (found != state_->ended_by_id.end()) ended_ = found->second;
    }
    return ended_;
  }

  std::shared_ptr<EventsHub::State> state_;
  std::string run_id_;
  std::shared_ptr<Waker> waker_;
  std::shared_ptr<const EndedRun> ended_;
};

}  // namespace

std::string_view Name(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kTaskSaved:
      return "task_saved";
    case Event::Kind::kTaskDeleted:
      return "task_deleted";
    case Event::Kind::kRunStarted:
      return "run_started";
    case Event::Kind::kRunChanged:
      return "run_changed";
    case Event::Kind::kRunEnded:
      return "run_ended";
    case Event::Kind::kTicksEnded:
      return "ticks_ended";
    case Event::Kind::kResync:
      return "resync";
  }
  return "resync";
}

OutputPiece ReadKept(const task::RunOutput& output, std::int64_t output_bytes, std::int64_t from,
                     std::size_t limit) {
  const auto head = static_cast<std::int64_t>(output.head.size());
  const auto tail = static_cast<std::int64_t>(output.tail.size());
  const std::int64_t tail_begin = std::max(head, output_bytes - tail);
  if (from < head) {
    std::string bytes = output.head.substr(static_cast<std::size_t>(from), limit);
    // Nothing is missing between the two: where one ends says nothing.
    if (tail_begin == head) bytes += output.tail.substr(0, limit - bytes.size());
    return {.offset = from, .bytes = std::move(bytes)};
  }
  const std::int64_t at = std::max(from, tail_begin) - tail_begin;
  if (at >= tail) return {.offset = std::max(from, tail_begin), .bytes = ""};
  return {.offset = tail_begin + at,
          .bytes = output.tail.substr(static_cast<std::size_t>(at), limit)};
}

EventsHub::EventsHub(const Ports& ports) : ports_(ports), state_(std::make_shared<State>()) {}
EventsHub::~EventsHub() = default;

void EventsHub::SetLiveSource(agent::LiveSource* source) {
  const std::lock_guard lock(state_->source_mutex);
  state_->source = source;
}

void EventsHub::Start() {
  Watch(true);
  Watch(false);
}

void EventsHub::Stop() {
  task_watch_.reset();
  run_watch_.reset();
}

void EventsHub::Watch(bool tasks) {
  const auto [begin, end] = tasks ? ports_.keys.AllTasks() : ports_.keys.AllRuns();
  (tasks ? task_watch_ : run_watch_) = ports_.coordinator.WatchRange(
      begin, end, 0,
      [this, tasks](const coordination::WatchBatch& batch) { OnBatch(batch, tasks); });
}

void EventsHub::OnBatch(const coordination::WatchBatch& batch, bool tasks) {
  if (batch.lost) {
    state_->Publish(Event{});
    return Watch(tasks);  // ends the one whose call this is: nothing of it is used any more
  }
  if (!state_->HasListeners()) return;
  for (const coordination::WatchEvent& change : batch.events) {
    const auto key = ports_.keys.Parse(change.item.key);
    if (!key) continue;
    const bool put = change.type == coordination::WatchEvent::Type::kPut;
    Event event{
        .kind = {}, .task = key->task, .revision = change.item.mod_revision, .run = {}, .span = {}};
    if (key->family == coordination::Keys::Parsed::Family::kTask) {
      event.kind = put ? Event::Kind::kTaskSaved : Event::Kind::kTaskDeleted;
      state_->Publish(event);
    } else if (put && change.item.mod_revision != change.item.create_revision) {
      auto run = coordination::ParseLiveRun(change.item.value);
      if (!run || !run->kill_requested) continue;
      event.kind = Event::Kind::kRunChanged;
      event.run = std::make_shared<task::RunRecord>(std::move(run->record));
      state_->Publish(event);
    }
  }
}

std::unique_ptr<EventsHub::Subscription> EventsHub::Subscribe(
    std::optional<std::vector<task::ProjectId>> projects, std::function<void()> wake) {
  return std::make_unique<SubscriptionImpl>(
      state_, std::make_shared<Listener>(std::move(projects), std::move(wake)));
}

std::unique_ptr<EventsHub::Feed> EventsHub::Follow(std::string_view run_id,
                                                   std::function<void()> wake) {
  return std::make_unique<FeedImpl>(state_, std::string(run_id), std::move(wake));
}

std::optional<EndedRun> EventsHub::RecentlyEnded(std::string_view run_id) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->ended_by_id.find(run_id);
  if (found == state_->ended_by_id.end()) return std::nullopt;
  return *found->second;
}

void EventsHub::RunStarted(const task::RunRecord& run) {
  bool wanted = false;
  {
    const std::lock_guard lock(state_->mutex);
    wanted = state_->followed.contains(run.run_id);
  }
  // Somebody waited for it before it was there.
  if (wanted) state_->AskFor(run.run_id, true);
  if (!state_->HasListeners()) return;
  state_->Publish({.kind = Event::Kind::kRunStarted,
                   .task = run.task,
                   .revision = 0,
                   .run = std::make_shared<task::RunRecord>(run),
                   .span = {}});
}

void EventsHub::Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) {
  std::vector<std::shared_ptr<Waker>> wakers;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->followed.find(run_id);
    if (found == state_->followed.end()) return;
    found->second.Add(offset, bytes, kFollowedBytesMax);
    wakers = state_->WakersOf(run_id);
  }
  for (const auto& waker : wakers) waker->Wake();
}

void EventsHub::RunEnded(const task::RunRecord& run, const task::RunOutput& output) {
  std::vector<std::shared_ptr<Waker>> wakers;
  {
    auto ended = std::make_shared<const EndedRun>(EndedRun{.record = run, .output = output});
    const std::lock_guard lock(state_->mutex);
    if (!state_->ended_by_id.emplace(run.run_id, ended).second) return;
    state_->ended.push_back(ended);
    state_->ended_bytes += output.head.size() + output.tail.size();
    while (state_->ended.size() > kEndedRunsMax || state_->ended_bytes > kEndedBytesMax) {
      const EndedRun& oldest = *state_->ended.front();
      state_->ended_bytes -= oldest.output.head.size() + oldest.output.tail.size();
      state_->ended_by_id.erase(oldest.record.run_id);
      state_->ended.pop_front();
    }
    wakers = state_->WakersOf(run.run_id);
  }
  for (const auto& waker : wakers) waker->Wake();
  if (!state_->HasListeners()) return;
  state_->Publish({.kind = Event::Kind::kRunEnded,
                   .task = run.task,
                   .revision = 0,
                   .run = std::make_shared<task::RunRecord>(run),
                   .span = {}});
}

void EventsHub::TicksEnded(const task::OutcomeSpan& span) {
  if (!state_->HasListeners()) return;
  state_->Publish({.kind = Event::Kind::kTicksEnded,
                   .task = span.task,
                   .revision = 0,
                   .run = {},
                   .span = std::make_shared<task::OutcomeSpan>(span)});
}

}  // namespace gophercron::service
