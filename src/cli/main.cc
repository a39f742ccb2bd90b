// The program: takes the command line apart and hands over to a command group.
#include <CLI/CLI.hpp>

#include "cli/api_commands.h"
#include "cli/config_command.h"
#include "cli/cron_command.h"
#include "cli/standalone.h"

int main(int argc, char** argv) {
  int exit_code = 0;
  CLI::App app("A distributed crontab that works out of the box.", "gophercron");
  app.set_version_flag("-V,--version", "gophercron " GOPHERCRON_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  gophercron standalone --demo                   service and agent on this machine\n"
      "  gophercron task list                           its tasks\n"
      "  gophercron cron next '*/5 * * * *'             when an expression fires\n"
      "  gophercron cron explain '30 3 * * mon-fri'     what it means\n"
      "  gophercron COMMAND --help                      more about a command");
  gophercron::cli::AddStandaloneCommand(app, &exit_code);
  gophercron::cli::AddCronCommand(app, &exit_code);
  gophercron::cli::AddApiCommands(app, &exit_code);
  gophercron::cli::AddConfigCommand(app, &exit_code);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    // Help and version arrive here as well, with code 0.
    return app.exit(problem) == 0 ? 0 : 2;
  }
  return exit_code;
}
