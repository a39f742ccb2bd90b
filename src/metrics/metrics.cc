#include "metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>
#include <vector>

namespace gophercron::metrics {
namespace {

using prometheus::Histogram;

// Seconds. A start is late by milliseconds; whatever is slower is trouble, and how much matters
// less.
const Histogram::BucketBoundaries kLagBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                              0.25,  0.5,    1,     2.5,  5,     10,   30};
const Histogram::BucketBoundaries kRunBuckets{0.01, 0.1, 1, 10, 60, 300, 1800, 7200, 43200};

double Seconds(microseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

struct Metrics::Impl {
  struct Read {
    prometheus::Gauge* gauge;
    std::function<double()> read;
  };

  prometheus::Registry registry;
  std::mutex reading;
  prometheus::Histogram* lag = nullptr;
  prometheus::Histogram* duration = nullptr;
  prometheus::Family<prometheus::Counter>* outcomes = nullptr;
  prometheus::Counter* output_bytes = nullptr;
  std::vector<Read> reads;

  void Ended(task::Outcome outcome, task::Reason reason, std::int64_t ticks) {
    outcomes
        ->Add({{"outcome", std::string(task::Name(outcome))},
               {"reason", std::string(task::Name(reason))}})
        .Increment(static_cast<double>(ticks));
  }
};

Metrics::Metrics(const std::string& version) : impl_(std::make_unique<Impl>()) {
  prometheus::Registry& registry = impl_->registry;
  prometheus::BuildGauge()
      .Name("gophercron_build_info")
      .Help("The version, as a label.")
      .Register(registry)
      .Add({{"version", version}})
      .Set(1);
  impl_->lag = &prometheus::BuildHistogram()
                    .Name("gophercron_start_lag_seconds")
                    .Help("How long after its planned instant a run of a tick started.")
                    .Register(registry)
                    .Add({}, kLagBuckets);
  impl_->duration = &prometheus::BuildHistogram()
                         .Name("gophercron_run_duration_seconds")
                         .Help("How long commands took.")
                         .Register(registry)
                         .Add({}, kRunBuckets);
  impl_->outcomes = &prometheus::BuildCounter()
                         .Name("gophercron_outcomes_total")
                         .Help("How ticks and manual runs ended, every attempt by itself.")
                         .Register(registry);
  impl_->output_bytes = &prometheus::BuildCounter()
                             .Name("gophercron_output_bytes_total")
                             .Help("What commands wrote, kept or not.")
                             .Register(registry)
                             .Add({});
}

Metrics::~Metrics() = default;

void Metrics::AddGauge(const std::string& name, const std::string& help,
                       std::function<double()> read) {
  auto& gauge = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add({});
  const std::lock_guard lock(impl_->reading);
  impl_->reads.push_back({.gauge = &gauge, .read = std::move(read)});
}

void Metrics::RunStarted(const task::RunRecord& run) {
  // What catches up, waits in a queue or is tried again is late by intent.
  if (run.cause != task::Cause::kTick || run.attempt != 1 || !run.tick || !run.started_at) return;
  impl_->lag->Observe(Seconds(*run.started_at - *run.tick));
}

void Metrics::Output(std::string_view, std::int64_t, std::string_view) {}

void Metrics::RunEnded(const task::RunRecord& run, const task::RunOutput&) {
  impl_->Ended(run.outcome, run.reason, 1);
  impl_->output_bytes->Increment(static_cast<double>(run.output_bytes));
  if (run.started_at && run.ended_at) {
    impl_->duration->Observe(Seconds(*run.ended_at - *run.started_at));
  }
}

void Metrics::TicksEnded(const task::OutcomeSpan& span) {
  impl_->Ended(span.outcome, span.reason, span.count);
}

std::string Metrics::Text() const {
  {
    const std::lock_guard lock(impl_->reading);
    for (const Impl::Read& read : impl_->reads) read.gauge->Set(read.read());
  }
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace gophercron::metrics
