// NotifySink: hears what agents tell and has somebody told of trouble (notify/notifier.h).
//
// Threads: as LiveSink.
#ifndef GOPHERCRON_CLI_NOTIFY_SINK_H_
#define GOPHERCRON_CLI_NOTIFY_SINK_H_

#include <functional>
#include <memory>

#include "agent/live.h"
#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "notify/channel.h"
#include "notify/notifier.h"

namespace gophercron::cli {

class NotifySink final : public agent::LiveSink {
 public:
  // Requires a URL in `config`. `mine`: whether this process is the one that tells, of several that
  // hear the same. kInvalidArgument: a kind or a task that can not be read. `clock` outlives this.
  static Result<std::unique_ptr<NotifySink>> Make(const config::Notify& config, const Clock& clock,
                                                  std::function<bool()> mine);

  void RunStarted(const task::RunRecord& run) override;
  void Output(std::string_view, std::int64_t, std::string_view) override {}
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override;
  void TicksEnded(const task::OutcomeSpan& span) override;

 private:
  NotifySink(const config::Notify& config, notify::Rules rules, const Clock& clock,
             std::function<bool()> mine);

  const std::function<bool()> mine_;
  notify::HookChannel hook_;
  notify::Notifier notifier_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_NOTIFY_SINK_H_
