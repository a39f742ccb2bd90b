#include "cli/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

namespace gophercron::cli {
namespace {

// Text as roff takes it: no character of it is a command.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

void AppendOption(std::string& out, const CLI::Option& option) {
  const std::string value = option.get_expected_max() > 0 ? " " + option.get_type_name() : "";
  out += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", Roff(option.get_name(false, true)), Roff(value),
                     Roff(option.get_description()));
}

void AppendCommand(std::string& out, const CLI::App& command, const std::string& path) {
  out += fmt::format(".SS {}\n{}.\n", Roff(path), Roff(command.get_description()));
  for (const CLI::Option* option : OptionsOf(command)) AppendOption(out, *option);
  if (const std::string footer = command.get_footer(); !footer.empty()) {
    out += fmt::format(".PP\n.nf\n{}\n.fi\n", Roff(footer));
  }
  for (const CLI::App* below : CommandsOf(command)) {
    AppendCommand(out, *below, path + " " + below->get_name());
  }
}

// One branch for each command: what may follow it.
void AppendBranch(std::string& out, const CLI::App& command, const std::string& path) {
  std::vector<std::string> words;
  for (const CLI::App* below : CommandsOf(command)) words.push_back(below->get_name());
  for (const CLI::Option* option : OptionsOf(command)) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  out += fmt::format("    '{}') words='{}' ;;\n", path, fmt::join(words, " "));
  for (const CLI::App* below : CommandsOf(command)) {
    AppendBranch(out, *below, path + "/" + below->get_name());
  }
}

void AppendPaths(std::string& out, const CLI::App& command, const std::string& path) {
  for (const CLI::App* below : CommandsOf(command)) {
    const std::string at = path + "/" + below->get_name();
    out += (out.empty() ? "" : "|") + at;
    AppendPaths(out, *below, at);
  }
}

}  // namespace

std::string ManPage(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::string out = fmt::format(
      ".TH {} 1\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n.I COMMAND\n[\\fIOPTIONS\\fR]\n",
      Roff(name), Roff(name), Roff(app.get_description()), Roff(name));
  out += ".SH OPTIONS\n";
  for (const CLI::Option* option : OptionsOf(app)) AppendOption(out, *option);
  out += ".SH COMMANDS\n";
  for (const CLI::App* command : CommandsOf(app)) {
    AppendCommand(out, *command, name + " " + command->get_name());
  }
  out += fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", Roff(app.get_footer()));
  return out;
}

std::string BashCompletion(const CLI::App& app) {
  std::string branches;
  AppendBranch(branches, app, "");
  std::string paths;
  AppendPaths(paths, app, "");
  const std::string& name = app.get_name();
  return fmt::format(R"(# bash completion for {0}. Load it with: source <({0} completion bash)
_{0}() {{
  local path='' word words=''
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path/$word" in
      {1}) path="$path/$word" ;;
    esac
  done
  case "$path" in
{2}  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _{0} {0}
)",
                     name, paths, branches);
}

void AddReferenceCommands(CLI::App& app) {
  const CLI::App* described = &app;
  app.add_subcommand("man", "Prints a page for man: gophercron man | man -l -")
      ->callback([described] { std::fputs(ManPage(*described).c_str(), stdout); });
  CLI::App* completion =
      app.add_subcommand("completion", "Prints a script for completion in a shell");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash")->required()->check(CLI::IsMember({"bash"}));
  completion->footer(
      "Examples:\n"
      "  source <(gophercron completion bash)\n"
      "  gophercron completion bash > ~/.local/share/bash-completion/completions/gophercron");
  completion->callback(
      [described, shell] { std::fputs(BashCompletion(*described).c_str(), stdout); });
}

}  // namespace gophercron::cli
