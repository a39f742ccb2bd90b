// What an agent tells about runs while they live, for people who watch. Nothing depends on it: a
// listener that is slow or absent changes no run.
#ifndef GOPHERCRON_AGENT_LIVE_H_
#define GOPHERCRON_AGENT_LIVE_H_

#include <cstdint>
#include <string_view>

#include "task/run.h"

namespace gophercron::agent {

// Threads: called on the agent's threads; Output on another than the rest. Must return at once;
// what it wants to keep it copies.
class LiveSink {
 public:
  virtual ~LiveSink() = default;
  // `run` has no end and no outcome yet.
  virtual void RunStarted(const task::RunRecord& run) = 0;
  // `bytes` of a followed run's output begin at `offset`, counted from its first byte.
  virtual void Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) = 0;
  // `run` as it will stand in the ledger, and what was kept of its output.
  virtual void RunEnded(const task::RunRecord& run, const task::RunOutput& output) = 0;
  // Ticks that ended without a run.
  virtual void TicksEnded(const task::OutcomeSpan& span) = 0;
};

// Where those who watch ask for the output of a run that is going: from then on LiveSink::Output is
// called, beginning with what has been kept so far. Any thread. An id that does not run here is
// ignored.
class LiveSource {
 public:
  virtual ~LiveSource() = default;
  virtual void Follow(std::string_view run_id, bool on) = 0;
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_LIVE_H_
