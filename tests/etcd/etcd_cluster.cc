#include "etcd_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace gophercron::testing_etcd {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "tests/etcd: {}\n", why);
  std::abort();
}

// Ports that nobody listens on at this moment, all different.
std::vector<std::uint16_t> FreePorts(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> sockets;
  while (ports.size() < count) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    sockets.push_back(fd);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int fd : sockets) ::close(fd);
  return ports;
}

// Starts a program whose output goes to the returned descriptor. Arguments as they are, no shell.
pid_t Spawn(const std::vector<std::string>& arguments, int& output) {
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output = ends[0];
  return pid;
}

// Runs a program to its end; what it printed, and whether it ended with 0.
std::pair<std::string, bool> RunProgram(const std::vector<std::string>& arguments) {
  int output = -1;
  const pid_t pid = Spawn(arguments, output);
  std::string text;
  char buffer[4'096];
  for (ssize_t got = 0; (got = ::read(output, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(output);
  int status = 0;
  CHECK(::waitpid(pid, &status, 0) == pid);
  return {text, WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

std::string MustRun(const std::vector<std::string>& arguments) {
  auto [text, good] = RunProgram(arguments);
  if (!good) Die(fmt::format("{} failed: {}", fmt::join(arguments, " "), text));
  return text;
}

}  // namespace

class EtcdCluster::Member {
 public:
  Member(std::vector<std::string> arguments, std::uint16_t client_port, std::string data)
      : arguments_(std::move(arguments)), client_port_(client_port), data_(std::move(data)) {}
  ~Member() { Kill(); }

  std::uint16_t client_port() const { return client_port_; }
  const std::string& data() const { return data_; }
  bool running() const { return pid_ > 0; }

  void Start() {
    CHECK(pid_ < 0);
    {
      const std::lock_guard lock(mutex_);
      serving_ = ended_ = false;
    }
    int output = -1;
    pid_ = Spawn(arguments_, output);
    reader_ = std::thread([this, output] { ReadLog(output); });
  }
  // False when it ended instead.
  bool WaitUntilServing() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::minutes(2), [this] { return serving_ || ended_; })) {
      Die("etcd did not come up within two minutes: " + log_);
    }
    return serving_;
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  void Signal(int signal) {
    CHECK(pid_ > 0);
    ::kill(pid_, signal);
  }
  void Kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    CHECK(::waitpid(pid_, nullptr, 0) == pid_);
    reader_.join();
    pid_ = -1;
  }

 private:
  // Drains the log as long as the member lives: a full pipe would stop it.
  void ReadLog(int output) {
    char buffer[16'384];
    for (ssize_t got = 0; (got = ::read(output, buffer, sizeof buffer)) > 0;) {
      const std::lock_guard lock(mutex_);
      log_.append(buffer, static_cast<std::size_t>(got));
      if (log_.find("serving client traffic") != std::string::npos) serving_ = true;
      if (log_.size() > kLogBytes) log_.erase(0, log_.size() - kLogBytes / 2);
      changed_.notify_all();
    }
    ::close(output);
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  static constexpr std::size_t kLogBytes = 64'000;

  std::vector<std::string> arguments_;
  std::uint16_t client_port_;
  std::string data_;
  pid_t pid_ = -1;
  std::thread reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string log_;
  bool serving_ = false;
  bool ended_ = false;
};

std::unique_ptr<EtcdCluster> EtcdCluster::Start(const Options& options) {
  std::unique_ptr<EtcdCluster> cluster(new EtcdCluster());
  // Somebody else may take a port between the choice and the start.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (cluster->StartAll(options)) return cluster;
  }
  Die("etcd ended at once, five times");
}

bool EtcdCluster::StartAll(const Options& options) {
  members_.clear();
  if (!folder_.empty()) fs::remove_all(folder_);
  std::string pattern = (fs::temp_directory_path() / "gophercron_etcd_XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  tls_ = options.tls;
  if (tls_) MakeCertificates();

  const auto ports = FreePorts(options.members * 2);
  const std::string scheme = tls_ ? "https" : "http";
  std::string initial;
  for (std::size_t i = 0; i < options.members; ++i) {
    initial += fmt::format("{}m{}=http://127.0.0.1:{}", i == 0 ? "" : ",", i, ports[2 * i + 1]);
  }
  for (std::size_t i = 0; i < options.members; ++i) {
    const std::string client = fmt::format("{}://127.0.0.1:{}", scheme, ports[2 * i]);
    const std::string peer = fmt::format("http://127.0.0.1:{}", ports[2 * i + 1]);
    const std::string data = fmt::format("{}/m{}", folder_, i);
    fs::create_directory(data);
    fs::permissions(data, fs::perms::owner_all);
    std::vector<std::string> arguments = {
        "etcd", "--name=m" + std::to_string(i), "--data-dir=" + data,
        "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=" + initial,
        // One machine, busy with other tests: short enough to start fast, long enough to stay.
        "--heartbeat-interval=50",
        options.members == 1 ? "--election-timeout=250" : "--election-timeout=500", "--logger=zap",
        "--log-outputs=stderr"};
    if (!options.sync) arguments.emplace_back("--unsafe-no-fsync");
    if (options.quota_bytes != 0) {
      arguments.push_back(fmt::format("--quota-backend-bytes={}", options.quota_bytes));
    }
    if (tls_) {
      arguments.push_back("--cert-file=" + folder_ + "/server.pem");
      arguments.push_back("--key-file=" + folder_ + "/server.key");
      arguments.push_back("--trusted-ca-file=" + folder_ + "/ca.pem");
      arguments.emplace_back("--client-cert-auth");
    }
    members_.push_back(std::make_unique<Member>(std::move(arguments), ports[2 * i], data));
  }
  for (const auto& member : members_) member->Start();
  return std::ranges::all_of(members_,
                             [](const auto& member) { return member->WaitUntilServing(); });
}

EtcdCluster::~EtcdCluster() {
  members_.clear();
  if (!folder_.empty()) fs::remove_all(folder_);
}

void EtcdCluster::MakeCertificates() const {
  const auto file = [this](const char* name) { return folder_ + "/" + name; };
  const auto authority = [&](const char* key, const char* certificate) {
    MustRun({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2", "-subj", "/CN=test authority", "-keyout", file(key), "-out",
             file(certificate)});
  };
  authority("ca.key", "ca.pem");
  authority("other-ca.key", "other-ca.pem");
  std::FILE* extension = std::fopen(file("names.ext").c_str(), "w");
  CHECK(extension != nullptr);
  fmt::print(extension,
             "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
  std::fclose(extension);
  for (const std::string name : {"server", "client"}) {
    MustRun({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-subj", "/CN=" + name, "-keyout", file((name + ".key").c_str()), "-out",
             file((name + ".csr").c_str())});
    MustRun({"openssl", "x509", "-req", "-days", "2", "-in", file((name + ".csr").c_str()), "-CA",
             file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile",
             file("names.ext"), "-out", file((name + ".pem").c_str())});
  }
}

std::vector<std::string> EtcdCluster::endpoints() const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < members_.size(); ++i) found.push_back(endpoint(i));
  return found;
}
std::string EtcdCluster::endpoint(std::size_t member) const {
  return fmt::format("{}127.0.0.1:{}", tls_ ? "https://" : "", port(member));
}
std::uint16_t EtcdCluster::port(std::size_t member) const {
  return members_.at(member)->client_port();
}

void EtcdCluster::Kill(std::size_t member) {
  members_.at(member)->Kill();
}
void EtcdCluster::Restart(std::size_t member, bool wait) {
  members_.at(member)->Start();
  if (wait && !members_[member]->WaitUntilServing()) {
    Die("etcd did not start again: " + members_[member]->log());
  }
}
void EtcdCluster::Freeze(std::size_t member) {
  members_.at(member)->Signal(SIGSTOP);
}
void EtcdCluster::Thaw(std::size_t member) {
  members_.at(member)->Signal(SIGCONT);
}
void EtcdCluster::SaveData(std::size_t member) {
  CHECK(!members_.at(member)->running());
  const std::string& data = members_[member]->data();
  fs::remove_all(data + ".saved");
  fs::copy(data, data + ".saved", fs::copy_options::recursive);
}
void EtcdCluster::RestoreData(std::size_t member) {
  CHECK(!members_.at(member)->running());
  const std::string& data = members_[member]->data();
  fs::remove_all(data);
  fs::copy(data + ".saved", data, fs::copy_options::recursive);
  fs::permissions(data, fs::perms::owner_all);
}

std::vector<std::string> EtcdCluster::ClientFlags(const std::string& endpoints) const {
  std::vector<std::string> flags = {"env", "ETCDCTL_API=3", "etcdctl", "--endpoints=" + endpoints};
  if (tls_) {
    flags.push_back("--cacert=" + folder_ + "/ca.pem");
    flags.push_back("--cert=" + folder_ + "/client.pem");
    flags.push_back("--key=" + folder_ + "/client.key");
  }
  return flags;
}
std::string EtcdCluster::Ctl(const std::vector<std::string>& arguments) {
  auto all = ClientFlags(fmt::format("{}", fmt::join(endpoints(), ",")));
  all.insert(all.end(), arguments.begin(), arguments.end());
  return MustRun(all);
}

std::size_t EtcdCluster::Leader() {
  for (std::size_t i = 0; i < size(); ++i) {
    if (!members_[i]->running()) continue;
    auto all = ClientFlags(endpoint(i));
    all.insert(all.end(), {"endpoint", "status"});
    // endpoint, member, version, size, leads, learner, ...
    const auto [text, good] = RunProgram(all);
    const auto size_end = text.find("B, ");
    if (good && size_end != std::string::npos && text.compare(size_end + 3, 4, "true") == 0) {
      return i;
    }
  }
  Die("no member of etcd leads");
}

}  // namespace gophercron::testing_etcd
