// `gophercron config`: says what is wrong with a configuration file, and prints one to begin with.
// Needs no server.
#ifndef GOPHERCRON_CLI_CONFIG_COMMAND_H_
#define GOPHERCRON_CLI_CONFIG_COMMAND_H_

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

// Adds the command group `config`. When one of its commands runs, *exit_code becomes 0, 1 when the
// file has an error, or 2 when it can not be read at all or nobody can tell what it is for.
void AddConfigCommand(CLI::App& app, int* exit_code);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_CONFIG_COMMAND_H_
