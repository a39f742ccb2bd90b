// A run's output on its way to a person or a pipe, and the wait for the run's end.
#ifndef GOPHERCRON_CLI_RUN_OUTPUT_H_
#define GOPHERCRON_CLI_RUN_OUTPUT_H_

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/service_session.h"
#include "cli/terminal_text.h"

namespace gophercron::cli {

// Writes output to stdout: bytes as they are into a pipe or a file, made harmless on a terminal.
class OutputWriter {
 public:
  OutputWriter();
  void Write(std::string_view bytes);
  // Says on stderr that a part of it was not kept.
  void Gap(std::int64_t bytes);
  // What is held back, and a line end where a terminal needs one.
  void Finish();

 private:
  bool terminal_;
  bool at_line_start_ = true;
  OutputFilter filter_;
};

// Prints what is kept of an ended run's output, or of a running one's so far.
Status PrintOutput(ServiceSession& session, std::string_view run_id);

// Prints output as it comes until the run has ended; gives the run as it ended.
Result<json::object> FollowOutput(ServiceSession& session, std::string_view run_id);

// Gives the run when it has ended. Shows nothing.
Result<json::object> WaitForEnd(ServiceSession& session, std::string_view run_id);

// "run 01k…  ✗ failed (exit 3) after 1.20 s", on stderr.
void PrintEnd(const json::object& run);

// The process's exit code for an ended run.
int ExitCodeOfRun(const json::object& run);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_RUN_OUTPUT_H_
