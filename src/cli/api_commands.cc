#include "cli/api_commands.h"

namespace gophercron::cli {

void AddApiCommands(CLI::App& app, int* exit_code) {
  AddProjectCommand(app, exit_code);
  AddTaskCommand(app, exit_code);
  AddRunCommand(app, exit_code);
  AddNodeCommand(app, exit_code);
  AddLoginCommand(app, exit_code);
  AddUserCommand(app, exit_code);
  AddMemberCommand(app, exit_code);
  AddTokenCommand(app, exit_code);
  AddApiCommand(app, exit_code);
}

}  // namespace gophercron::cli
