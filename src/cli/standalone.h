// `gophercron standalone`: service and agent in one process, on one data folder.
#ifndef GOPHERCRON_CLI_STANDALONE_H_
#define GOPHERCRON_CLI_STANDALONE_H_

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

struct StandaloneOptions {
  std::string data;                       // the folder; made with mode 0700 if absent
  std::string listen = "127.0.0.1:6306";  // port 0: any free one
  std::string zone;  // for tasks that name none; empty: this machine's, kept at first start
  int run_limit = 256;
  bool demo = false;
  std::string notify_url;  // told of trouble; empty: nobody is
  bool quiet = false;      // no line for each run
};

// Runs until SIGINT or SIGTERM, then stops cleanly: running commands get their grace, results are
// kept. A second signal cuts the grace short. Gives the exit code: 0, or 1 with a sentence on
// stderr.
//
// Must be called before any other thread exists: it blocks those signals for the whole process.
int RunStandalone(const StandaloneOptions& options);

void AddStandaloneCommand(CLI::App& app, int* exit_code);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_STANDALONE_H_
