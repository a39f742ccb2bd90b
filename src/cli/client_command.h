// `gophercron client -c FILE`: an agent of a cluster, on the machine where commands run.
#ifndef GOPHERCRON_CLI_CLIENT_COMMAND_H_
#define GOPHERCRON_CLI_CLIENT_COMMAND_H_

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

void AddClientCommand(CLI::App& app, int* exit_code);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_CLIENT_COMMAND_H_
