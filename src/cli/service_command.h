// `gophercron service -c FILE`: API and console of a cluster. Stateless; several may run.
#ifndef GOPHERCRON_CLI_SERVICE_COMMAND_H_
#define GOPHERCRON_CLI_SERVICE_COMMAND_H_

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

void AddServiceCommand(CLI::App& app, int* exit_code);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_SERVICE_COMMAND_H_
