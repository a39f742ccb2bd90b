#include "cli/service_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include "cli/terminal_text.h"

namespace gophercron::cli {
namespace {

constexpr std::size_t kPageSize = 200;

// The text of a member of what was sent: "cron" or "catch_up.mode"; empty when it is no text.
std::string SentText(const json::object& body, std::string_view field) {
  const json::object* object = &body;
  for (std::size_t dot = field.find('.'); dot != std::string_view::npos; dot = field.find('.')) {
    object = json::Object(*object, field.substr(0, dot));
    if (object == nullptr) return "";
    field.remove_prefix(dot + 1);
  }
  return std::string(json::String(*object, field).value_or(""));
}

std::string Underlined(const std::string& text, const FieldError& fault, std::string_view indent) {
  if (!fault.offset || *fault.offset > text.size()) return "";
  const std::size_t length = std::min(fault.length.value_or(1), text.size() - *fault.offset);
  const int before = DisplayWidth(Printable(text.substr(0, *fault.offset)));
  const int under = std::max(1, DisplayWidth(Printable(text.substr(*fault.offset, length))));
  return fmt::format("{}{}\n{}{:{}}{:^<{}}\n", indent, Printable(text), indent, "", before, "",
                     under);
}

}  // namespace

int ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
      return kExitNotFound;
    case ErrorCode::kUnavailable:
    case ErrorCode::kOutcomeUnknown:
      return kExitUnreachable;
    case ErrorCode::kUnauthenticated:
      return kExitNotSignedIn;
    default:
      return kExitFailed;
  }
}

std::string TaskRef::Path() const {
  return fmt::format("/api/v2/projects/{}/tasks/{}", project.id, UrlEncode(id));
}

ServiceSession::ServiceSession(Endpoint endpoint, bool json)
    : client_(std::move(endpoint)), json_(json) {}

Result<ApiResponse> ServiceSession::Call(const ApiRequest& request) {
  last_body_ =
      request.body && request.body->is_object() ? request.body->get_object() : json::object();
  return client_.Call(request);
}

Result<json::array> ServiceSession::List(const std::string& path, std::size_t number) {
  json::array items;
  std::string cursor;
  const char first = path.find('?') == std::string::npos ? '?' : '&';
  for (;;) {
    const std::size_t wanted = number == 0 ? kPageSize : std::min(kPageSize, number - items.size());
    std::string page = fmt::format("{}{}limit={}", path, first, wanted);
    if (!cursor.empty()) page += "&cursor=" + UrlEncode(cursor);
    auto answer = Get(std::move(page));
    if (!answer) return std::unexpected(std::move(answer).error());
    const json::array* found = json::Array(answer->body, "items");
    if (found == nullptr) {
      return Fail(ErrorCode::kInternal,
                  fmt::format("the service's answer to {} has no items", path));
    }
    for (const auto& item : *found) {
      if (item.is_object() && (number == 0 || items.size() < number)) items.push_back(item);
    }
    cursor = json::String(answer->body, "next").value_or("");
    if (cursor.empty() || (number != 0 && items.size() >= number)) return items;
  }
}

Result<ProjectRef> ServiceSession::FindProject(std::string_view name) {
  auto projects = Projects();
  if (!projects) return std::unexpected(std::move(projects).error());
  std::optional<ProjectRef> by_title;
  for (const auto& item : *projects) {
    const json::object& project = item.get_object();
    ProjectRef ref{.id = json::Int(project, "project_id").value_or(0),
                   .title = TextOf(project, "title")};
    if (fmt::format("{}", ref.id) == name) return ref;
    if (ref.title == name) by_title = std::move(ref);
  }
  if (by_title) return std::move(*by_title);
  return Fail(ErrorCode::kNotFound,
              fmt::format("there is no project \"{}\" that you may see; `gophercron project list` "
                          "shows them",
                          Printable(name)));
}

Result<TaskRef> ServiceSession::FindTask(std::string_view project, std::string_view name) {
  std::vector<ProjectRef> projects;
  if (!project.empty()) {
    auto found = FindProject(project);
    if (!found) return std::unexpected(std::move(found).error());
    projects.push_back(std::move(*found));
  } else {
    auto all = Projects();
    if (!all) return std::unexpected(std::move(all).error());
    for (const auto& item : *all) {
      projects.push_back({.id = json::Int(item.get_object(), "project_id").value_or(0),
                          .title = TextOf(item.get_object(), "title")});
    }
  }
  std::vector<TaskRef> by_id;
  std::vector<TaskRef> by_name;
  for (const ProjectRef& in : projects) {
    auto tasks = List(fmt::format("/api/v2/projects/{}/tasks", in.id), 0);
    if (!tasks) return std::unexpected(std::move(tasks).error());
    for (const auto& item : *tasks) {
      TaskRef ref{.project = in,
                  .id = TextOf(item.get_object(), "task_id"),
                  .name = TextOf(item.get_object(), "name")};
      if (ref.id == name) by_id.push_back(ref);
      if (ref.name == name) by_name.push_back(std::move(ref));
    }
  }
  const std::vector<TaskRef>& found = by_id.empty() ? by_name : by_id;
  if (found.empty()) {
    return Fail(
        ErrorCode::kNotFound,
        fmt::format("there is no task \"{}\"{} that you may see; `gophercron task list` "
                    "shows them",
                    Printable(name),
                    project.empty() ? "" : fmt::format(" in project {}", Printable(project))));
  }
  if (found.size() == 1) return found.front();
  std::string names;
  for (const TaskRef& ref : found) {
    names += fmt::format("\n  {}  in project {} ({})", ref.id, Printable(ref.project.title),
                         ref.project.id);
  }
  return Fail(
      ErrorCode::kConflict,
      fmt::format("{} tasks are called \"{}\"; name one by its id, with --project where ids "
                  "are equal too:{}",
                  found.size(), Printable(name), names));
}

void ServiceSession::PrintItems(const json::array& items) const {
  PrintJson({{"items", items}});
}

void ServiceSession::PrintJson(const json::object& document) const {
  PrintText(json::serialize(document) + "\n");
}

void ServiceSession::PrintTable(const Table& table) const {
  const int columns = isatty(STDOUT_FILENO) == 1 ? TerminalColumns(STDOUT_FILENO) : 0;
  PrintText(table.Render(columns, StdoutUsesColour()));
}

void AddSessionOptions(CLI::App& command, SessionOptions& options) {
  command
      .add_option("--url", options.endpoint.url,
                  "Address of the service, as http://127.0.0.1:6306 (or GOPHERCRON_URL)")
      ->group("Service");
  command
      .add_option("--token", options.endpoint.token,
                  "Token to show it (better: GOPHERCRON_TOKEN, which `ps` does not show)")
      ->group("Service");
  command
      .add_option("--data", options.endpoint.data,
                  "Data folder of a standalone on this machine (or GOPHERCRON_DATA): needs neither")
      ->group("Service");
  command.add_flag("--json", options.json, "Print JSON; a list is one document {\"items\": [...]}")
      ->group("Service");
}

int RunCommand(const SessionOptions& options,
               const std::function<Result<int>(ServiceSession&)>& command) {
  auto endpoint = FindEndpoint(options.endpoint);
  if (!endpoint) {
    PrintError(endpoint.error(), {});
    return ExitCodeFor(endpoint.error().code);
  }
  ServiceSession session(std::move(*endpoint), options.json);
  const Result<int> done = command(session);
  std::fflush(stdout);
  if (done) return *done;
  PrintError(done.error(), session.last_body());
  if (done.error().code == ErrorCode::kUnauthenticated) {
    std::fputs("  sign in with: gophercron login\n", stderr);
  }
  return ExitCodeFor(done.error().code);
}

void PrintError(const Error& error, const json::object& body) {
  std::string text = "gophercron: ";
  std::string_view message = error.message;
  while (!message.empty()) {  // its own line ends stay; nothing else moves the cursor
    const std::size_t end = message.find('\n');
    text += Printable(message.substr(0, end)) + "\n";
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  }
  for (const FieldError& fault : error.fields) {
    text += fmt::format("  {}{}{}\n", Printable(fault.field), fault.field.empty() ? "" : ": ",
                        Printable(fault.message));
    text += Underlined(SentText(body, fault.field), fault, "    ");
  }
  std::fflush(stdout);
  std::fputs(text.c_str(), stderr);
}

int UsageError(std::string_view message) {
  std::fputs(fmt::format("gophercron: {}\n", message).c_str(), stderr);
  return kExitUsage;
}

bool Confirm(std::string_view question) {
  if (isatty(STDIN_FILENO) != 1) {
    std::fputs(fmt::format("gophercron: {} Nobody is here to ask: repeat it with --yes\n", question)
                   .c_str(),
               stderr);
    return false;
  }
  std::fputs(fmt::format("{} [y/N] ", question).c_str(), stderr);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

bool StdoutUsesColour() {
  static const bool colour = UsesColour(STDOUT_FILENO);
  return colour;
}

void PrintText(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string TextOf(const json::object& from, std::string_view member) {
  const json::value* found = from.if_contains(member);
  if (found == nullptr || found->is_null()) return "";
  if (found->is_string()) return std::string(std::string_view(found->get_string()));
  if (found->is_double()) return fmt::format("{}", found->get_double());
  return json::serialize(*found);
}

std::optional<Instant> InstantOf(const json::object& from, std::string_view member) {
  const auto text = json::String(from, member);
  if (!text) return std::nullopt;
  const auto parsed = ParseRfc3339(*text);
  if (!parsed) return std::nullopt;
  return *parsed;
}

}  // namespace gophercron::cli
