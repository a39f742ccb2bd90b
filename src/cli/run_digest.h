// RunDigest: runs as lines that a person can follow, however many there are.
//
// While a second holds no more than `lines_max` of them, each becomes one line at once. In a fuller
// second the first few that went wrong are still shown; the others are counted, and one line at the
// second's end says how many ended how and how late they started. Pure: time is an argument.
#ifndef GOPHERCRON_CLI_RUN_DIGEST_H_
#define GOPHERCRON_CLI_RUN_DIGEST_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "task/run.h"

namespace gophercron::cli {

// One run that ended, or ticks that ended without one.
struct RunLine {
  Instant at{};  // when it ended
  std::string project = {};
  std::string task = {};
  task::Outcome outcome = task::Outcome::kSucceeded;
  task::Reason reason = task::Reason::kNone;
  std::string detail = {};            // why, where there is a why
  std::int64_t ticks = 1;             // more than one for a span
  std::optional<int> exit_code = {};  // of a failed run
  std::optional<int> signal = {};     // of one that a signal ended
  std::optional<microseconds> duration = {};
  std::optional<microseconds> lag =
      {};                   // from the planned instant to the start; none for manual runs
  std::string output = {};  // how it begins; the first line is shown
};

struct DigestOptions {
  bool colour = false;
  int columns = 0;     // 0: lines are not cut
  int lines_max = 20;  // a second
  int alarms_max = 5;  // of those, in a second that is too full
};

class RunDigest {
 public:
  explicit RunDigest(DigestOptions options) : options_(options) {}

  // Each returns the lines to print now, without line ends. `now` never goes back by more than
  // clocks do; a second that is over is summed up by whichever call comes first.
  std::vector<std::string> Add(const RunLine& line, Instant now);
  std::vector<std::string> Advance(Instant now);

  void SetColumns(int columns) { options_.columns = columns; }

 private:
  static constexpr std::size_t kOutcomes = 9;
  static constexpr std::size_t kLagsMax = 4096;  // kept for the percentiles of one second

  void CloseSecond(std::vector<std::string>& out);
  std::string Format(const RunLine& line);
  std::string Summary() const;

  DigestOptions options_;
  int name_width_ = 30;  // grows with the names that come

  TickInstant second_{};
  bool was_full_ = false;  // the second before: start this one calmly too
  int shown_ = 0;
  int alarms_ = 0;
  std::int64_t counted_ = 0;  // not shown by a line of their own
  std::array<std::int64_t, kOutcomes> by_outcome_{};
  std::vector<std::int64_t> lags_us_;
};

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_RUN_DIGEST_H_
