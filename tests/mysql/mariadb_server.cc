#include "tests/mysql/mariadb_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

namespace gophercron::storage::mysql {
namespace {

constexpr int kStartMaxMs = 120'000;

[[noreturn]] void Abort(const std::string& what, const std::string& log) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) std::fprintf(stderr, "  %s\n", line.c_str());
  std::abort();
}

pid_t Spawn(std::vector<std::string> arguments, const std::string& log,
            const std::string& notify_socket) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (!notify_socket.empty()) setenv("NOTIFY_SOCKET", notify_socket.c_str(), 1);
  execvp(argv[0], argv.data());
  _exit(127);
}

void AddUser(std::vector<std::string>* arguments) {
  if (geteuid() == 0) arguments->push_back("--user=root");
}

std::uint16_t FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  close(probe);
  return ntohs(address.sin_port);
}

// True once the server has said that it is ready, as it does to systemd; false when it ended first.
bool WaitReady(int notify, pid_t* process) {
  for (int waited = 0; waited < kStartMaxMs; waited += 100) {
    pollfd wait{.fd = notify, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 100) == 1) {
      char message[4096];
      const ssize_t size = recv(notify, message, sizeof message, 0);
      if (size > 0 && std::string_view(message, static_cast<std::size_t>(size)).find("READY=1") !=
                          std::string_view::npos) {
        return true;
      }
    }
    int status = 0;
    if (waitpid(*process, &status, WNOHANG) == *process) {
      *process = -1;
      return false;
    }
  }
  return false;
}

}  // namespace

MariadbServer::MariadbServer(bool synced) : synced_(synced) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mariadb.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Abort("no folder for a database: " + pattern, "");
  folder_ = pattern;
  Install();
  Restart();
}

MariadbServer::~MariadbServer() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

MariadbServer& MariadbServer::Shared() {
  static MariadbServer server;
  return server;
}

void MariadbServer::Install() {
  const std::string log = folder_ + "/install.log";
  std::vector<std::string> arguments = {"mariadb-install-db",
                                        "--no-defaults",
                                        "--auth-root-authentication-method=normal",
                                        "--skip-test-db",
                                        "--innodb-log-file-size=16M",
                                        "--datadir=" + folder_ + "/data"};
  AddUser(&arguments);
  const pid_t child = Spawn(std::move(arguments), log, "");
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) Abort("mariadb-install-db failed", log);
}

bool MariadbServer::Start() {
  const std::string notify_path = folder_ + "/notify";
  unlink(notify_path.c_str());
  const int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  notify_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(notify, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Abort("the path is too long for a socket: " + notify_path, "");
  }
  std::vector<std::string> arguments = {
      "mariadbd",
      "--no-defaults",
      "--datadir=" + folder_ + "/data",
      "--socket=" + folder_ + "/sock",
      "--pid-file=" + folder_ + "/pid",
      "--port=" + std::to_string(port_),
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      "--performance-schema=off",
      "--innodb-log-file-size=16M",
      synced_ ? "--innodb-buffer-pool-size=512M" : "--innodb-buffer-pool-size=32M",
      synced_ ? "--innodb-flush-log-at-trx-commit=1" : "--innodb-flush-log-at-trx-commit=2"};
  AddUser(&arguments);
  process_ = Spawn(std::move(arguments), folder_ + "/server.log", notify_path);
  const bool ready = WaitReady(notify, &process_);
  close(notify);
  return ready;
}

void MariadbServer::Restart() {
  // Somebody else may take the port between the choice and the start; then the server ends.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (port_ == 0) port_ = FreePort();
    if (Start()) return;
    Kill();
    if (databases_ == 0) port_ = 0;
  }
  Abort("mariadbd did not start", folder_ + "/server.log");
}

void MariadbServer::Kill() {
  if (process_ < 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

Options MariadbServer::OptionsFor(const std::string& database) const {
  Options options;
  options.socket = folder_ + "/sock";
  options.username = "root";
  options.database = database;
  return options;
}

Options MariadbServer::TcpOptionsFor(const std::string& database) const {
  Options options = OptionsFor(database);
  options.socket.clear();
  options.port = port_;
  return options;
}

std::unique_ptr<Session> MariadbServer::Connect(const std::string& database) const {
  auto session = Session::Connect(OptionsFor(database));
  if (!session) Abort(session.error().message, folder_ + "/server.log");
  return std::move(*session);
}

std::string MariadbServer::NewDatabase() {
  const std::string name = "gc" + std::to_string(++databases_);
  // The character set that v1's installations often have.
  const Status made = Connect("")->Exec("CREATE DATABASE " + name +
                                        " CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci");
  if (!made) Abort(made.error().message, folder_ + "/server.log");
  return name;
}

void MariadbServer::Empty(const std::string& database) {
  const auto session = Connect(database);
  std::vector<std::string> tables;
  Status status = session->Query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND "
      "table_name <> 'gc_schema'",
      {}, [&](const sql::Row& row) { tables.push_back(row.Text(0)); });
  for (const std::string& table : tables) {
    if (status) status = session->Exec("DELETE FROM " + table);
  }
  if (status && !tables.empty()) {
    status = session->Exec("INSERT INTO gc_ledger_total VALUES ('output_bytes', 0)");
  }
  if (!status) Abort(status.error().message, folder_ + "/server.log");
}

}  // namespace gophercron::storage::mysql
