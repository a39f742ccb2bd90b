#include "cli/cluster_program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "base/log.h"
#include "config/default_file.h"

namespace gophercron::cli {
namespace {

// Keys that the file may hold and that this version reads and does nothing with.
void TellWhatIsNotDone(const config::Config& config, config::Program program) {
  const bool service = program == config::Program::kService;
  const auto tell = [](bool set, std::string_view what) {
    if (set) log::Warning("{}: this version does not act on it yet", what);
  };
  tell(!config.notify.command.empty(), "[notify] command");
  tell(!config.agent.labels.empty(), "[agent] labels");
  tell(service && !config.http.trusted_proxies.empty(), "[http] trusted_proxies");
  tell(config.log.json, "[log] format");
}

// Says on stderr what is wrong with the file, each with its place.
Result<config::Config> LoadConfig(const std::string& path, config::Program program) {
  const auto text = ReadConfigText(path);
  if (!text) return std::unexpected(text.error());
  config::Reading reading = ReadConfig(*text, program);
  for (const config::Finding& finding : reading.findings) {
    fmt::print(stderr, "{}\n", config::Line(path, finding));
  }
  if (!reading.Usable()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} has errors, which stand above", path));
  }
  log::SetLevel(reading.config.log.level);
  TellWhatIsNotDone(reading.config, program);
  return std::move(reading.config);
}

int Run(const ClusterProgram& program, const std::string& file) {
  const StopSignals signals;
  auto config = LoadConfig(file, program.program);
  const bool unread = !config && config.error().code == ErrorCode::kNotFound;
  const auto again = [&] { return LoadConfig(file, program.program); };
  const Status ended = config ? program.run(*std::move(config), signals, again)
                              : Status(std::unexpected(config.error()));
  if (ended) return 0;
  fmt::print(stderr, "gophercron {}: {}\n", config::Name(program.program), ended.error().message);
  return unread ? 2 : 1;
}

}  // namespace

Result<std::string> ReadConfigText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (file) return text.str();
  return Fail(ErrorCode::kNotFound,
              fmt::format("{} can not be read: {}", path, std::strerror(errno)));
}

config::Reading ReadConfig(const std::string& text, config::Program program) {
  config::Surroundings surroundings;
  if (const char* port = std::getenv("PORT")) surroundings.port = port;
  return config::Read(text, program, surroundings);
}

void AddClusterProgram(CLI::App& app, ClusterProgram program, int* exit_code) {
  struct Options {
    std::string file;
    std::string log_level;
    bool print_config = false;
  };
  const std::string name(config::Name(program.program));
  auto* command = app.add_subcommand(name, program.about);
  const auto options = std::make_shared<Options>();
  options->file = fmt::format("./config/{}-config-default.toml", name);
  command
      ->add_option("-c,--config", options->file, "the TOML file; GopherCron v1's works unchanged")
      ->capture_default_str();
  command->add_flag("--print-config", options->print_config,
                    "print a file with every key and what it means, and end");
  command->add_option("-l,--log-level", options->log_level, "as in v1: ignored, the file says it");
  command->footer(program.examples);
  command->callback([options, exit_code, program = std::move(program)] {
    if (options->print_config) {
      std::cout << config::DefaultFile(program.program);
      return;
    }
    *exit_code = Run(program, options->file);
  });
}

}  // namespace gophercron::cli
