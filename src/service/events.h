// EventsHub: what happens, told to those who watch: changes of tasks, runs as they start and end,
// ticks that ended without a run, and the output of runs that somebody follows.
//
// Nothing waits for a listener. Each has a bounded queue; one that is too slow loses what is in it
// and gets kResync instead, which means: read everything again. Sources: the coordinator's watches
// and the agent (LiveSink).
//
// Threads: any. A wake function is called from threads of the sources; it returns at once, and is
// not called after its subscription or feed is destroyed.
#ifndef GOPHERCRON_SERVICE_EVENTS_H_
#define GOPHERCRON_SERVICE_EVENTS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/live.h"
#include "service/ports.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::service {

struct Event {
  enum class Kind {
    kTaskSaved,
    kTaskDeleted,
    kRunStarted,
    kRunChanged,  // somebody asked for its end
    kRunEnded,
    kTicksEnded,
    kResync,
  };
  Kind kind = Kind::kResync;
  task::TaskKey task;
  task::Revision revision = 0;                    // kTaskSaved, kTaskDeleted
  std::shared_ptr<const task::RunRecord> run;     // kRun...
  std::shared_ptr<const task::OutcomeSpan> span;  // kTicksEnded
};
std::string_view Name(Event::Kind kind);

// A run that has ended and that the store may not have yet.
struct EndedRun {
  task::RunRecord record;
  task::RunOutput output;
};

// A piece of a run's output. Where `offset` is beyond what was asked for, the bytes between were
// not kept.
struct OutputPiece {
  std::int64_t offset = 0;
  std::string bytes;
};
// Of what was kept of an ended run. Empty bytes at the end of it.
OutputPiece ReadKept(const task::RunOutput& output, std::int64_t output_bytes, std::int64_t from,
                     std::size_t limit);

class EventsHub final : public agent::LiveSink {
 public:
  static constexpr std::size_t kQueueMax = 512;
  static constexpr std::size_t kFollowedBytesMax = 256 << 10;  // kept of each followed run
  static constexpr std::size_t kEndedRunsMax = 256;
  static constexpr std::size_t kEndedBytesMax = 8 << 20;

  class Subscription {
   public:
    virtual ~Subscription() = default;
    // Everything that is waiting, oldest first. The wake function is called again for what comes
    // later.
    virtual std::vector<Event> Take() = 0;
  };

  class Feed {
   public:
    virtual ~Feed() = default;
    // What there is at or after `from`; empty bytes: nothing yet.
    virtual OutputPiece Read(std::int64_t from, std::size_t limit) = 0;
    // Set when the run has ended; the rest of its output is Read's.
    virtual std::optional<task::RunRecord> Ended() = 0;
  };

  explicit EventsHub(const Ports& ports);
  ~EventsHub() override;

  // Where output is asked for. May be set late and reset with null; null: output is not live.
  void SetLiveSource(agent::LiveSource* source);
  // Begins to watch the coordinator; Stop before the coordinator goes away.
  void Start();
  void Stop();

  // `projects`: only events of these, ascending; nullopt: all.
  std::unique_ptr<Subscription> Subscribe(std::optional<std::vector<task::ProjectId>> projects,
                                          std::function<void()> wake);
  // The output of a run that goes or will go soon. An unknown run is one that says nothing.
  std::unique_ptr<Feed> Follow(std::string_view run_id, std::function<void()> wake);
  // Runs that ended a moment ago.
  std::optional<EndedRun> RecentlyEnded(std::string_view run_id) const;

  void RunStarted(const task::RunRecord& run) override;
  void Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) override;
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override;
  void TicksEnded(const task::OutcomeSpan& span) override;

  struct State;

 private:
  void Watch(bool tasks);
  void OnBatch(const coordination::WatchBatch& batch, bool tasks);

  Ports ports_;
  std::shared_ptr<State> state_;
  // Each is replaced on the coordinator's loop when it broke.
  std::unique_ptr<coordination::Watch> task_watch_;
  std::unique_ptr<coordination::Watch> run_watch_;
};

}  // namespace gophercron::service

#endif  // GOPHERCRON_SERVICE_EVENTS_H_
