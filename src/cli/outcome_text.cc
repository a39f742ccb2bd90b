#include "cli/outcome_text.h"

#include <fmt/format.h>

#include <cstring>

namespace gophercron::cli {

OutcomeLook LookOf(task::Outcome outcome) {
  using task::Outcome;
  switch (outcome) {
    case Outcome::kSucceeded:
      return {"✓", "succeeded", Colour::kGreen};
    case Outcome::kFailed:
      return {"✗", "failed", Colour::kRed};
    case Outcome::kFailedToStart:
      return {"✗", "failed to start", Colour::kRed};
    case Outcome::kTimedOut:
      return {"✗", "timed out", Colour::kRed};
    case Outcome::kKilled:
      return {"■", "killed", Colour::kYellow};
    case Outcome::kSkipped:
      return {"–", "skipped", Colour::kDim};
    case Outcome::kMissed:
      return {"!", "missed", Colour::kYellow};
    case Outcome::kLost:
      return {"?", "lost", Colour::kRed};
    case Outcome::kSuperseded:
      return {"–", "superseded", Colour::kDim};
  }
  return {"?", "unknown", Colour::kPlain};
}

std::string EndText(std::optional<int> exit_code, std::optional<int> signal, bool core_dumped) {
  if (signal) {
    const char* name = sigdescr_np(*signal);
    return fmt::format("signal {} ({}{})", *signal, name == nullptr ? "unknown" : name,
                       core_dumped ? ", core dumped" : "");
  }
  return exit_code && *exit_code != 0 ? fmt::format("exit {}", *exit_code) : "";
}

int ExitCodeOf(task::Outcome outcome, std::optional<int> exit_code, std::optional<int> signal) {
  using task::Outcome;
  switch (outcome) {
    case Outcome::kSucceeded:
      return 0;
    case Outcome::kFailed:
      if (exit_code && *exit_code != 0) return *exit_code;
      return signal ? 128 + *signal : 1;
    case Outcome::kTimedOut:
      return 124;
    case Outcome::kKilled:
      return 137;
    case Outcome::kFailedToStart:
      return 126;
    default:
      return 1;
  }
}

}  // namespace gophercron::cli
