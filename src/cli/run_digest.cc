#include "cli/run_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/outcome_text.h"
#include "cli/terminal_text.h"
#include "cli/time_text.h"

namespace gophercron::cli {
namespace {

constexpr int kNameWidthMax = 36;
constexpr int kOutputWidth = 60;
constexpr int kWordWidth = 9;

bool IsAlarm(task::Outcome outcome) {
  using task::Outcome;
  return outcome != Outcome::kSucceeded && outcome != Outcome::kSkipped &&
         outcome != Outcome::kSuperseded;
}

std::string Padded(std::string text, int width) {
  const int missing = width - DisplayWidth(text);
  if (missing > 0) text.append(static_cast<std::size_t>(missing), ' ');
  return text;
}

std::string PaddedLeft(const std::string& text, int width) {
  const int missing = std::max(0, width - DisplayWidth(text));
  return std::string(static_cast<std::size_t>(missing), ' ') + text;
}

std::string_view FirstLine(std::string_view output) {
  const std::size_t start = output.find_first_not_of("\r\n\t ");
  if (start == std::string_view::npos) return "";
  output.remove_prefix(start);
  return output.substr(0, output.find_first_of("\r\n"));
}

// The ledger's reasons, for somebody who meets them the first time.
std::string_view WordsOf(task::Reason reason) {
  switch (reason) {
    case task::Reason::kNoAgent:
      return "no_agent: no node served it at that time";
    case task::Reason::kAgentDied:
      return "agent_died: its node ended meanwhile";
    case task::Reason::kNotRecorded:
      return "not_recorded: its node died before it wrote down what it did";
    case task::Reason::kCatchUp:
      return "catch_up: older than its catch-up reaches";
    case task::Reason::kRunLimit:
      return "run_limit: as many runs as may go at once were going";
    case task::Reason::kDeadline:
      return "deadline: it could not start in time";
    default:
      return task::Name(reason);
  }
}

// What is worth knowing beyond the outcome: why, how it ended, what it said.
std::string Remark(const RunLine& line) {
  std::string remark;
  const auto add = [&](std::string_view part) {
    if (part.empty()) return;
    if (!remark.empty()) remark += " · ";
    remark += part;
  };
  if (line.ticks > 1) add(fmt::format("{} ticks", line.ticks));
  if (line.outcome == task::Outcome::kFailed) {
    add(EndText(line.exit_code, line.signal, false));
  }
  add(WordsOf(line.reason));
  add(Printable(FirstLine(line.detail)));
  add(Shorten(Printable(FirstLine(line.output)), kOutputWidth));
  return remark;
}

}  // namespace

std::vector<std::string> RunDigest::Add(const RunLine& line, Instant now) {
  std::vector<std::string> out = Advance(now);
  const bool alarm = IsAlarm(line.outcome);
  const bool room = was_full_ ? false : shown_ < options_.lines_max;
  if (room || (alarm && alarms_ < options_.alarms_max)) {
    ++shown_;
    if (!room) ++alarms_;
    out.push_back(Format(line));
    return out;
  }
  counted_ += line.ticks;
  by_outcome_.at(static_cast<std::size_t>(line.outcome)) += line.ticks;
  if (line.lag && lags_us_.size() < kLagsMax) lags_us_.push_back(line.lag->count());
  return out;
}

std::vector<std::string> RunDigest::Advance(Instant now) {
  std::vector<std::string> out;
  const TickInstant second = std::chrono::floor<seconds>(now);
  if (second != second_) {
    CloseSecond(out);
    second_ = second;
  }
  return out;
}

void RunDigest::CloseSecond(std::vector<std::string>& out) {
  if (counted_ > 0) out.push_back(Summary());
  was_full_ = shown_ + counted_ > options_.lines_max;
  shown_ = 0;
  alarms_ = 0;
  counted_ = 0;
  by_outcome_ = {};
  lags_us_.clear();
}

std::string RunDigest::Format(const RunLine& line) {
  const OutcomeLook look = LookOf(line.outcome);
  const std::string name =
      Shorten(Printable(line.project) + " / " + Printable(line.task), kNameWidthMax);
  name_width_ = std::max(name_width_, DisplayWidth(name));
  const std::string duration = line.duration ? DurationText(*line.duration) : "";
  const std::string lag = line.lag ? "+" + DurationText(*line.lag) : "";
  const std::string start = LocalClock(line.at);
  const std::string word =
      fmt::format("{} {}", look.sign, Padded(std::string(look.word), kWordWidth));
  std::string rest = fmt::format("  {}  {}  {}  {}", Padded(name, name_width_),
                                 PaddedLeft(duration, 9), Padded(lag, 8), Remark(line));
  if (options_.columns > 0) {
    const int used = DisplayWidth(start) + 2 + DisplayWidth(word);
    rest = Shorten(rest, std::max(0, options_.columns - used));
  }
  while (rest.ends_with(' ')) rest.pop_back();
  return Paint(start, Colour::kDim, options_.colour) + "  " +
         Paint(word, look.colour, options_.colour) + rest;
}

std::string RunDigest::Summary() const {
  std::string counts;
  Colour colour = Colour::kDim;
  for (std::size_t i = 0; i < by_outcome_.size(); ++i) {
    if (by_outcome_.at(i) == 0) continue;
    const auto outcome = static_cast<task::Outcome>(i);
    if (IsAlarm(outcome)) colour = Colour::kYellow;
    counts +=
        fmt::format("{}{} {}", counts.empty() ? "" : ", ", by_outcome_.at(i), LookOf(outcome).word);
  }
  std::string lag;
  if (!lags_us_.empty()) {
    std::vector<std::int64_t> sorted = lags_us_;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](std::size_t percent) {
      return DurationText(microseconds(sorted[(sorted.size() - 1) * percent / 100]));
    };
    lag = fmt::format(" · started after {} (half), {} (99 %)", at(50), at(99));
  }
  std::string text = fmt::format("  and {} {}: {}{}", counted_,
                                 shown_ > 0 ? "more" : "in this second", counts, lag);
  if (options_.columns > 0) text = Shorten(text, std::max(0, options_.columns - 8));
  return Paint(LocalClock(second_).substr(0, 8), Colour::kDim, options_.colour) +
         Paint(text, colour, options_.colour);
}

}  // namespace gophercron::cli
