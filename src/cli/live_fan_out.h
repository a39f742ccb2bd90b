// Several listeners where an agent knows one.
#ifndef GOPHERCRON_CLI_LIVE_FAN_OUT_H_
#define GOPHERCRON_CLI_LIVE_FAN_OUT_H_

#include <utility>
#include <vector>

#include "agent/live.h"

namespace gophercron::cli {

// The listeners must outlive it. Threads: as LiveSink.
class LiveFanOut final : public agent::LiveSink {
 public:
  explicit LiveFanOut(std::vector<agent::LiveSink*> listeners) : listeners_(std::move(listeners)) {}

  void RunStarted(const task::RunRecord& run) override {
    for (auto* listener : listeners_) listener->RunStarted(run);
  }
  void Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) override {
    for (auto* listener : listeners_) listener->Output(run_id, offset, bytes);
  }
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override {
    for (auto* listener : listeners_) listener->RunEnded(run, output);
  }
  void TicksEnded(const task::OutcomeSpan& span) override {
    for (auto* listener : listeners_) listener->TicksEnded(span);
  }

 private:
  const std::vector<agent::LiveSink*> listeners_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_LIVE_FAN_OUT_H_
