// What the commands `service` and `client` have in common: a program that runs on a configuration
// file until it is told to stop.
#ifndef GOPHERCRON_CLI_CLUSTER_PROGRAM_H_
#define GOPHERCRON_CLI_CLUSTER_PROGRAM_H_

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/stop_signals.h"
#include "config/config.h"
#include "config/read.h"

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

struct ClusterProgram {
  config::Program program = config::Program::kService;
  std::string about;
  std::string examples;
  // Starts, waits for a signal, stops. An error: why it could not start.
  // `again` reads the file once more, for a reload; what is wrong with it goes to stderr.
  using ReadAgain = std::function<Result<config::Config>()>;
  std::function<Status(config::Config, const StopSignals&, const ReadAgain& again)> run;
};

void AddClusterProgram(CLI::App& app, ClusterProgram program, int* exit_code);

// The file's text; kNotFound with a sentence when it can not be read.
Result<std::string> ReadConfigText(const std::string& path);
// config::Read with what the environment adds.
config::Reading ReadConfig(const std::string& text, config::Program program);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_CLUSTER_PROGRAM_H_
