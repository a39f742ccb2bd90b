// The program: takes the command line apart and hands over to a command group.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api_commands.h"
#include "cli/client_command.h"
#include "cli/config_command.h"
#include "cli/cron_command.h"
#include "cli/import_command.h"
#include "cli/reference.h"
#include "cli/service_command.h"
#include "cli/standalone.h"

namespace {

// `help task add` asks the same as `task add --help`.
std::vector<std::string> Arguments(int argc, char** argv) {
  std::vector<std::string> given(argv + std::min(argc, 1), argv + argc);
  if (!given.empty() && given.front() == "help") {
    given.erase(given.begin());
    given.emplace_back("--help");
  }
  return given;
}

// For the option of a command that stands before the command.
void HintAtPlace(const std::vector<std::string>& given) {
  for (const std::string_view option : {"--url", "--token", "--data", "--json"}) {
    if (given.empty() || given.front().substr(0, given.front().find('=')) != option) continue;
    std::fputs(fmt::format("gophercron: {} stands after the command: gophercron task list {} …\n",
                           option, option)
                   .c_str(),
               stderr);
  }
}

}  // namespace

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
      "  gophercron help COMMAND                        more about a command");
  gophercron::cli::AddStandaloneCommand(app, &exit_code);
  gophercron::cli::AddServiceCommand(app, &exit_code);
  gophercron::cli::AddClientCommand(app, &exit_code);
  gophercron::cli::AddCronCommand(app, &exit_code);
  gophercron::cli::AddImportCommand(app, &exit_code);
  gophercron::cli::AddApiCommands(app, &exit_code);
  gophercron::cli::AddConfigCommand(app, &exit_code);
  gophercron::cli::AddReferenceCommands(app);

  const std::vector<std::string> given = Arguments(argc, argv);
  try {
    app.parse(std::vector<std::string>(given.rbegin(), given.rend()));  // it takes the last first
  } catch (const CLI::ParseError& problem) {
    // Help and version arrive here as well, with code 0.
    if (app.exit(problem) == 0) return 0;
    HintAtPlace(given);
    return 2;
  }
  return exit_code;
}
