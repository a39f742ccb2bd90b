// How outcomes look in a terminal, the same in every list.
#ifndef GOPHERCRON_CLI_OUTCOME_TEXT_H_
#define GOPHERCRON_CLI_OUTCOME_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

#include "cli/terminal_text.h"
#include "task/run.h"

namespace gophercron::cli {

struct OutcomeLook {
  std::string_view sign;
  std::string_view word;
  Colour colour = Colour::kPlain;
};

OutcomeLook LookOf(task::Outcome outcome);

// "exit 3", "signal 9 (Killed)", "core dumped" where they apply; empty for a success.
std::string EndText(std::optional<int> exit_code, std::optional<int> signal, bool core_dumped);

// What a command that waits for a run exits with: the run's own exit code; 128 + signal; 124 timed
// out; 137 killed; 126 failed to start; 1 for what has no result.
int ExitCodeOf(task::Outcome outcome, std::optional<int> exit_code, std::optional<int> signal);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_OUTCOME_TEXT_H_
