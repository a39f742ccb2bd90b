#include "world.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

#include "contract.h"
#include "coordination/claim.h"
#include "service/password.h"

namespace gophercron::http {

Connection::Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int failed = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  EXPECT_EQ(failed, 0);
}

Connection::~Connection() {
  ::close(fd_);
}

bool Connection::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::Fill() {
  char piece[65536];
  const ssize_t got = ::recv(fd_, piece, sizeof piece, 0);
  if (got <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(got));
  return true;
}

std::string Connection::ReadUntil(std::string_view end) {
  std::size_t at = buffer_.find(end);
  while (at == std::string::npos && Fill()) at = buffer_.find(end);
  const std::size_t size = at == std::string::npos ? buffer_.size() : at + end.size();
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

bool Connection::Closed() {
  char byte = 0;
  return buffer_.empty() && ::recv(fd_, &byte, 1, 0) == 0;
}

Answer Connection::Receive() {
  Answer answer;
  std::string head = ReadUntil("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::atoi(head.c_str() + 9);
  std::size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    answer.headers[name] = line.substr(colon + 2);
    at = end + 2;
  }
  const auto length = answer.headers.find("content-length");
  if (length == answer.headers.end()) return answer;
  const auto size = static_cast<std::size_t>(std::atoll(length->second.c_str()));
  while (buffer_.size() < size && Fill()) {
  }
  answer.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return answer;
}

World::World() {
  std::string pattern = testing::TempDir() + "http_XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
}

World::~World() {
  if (server_) server_->Stop();
  if (services_) services_->events().Stop();
  if (loop_thread_.joinable()) {
    loop_.Stop();
    loop_thread_.join();
  }
  server_.reset();
  services_.reset();
  coordinator_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::SetUp() {
  auto lock = FolderLock::Take(folder_);
  ASSERT_TRUE(lock.has_value());
  lock_.emplace(*std::move(lock));
  auto coordinator = coordination::EmbeddedCoordinator::Open(loop_, *lock_);
  ASSERT_TRUE(coordinator.has_value());
  coordinator_ = *std::move(coordinator);
  auto store = storage::OpenSqliteStore(folder_ / "store.db");
  ASSERT_TRUE(store.has_value());
  store_ = *std::move(store);
  ports_.emplace(service::Ports{.coordinator = *coordinator_,
                                .keys = coordination::Keys("/gopher_cron"),
                                .store = *store_,
                                .clock = clock_,
                                .random = random_});
  auto services = service::Services::Open(*ports_);
  ASSERT_TRUE(services.has_value());
  services_ = *std::move(services);
  services_->events().Start();
  loop_thread_ = std::thread([this] { loop_.Run(); });
  auto code = services_->accounts().EnsureAdministrator({});
  ASSERT_TRUE(code.has_value() && code->has_value());
  code_ = **code;
  auto token = services_->accounts().MachineToken("");
  ASSERT_TRUE(token.has_value());
  admin_ = *token;
  ServerOptions options = Options();
  options.port = 0;
  auto server = Server::Start(options, *services_);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  server_ = *std::move(server);
}

std::string World::Format(std::string_view token, std::string_view method, std::string_view path,
                          std::string_view body, const Headers& headers) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path);
  if (!token.empty()) out += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty()) {
    out += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  for (const auto& [name, value] : headers) out += fmt::format("{}: {}\r\n", name, value);
  return out + "\r\n" + std::string(body);
}

Answer World::CallAs(std::string_view token, std::string_view method, std::string_view path,
                     std::string_view body, const Headers& headers) {
  Connection connection(server_->port());
  connection.Send(Format(token, method, path, body, headers));
  Answer answer = connection.Receive();
  for (const std::string& fault : Contract::Served().Faults(method, path, body, answer)) {
    ADD_FAILURE() << method << " " << path << " " << answer.status << ": " << fault;
  }
  return answer;
}

Answer World::Call(std::string_view method, std::string_view path, std::string_view body,
                   const Headers& headers) {
  return CallAs(admin_, method, path, body, headers);
}

std::string World::NewUser(const std::string& account, const std::string& permission) {
  storage::User user;
  user.account = account;
  user.name = account;
  user.permission = permission;
  user.password_hash = service::HashPassword(kPassword).value();
  EXPECT_TRUE(store_->CreateUser(user).has_value());
  auto session = services_->accounts().Login(account, kPassword, "192.0.2.1");
  EXPECT_TRUE(session.has_value());
  return session ? session->token : "";
}

task::ProjectId World::NewProject(const std::string& title) {
  const Answer answer = Call("POST", "/api/v2/projects", fmt::format(R"({{"title":"{}"}})", title));
  EXPECT_EQ(answer.status, 201) << answer.body;
  const json::object made = answer.Json();
  return json::Int(made, "project_id").value_or(0);
}

std::string World::NewTask(task::ProjectId project, const std::string& name) {
  const Answer answer =
      Call("POST", fmt::format("/api/v2/projects/{}/tasks", project),
           fmt::format(R"({{"name":"{}","command":"true","cron":"@daily"}})", name));
  EXPECT_EQ(answer.status, 201) << answer.body;
  return answer.Text("task_id");
}

void World::AddMember(task::ProjectId project, const std::string& account, storage::Role role) {
  const auto user = store_->UserByAccount(account);
  ASSERT_TRUE(user.has_value());
  ASSERT_TRUE(store_->PutMember({.project_id = project, .user_id = user->id, .role = role}, {})
                  .has_value());
}

void World::AddNode() {
  coordination::Node node;
  node.node_id = "node";
  node.all_projects = true;
  coordination::Txn txn;
  txn.then = {coordination::Put(ports_->keys.Session(7), coordination::FormatNode(node))};
  ASSERT_TRUE(coordination::CommitAndWait(*coordinator_, txn).has_value());
}

void World::PutLiveRun(const task::RunRecord& run) {
  coordination::LiveRun live;
  live.record = run;
  coordination::Txn txn;
  txn.then = {
      coordination::Put(ports_->keys.Run(run.task, run.run_id), coordination::FormatLiveRun(live))};
  ASSERT_TRUE(coordination::CommitAndWait(*coordinator_, txn).has_value());
}

}  // namespace gophercron::http
