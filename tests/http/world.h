// A service on a folder of its own, listening on a free port, and a client that says exactly what
// it is told to.
#ifndef GOPHERCRON_TESTS_HTTP_WORLD_H_
#define GOPHERCRON_TESTS_HTTP_WORLD_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/folder_lock.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/random.h"
#include "base/time.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "http/server.h"
#include "service/services.h"
#include "storage/sqlite/sqlite_store.h"

namespace gophercron::http {

struct Answer {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;

  json::object Json() const { return json::ParseObject(body).value_or(json::object()); }
  std::string Text(std::string_view member) const {
    const json::object object = Json();
    return std::string(json::String(object, member).value_or(""));
  }
};

// One connection. Blocks; gives up after ten seconds.
class Connection {
 public:
  explicit Connection(std::uint16_t port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Whether the other side took everything.
  bool Send(std::string_view bytes) const;
  // The next answer; status 0 when the other side closed.
  Answer Receive();
  // Reads until `end` was seen or the other side closed; everything since the last call.
  std::string ReadUntil(std::string_view end);
  // True when the other side has closed and sent nothing more.
  bool Closed();

 private:
  bool Fill();
  int fd_;
  std::string buffer_;
};

class World : public testing::Test {
 protected:
  World();
  ~World() override;
  void SetUp() override;
  virtual ServerOptions Options() { return {}; }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  // The exchange must be as the OpenAPI document says.
  // As administrator, unless `token` says otherwise; an empty one is nobody.
  Answer Call(std::string_view method, std::string_view path, std::string_view body = "",
              const Headers& headers = {});
  Answer CallAs(std::string_view token, std::string_view method, std::string_view path,
                std::string_view body = "", const Headers& headers = {});
  static std::string Format(std::string_view token, std::string_view method, std::string_view path,
                            std::string_view body, const Headers& headers);

  // An account with a password, signed in: gives the token.
  std::string NewUser(const std::string& account, const std::string& permission = "user");
  task::ProjectId NewProject(const std::string& title);
  std::string NewTask(task::ProjectId project, const std::string& name);
  void AddMember(task::ProjectId project, const std::string& account, storage::Role role);
  // A node that serves everything and runs nothing.
  void AddNode();
  // Puts what an agent would: a live run of the task.
  void PutLiveRun(const task::RunRecord& run);

  service::Services& services() { return *services_; }
  service::Ports& ports() { return *ports_; }
  Server& server() { return *server_; }

  static constexpr std::string_view kPassword = "correct horse battery";
  std::string admin_;  // a token
  std::string code_;   // the first one-time code

 private:
  std::filesystem::path folder_;
  SystemClock clock_;
  SystemRandom random_;
  Loop loop_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<coordination::EmbeddedCoordinator> coordinator_;
  std::unique_ptr<storage::Store> store_;
  std::optional<service::Ports> ports_;
  std::unique_ptr<service::Services> services_;
  std::unique_ptr<Server> server_;
  std::thread loop_thread_;
};

}  // namespace gophercron::http

#endif  // GOPHERCRON_TESTS_HTTP_WORLD_H_
