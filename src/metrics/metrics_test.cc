#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gophercron::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

task::RunRecord Ran(milliseconds lag) {
  task::RunRecord run;
  run.tick = TickInstant(seconds(1'800'000'000));
  run.started_at = Instant(*run.tick) + lag;
  run.ended_at = *run.started_at + seconds(5);
  run.outcome = task::Outcome::kSucceeded;
  run.output_bytes = 12;
  return run;
}

TEST(Metrics, CountsWhatTheAgentTells) {
  Metrics metrics("2.0");
  metrics.RunStarted(Ran(milliseconds(3)));
  metrics.RunStarted(Ran(milliseconds(40)));
  task::RunRecord caught_up = Ran(seconds(3600));
  caught_up.cause = task::Cause::kCatchUp;
  metrics.RunStarted(caught_up);
  metrics.RunEnded(Ran(milliseconds(3)), {});
  task::OutcomeSpan span;
  span.count = 7;
  span.reason = task::Reason::kNoAgent;
  metrics.TicksEnded(span);

  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("gophercron_build_info{version=\"2.0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gophercron_start_lag_seconds_count 2\n"));
  EXPECT_THAT(text, HasSubstr("gophercron_start_lag_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gophercron_run_duration_seconds_bucket{le=\"10\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("gophercron_output_bytes_total 12\n"));
  EXPECT_THAT(text,
              HasSubstr("gophercron_outcomes_total{outcome=\"missed\",reason=\"no_agent\"} 7\n"));
}

TEST(Metrics, GaugesAreReadWhenAskedFor) {
  Metrics metrics("2.0");
  double spool = 3;
  metrics.AddGauge("gophercron_spool_records", "Results on their way.", [&] { return spool; });
  std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP gophercron_spool_records Results on their way.\n"));
  EXPECT_THAT(text, HasSubstr("gophercron_spool_records 3\n"));
  spool = 4;
  text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("gophercron_spool_records 4\n"));
}

// A thousand tasks make no series more than one.
TEST(Metrics, SeriesAreBounded) {
  Metrics metrics("2.0");
  metrics.RunEnded(Ran(milliseconds(1)), {});
  const std::size_t lines = static_cast<std::size_t>(std::ranges::count(metrics.Text(), '\n'));
  for (int i = 0; i < 1'000; ++i) {
    task::RunRecord run = Ran(milliseconds(1));
    run.task = {.project_id = i, .task_id = std::to_string(i)};
    run.node_id = run.run_id = std::to_string(i);
    metrics.RunStarted(run);
    metrics.RunEnded(run, {});
  }
  const std::string text = metrics.Text();
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), lines);
}

}  // namespace
}  // namespace gophercron::metrics
