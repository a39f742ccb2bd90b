// `gophercron api` and `gophercron events`: what no other command says, as the API says it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "cli/api_commands.h"
#include "cli/service_session.h"

namespace gophercron::cli {
namespace {

struct Options {
  SessionOptions session;
  std::string method;
  std::string path;
  std::string body;
  std::string if_match;
  std::string project;
};

Result<int> Ask(ServiceSession& session, const Options& options) {
  ApiRequest request{.method = options.method, .path = options.path};
  // Short for those who type.
  if (!request.path.starts_with("/")) request.path = "/api/v2/" + request.path;
  if (!options.body.empty()) {
    std::string text = options.body;
    if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
    auto body = json::Parse(text);
    if (!body) return std::unexpected(body.error());
    request.body = *std::move(body);
  }
  request.if_match = options.if_match;
  const auto answer = session.Call(request);
  if (!answer) return std::unexpected(answer.error());
  PrintText(answer->bytes);
  if (!answer->bytes.empty() && !answer->bytes.ends_with('\n')) PrintText("\n");
  return kExitOk;
}

// One line for each, until the service ends the stream or the person does.
Result<int> Follow(ServiceSession& session, const Options& options) {
  std::string path = "/api/v2/events";
  if (!options.project.empty()) {
    const auto project = session.FindProject(options.project);
    if (!project) return std::unexpected(project.error());
    path += fmt::format("?project={}", project->id);
  }
  const Status ended = session.client().Stream(path, "", [](const StreamEvent& event) {
    PrintText(event.data + "\n");
    std::fflush(stdout);  // whoever reads along has it now
    return true;
  });
  if (!ended) return std::unexpected(ended.error());
  return kExitOk;
}

}  // namespace

void AddApiCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* api = app.add_subcommand("api", "Asks the API itself and prints what it answers");
  AddSessionOptions(*api, options->session);
  api->add_option("METHOD", options->method, "GET, POST, PUT, PATCH or DELETE")
      ->required()
      ->check(CLI::IsMember({"GET", "POST", "PUT", "PATCH", "DELETE"}));
  api->add_option("PATH", options->path, "From the slash, or behind /api/v2/")->required();
  api->add_option("--body", options->body, "JSON, or - for standard input");
  api->add_option("--if-match", options->if_match, "An ETag, with its quotes");
  api->footer(
      "Examples:\n"
      "  gophercron api GET openapi.json\n"
      "  gophercron api POST cron/preview --body '{\"cron\":\"@daily\",\"count\":3}'");
  api->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Ask(session, *options); });
  });

  CLI::App* events = app.add_subcommand(
      "events", "What happens to tasks and runs, one JSON object a line, until Ctrl-C");
  AddSessionOptions(*events, options->session);
  events->add_option("-p,--project", options->project, "Only this project, by id or title");
  events->callback([options, exit_code] {
    *exit_code = RunCommand(options->session,
                            [&](ServiceSession& session) { return Follow(session, *options); });
  });
}

}  // namespace gophercron::cli
