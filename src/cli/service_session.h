// What every command over the API shares: its options, how it finds things by name, how it prints,
// and what it exits with.
#ifndef GOPHERCRON_CLI_SERVICE_SESSION_H_
#define GOPHERCRON_CLI_SERVICE_SESSION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/api_client.h"
#include "cli/endpoint.h"
#include "cli/table.h"
#include "task/task.h"

namespace CLI {
class App;
}  // namespace CLI

namespace gophercron::cli {

// Exit codes of every command over the API. `run log -f` and `task run --wait` exit with the run's
// own result instead, once there is one.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // refused, or failed
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitUnreachable = 4;
inline constexpr int kExitNotSignedIn = 5;
int ExitCodeFor(ErrorCode code);

struct SessionOptions {
  EndpointOptions endpoint;
  bool json = false;
};

struct ProjectRef {
  task::ProjectId id = 0;
  std::string title;
};

struct TaskRef {
  ProjectRef project;
  std::string id;
  std::string name;
  // "/api/v2/projects/1/tasks/42"
  std::string Path() const;
};

// One command's conversation with a service. One thread.
class ServiceSession {
 public:
  ServiceSession(Endpoint endpoint, bool json);

  bool json() const { return json_; }
  ApiClient& client() { return client_; }

  Result<ApiResponse> Call(const ApiRequest& request);
  Result<ApiResponse> Get(std::string path) { return Call({.path = std::move(path)}); }
  // The items of a list, page after page, until there are `number` of them (0: all there are).
  Result<json::array> List(const std::string& path, std::size_t number);

  Result<json::array> Projects() { return List("/api/v2/projects", 0); }
  // By id, else by title.
  Result<ProjectRef> FindProject(std::string_view name);
  // By id, else by name, in `project`, or in all that the caller sees when it is empty. kConflict
  // when several have that name.
  Result<TaskRef> FindTask(std::string_view project, std::string_view name);

  // Prints `{"items": […]}`.
  void PrintItems(const json::array& items) const;
  void PrintJson(const json::object& document) const;
  void PrintTable(const Table& table) const;

  // What was sent last: an error's field errors are about its members.
  const json::object& last_body() const { return last_body_; }

 private:
  ApiClient client_;
  bool json_ = false;
  json::object last_body_;
};

// --url, --token, --data and --json.
void AddSessionOptions(CLI::App& command, SessionOptions& options);

// Finds the service, runs `command` and gives the process's exit code; an error is printed.
int RunCommand(const SessionOptions& options,
               const std::function<Result<int>(ServiceSession&)>& command);

// Error and field errors as people read them, on stderr. Where a field error has a place, the text
// of that member of `body` is shown with the place underlined.
void PrintError(const Error& error, const json::object& body);
// For mistakes that CLI11 cannot see.
int UsageError(std::string_view message);

// True when the person at the terminal types y. Without a terminal: false, and it says so.
bool Confirm(std::string_view question);

bool StdoutUsesColour();
void PrintText(std::string_view text);

// Members of an API object, as cells: "" where absent.
std::string TextOf(const json::object& from, std::string_view member);
std::optional<Instant> InstantOf(const json::object& from, std::string_view member);

}  // namespace gophercron::cli

#endif  // GOPHERCRON_CLI_SERVICE_SESSION_H_
