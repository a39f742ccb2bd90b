#include "cli/config_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "base/json.h"
#include "cli/cluster_program.h"
#include "config/default_file.h"
#include "config/read.h"

namespace gophercron::cli {
namespace {

struct Options {
  std::string file;
  std::string program;
  bool as_json = false;
};

std::optional<config::Program> ProgramNamed(const std::string& name) {
  if (name == "service") return config::Program::kService;
  if (name == "client") return config::Program::kClient;
  return std::nullopt;
}

json::object ToJson(const config::Finding& finding) {
  return {{"severity", config::Name(finding.severity)},
          {"line", finding.line},
          {"column", finding.column},
          {"key", finding.key},
          {"message", finding.message}};
}

void PrintJson(config::Program program, const config::Reading& reading) {
  json::array findings;
  for (const config::Finding& finding : reading.findings) findings.push_back(ToJson(finding));
  const json::object answer{{"ok", reading.Usable()},
                            {"program", config::Name(program)},
                            {"findings", std::move(findings)}};
  std::cout << json::serialize(answer) << "\n";
}

int RunCheck(const Options& options) {
  const auto text = ReadConfigText(options.file);
  if (!text) {
    std::cerr << fmt::format("gophercron: {}\n", text.error().message);
    return 2;
  }
  auto program = ProgramNamed(options.program);
  if (!program) program = config::GuessProgram(*text);
  if (!program) {
    std::cerr << fmt::format(
        "gophercron: {} may be for the service or for the client; say which with --for\n",
        options.file);
    return 2;
  }
  const config::Reading reading = ReadConfig(*text, *program);
  if (options.as_json) {
    PrintJson(*program, reading);
    return reading.Usable() ? 0 : 1;
  }
  for (const config::Finding& finding : reading.findings) {
    std::cerr << config::Line(options.file, finding) << "\n";
  }
  if (!reading.Usable()) return 1;
  std::cout << fmt::format("{}: a {} can start with it\n", options.file, config::Name(*program));
  return 0;
}

}  // namespace

void AddConfigCommand(CLI::App& app, int* exit_code) {
  CLI::App* const group =
      app.add_subcommand("config", "Check a configuration file, or print one to begin with");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const CLI::IsMember programs({"service", "client"});

  CLI::App* const check =
      group->add_subcommand("check", "Say what is wrong with a file, and where");
  check->add_option("file", options->file, "The TOML file")->required();
  check
      ->add_option("--for", options->program,
                   "service or client (default: told by the keys that only one of them uses)")
      ->check(programs);
  check->add_flag("--json", options->as_json, "Print one JSON object");
  check->footer(
      "Exit code: 0 when a program can start with it, 1 when it has an error, 2 when it can not be "
      "read.");
  check->callback([options, exit_code] { *exit_code = RunCheck(*options); });

  CLI::App* const print =
      group->add_subcommand("print", "Print a default file with every key and what it means");
  print->add_option("program", options->program, "service or client")->required()->check(programs);
  print->callback([options, exit_code] {
    std::cout << config::DefaultFile(*ProgramNamed(options->program));
    *exit_code = 0;
  });
}

}  // namespace gophercron::cli
