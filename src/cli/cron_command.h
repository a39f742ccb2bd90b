// `gophercron cron`: asks the schedule engine, without a server.
#ifndef GOPHERCRON_CLI_CRON_COMMAND_H_
#define GOPHERCRON_CLI_CRON_COMMAND_H_

#include <CLI/App.hpp>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gophercron::cli {

// Adds the command group `cron`. When one of its commands runs, *exit_code becomes 0 or 1, or 2 for
// a usage error.
void AddCronCommand(CLI::App& app, int* exit_code);

inline constexpr int kTickCountMax = 1000;

// What `cron next` was asked, on the command line or in a line of --stdin.
struct NextQuestion {
  std::string expr = {};
  // An IANA name.
  std::string zone = {};
  // RFC 3339, or a date and time without offset, which is read in `zone`. Empty for `now`.
  std::string from = {};
  int count = 5;
  // What H is spread by.
  std::string id = {};
};

// One line of --stdin, without its newline, to the line that answers it. Members that the line
// leaves out are those of `defaults`.
std::string AnswerLine(std::string_view line, const NextQuestion& defaults, Instant now);

// Answers every line of `in` with one line on `out`, flushed at once, until `in` ends.
void AnswerLines(std::istream& in, std::ostream& out, const NextQuestion& defaults,
                 const Clock& clock);

// Prints the next ticks as text, or as one JSON object. Returns the exit code.
int PrintNext(const NextQuestion& question, Instant now, bool as_json, std::ostream& out,
              std::ostream& err);

// Returns the exit code.
int PrintExplanation(const std::string& expr, const std::string& id, std::string_view language,
                     std::ostream& out, std::ostream& err);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_CRON_COMMAND_H_
