// Metrics: what is counted and measured, and its text for Prometheus. prometheus-cpp stays behind
// this header.
//
// Every label's values come from an enumeration of ours: how many series there are does not depend
// on projects, tasks or nodes.
//
// Threads: any; counting is cheap enough for a loop. A gauge's function is called by Text, on its
// thread.
#ifndef GOPHERCRON_METRICS_METRICS_H_
#define GOPHERCRON_METRICS_METRICS_H_

#include <functional>
#include <memory>
#include <string>

#include "agent/live.h"
#include "base/result.h"
#include "base/time.h"

namespace gophercron::metrics {

// A LiveSink: it counts what the agent tells.
class Metrics final : public agent::LiveSink {
 public:
  // `version` stands in gophercron_build_info.
  explicit Metrics(const std::string& version);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A value that is asked for when it is read: "gophercron_spool_records". Whatever `read` uses
  // must outlive the last Text.
  void AddGauge(const std::string& name, const std::string& help, std::function<double()> read);

  void RunStarted(const task::RunRecord& run) override;
  void Output(std::string_view run_id, std::int64_t offset, std::string_view bytes) override;
  void RunEnded(const task::RunRecord& run, const task::RunOutput& output) override;
  void TicksEnded(const task::OutcomeSpan& span) override;

  // Everything, in the text format 0.0.4.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace gophercron::metrics

#endif  // GOPHERCRON_METRICS_METRICS_H_
