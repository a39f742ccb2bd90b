// `gophercron import`: brings over what other programs schedule.
#ifndef GOPHERCRON_CLI_IMPORT_COMMAND_H_
#define GOPHERCRON_CLI_IMPORT_COMMAND_H_

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

// When it runs, *exit_code becomes what the process exits with (service_session.h).
void AddImportCommand(CLI::App& app, int* exit_code);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_IMPORT_COMMAND_H_
