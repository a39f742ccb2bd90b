// The commands that talk to a service over its HTTP API, one file for each resource.
//
// Each adds its group to `app`; when one of its commands runs, *exit_code becomes what the process
// exits with (service_session.h says which codes there are). `exit_code` must outlive the parsing.
#ifndef GOPHERCRON_CLI_API_COMMANDS_H_
#define GOPHERCRON_CLI_API_COMMANDS_H_

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

void AddLoginCommand(CLI::App& app, int* exit_code);
void AddProjectCommand(CLI::App& app, int* exit_code);
void AddTaskCommand(CLI::App& app, int* exit_code);
void AddRunCommand(CLI::App& app, int* exit_code);
void AddNodeCommand(CLI::App& app, int* exit_code);
void AddUserCommand(CLI::App& app, int* exit_code);
void AddMemberCommand(CLI::App& app, int* exit_code);
void AddTokenCommand(CLI::App& app, int* exit_code);
void AddApiCommand(CLI::App& app, int* exit_code);

// All of them.
void AddApiCommands(CLI::App& app, int* exit_code);

// Parts of `task` that have files of their own; `task` is its group.
void AddTaskSaveCommands(CLI::App& task, int* exit_code);   // add, edit
void AddTaskRunCommand(CLI::App& task, int* exit_code);     // run
void AddTaskWhyCommand(CLI::App& task, int* exit_code);     // why
void AddTaskLedgerCommand(CLI::App& task, int* exit_code);  // ledger

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_API_COMMANDS_H_
