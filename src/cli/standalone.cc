#include "cli/standalone.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "agent/delivery.h"
#include "agent/driver.h"
#include "agent/spool.h"
#include "base/folder_lock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "cli/data_folder.h"
#include "cli/demo.h"
#include "cli/endpoint.h"
#include "cli/live_fan_out.h"
#include "cli/terminal_view.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "coordination/keys.h"
#include "http/server.h"
#include "process/posix/posix_runner.h"
#include "service/housekeeping.h"
#include "service/services.h"
#include "storage/sqlite/sqlite_store.h"
#include "task/task_json.h"

namespace gophercron::cli {
namespace {

constexpr char kPrefix[] = "/gopher_cron";
constexpr seconds kFlushPatience{5};
constexpr seconds kStopPatience{10};  // after the second signal
constexpr seconds kHousekeepingPeriod{60};
constexpr std::int64_t kHousekeepingRows =
    5'000;  // at a time, so that nothing waits long behind it

// What every command finds in its environment: who it runs as and where programs are, nothing else
// of ours.
std::vector<std::pair<std::string, std::string>> CommandEnvironment() {
  std::vector<std::pair<std::string, std::string>> environment;
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"}) {
    if (const char* value = std::getenv(name)) environment.emplace_back(name, value);
  }
  return environment;
}

// Where commands start that name no folder: the home folder, as crontab has it, where there is one.
std::string CommandFolder() {
  std::error_code ignored;
  const char* home = std::getenv("HOME");
  const bool usable =
      home != nullptr && home[0] == '/' && std::filesystem::is_directory(home, ignored);
  return usable ? home : "/";
}

std::string Hostname() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// "127.0.0.1:6306" or "[::1]:6306".
Result<http::ServerOptions> ParseListen(const std::string& text) {
  const auto colon = text.rfind(':');
  http::ServerOptions options;
  unsigned port = 0;
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    options.address = text.substr(0, colon);
    if (options.address.starts_with('[') && options.address.ends_with(']')) {
      options.address = options.address.substr(1, options.address.size() - 2);
    }
    if (read.ec == std::errc() && read.ptr == end && port <= 65535 && !options.address.empty()) {
      options.port = static_cast<std::uint16_t>(port);
      return options;
    }
  }
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("--listen {}: an IP address and a port are needed, as 127.0.0.1:6306", text));
}

// Signals that mean stop, taken by whoever waits for them and delivered to no thread.
class StopSignals {
 public:
  StopSignals() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::sigaddset(&set_, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
  }
  void Wait() const {
    int taken = 0;
    ::sigwait(&set_, &taken);
  }
  // True when one came within `patience`.
  bool WaitFor(milliseconds patience) const {
    const timespec time{.tv_sec = patience.count() / 1000,
                        .tv_nsec = static_cast<long>(patience.count() % 1000 * 1'000'000)};
    return ::sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
};

// Removes what retention does not keep, a little at a time, on a thread of its own.
class Housekeeper {
 public:
  explicit Housekeeper(service::Ports ports)
      : ports_(std::move(ports)), thread_([this] { Run(); }) {}
  ~Housekeeper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kHousekeepingPeriod, [this] { return stopping_; })) {
      lock.unlock();
      // More than a step takes is left: go on, a step at a time.
      while (Step() == kHousekeepingRows && !Stopping()) {
      }
      lock.lock();
    }
  }

  std::int64_t Step() {
    const auto removed = service::KeepHouse(ports_, storage::Retention(), kHousekeepingRows);
    if (!removed) log::Warning("removing old rows: {}", removed.error().message);
    return removed.value_or(0);
  }

  bool Stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const service::Ports ports_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

// Everything that runs, in the order in which it is made; it is taken down in the opposite order,
// after the loop has stopped.
class Standalone {
 public:
  explicit Standalone(const StandaloneOptions& options)
      : options_(options), folder_(options.data), command_umask_(::umask(0077)) {}

  ~Standalone() {
    StopLoop();
    if (runner_) runner_->Stop(microseconds(0));
    driver_.reset();  // before the runner that its thread may still be in
  }

  Status Start() {
    if (Status ready = PrepareFolder(folder_); !ready) return ready;
    auto lock = FolderLock::Take(folder_);
    if (!lock) return std::unexpected(lock.error());
    lock_.emplace(std::move(*lock));

    if (Status open = OpenStores(); !open) return open;
    loop_thread_ = std::thread([this] { loop_.Run(); });
    if (Status serving = StartServices(); !serving) return serving;
    // The address first: nothing is fired before everything that can fail has worked.
    if (Status listening = StartServer(); !listening) return listening;
    SayHello();
    return StartAgent();
  }

  // Ends every run with its grace and keeps what they left. A further signal cuts the grace short.
  void Stop(const StopSignals& signals) {
    std::error_code ignored;
    std::filesystem::remove(folder_ / "api.json", ignored);
    server_->Stop();
    loop_.Post([this] {
      driver_->Stop([this] {
        const std::lock_guard lock(mutex_);
        agent_stopped_ = true;
      });
    });
    std::optional<BootTime> patience_ends;
    while (!AgentStopped()) {
      if (signals.WaitFor(milliseconds(20)) && !patience_ends) {
        view_->Say("Stopping at once.");
        runner_->Stop(microseconds(0));
        patience_ends = clock_.Boot() + kStopPatience;
      }
      if (patience_ends && clock_.Boot() > *patience_ends) {
        log::Warning(
            "some results could not be written down; their runs are called lost at the next start");
        break;
      }
    }
    runner_->Stop(microseconds(0));
    if (!delivery_->Flush(kFlushPatience)) {
      log::Warning(
          "some results are not in the store yet; they are safe in the spool and follow at "
          "the next start");
    }
    // Both ask the coordinator, which answers on the loop.
    housekeeper_.reset();
    view_->Say("Stopped.");
    StopLoop();
    services_->events().Stop();
  }

  void Say(std::string line) { view_->Say(std::move(line)); }

 private:
  void SayHello() {
    view_->Say(
        fmt::format("gophercron {} on {}, data in {}", GOPHERCRON_VERSION, url_, options_.data));
    if (!sign_in_code_) return;
    view_->Say(
        fmt::format("Sign in, once, with this link: {}/admin/#code={}", url_, *sign_in_code_));
  }

  void StopLoop() {
    if (!loop_thread_.joinable()) return;
    loop_.Stop();
    loop_thread_.join();
  }

  Status OpenStores() {
    auto coordinator = coordination::EmbeddedCoordinator::Open(loop_, *lock_);
    if (!coordinator) return std::unexpected(coordinator.error());
    coordinator_ = std::move(*coordinator);
    auto store = storage::OpenSqliteStore((folder_ / "store.db").string());
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    auto spool = agent::Spool::Open((folder_ / "spool.db").string());
    if (!spool) return std::unexpected(spool.error());
    spool_ = std::move(*spool);
    delivery_ = std::make_unique<agent::Delivery>(*spool_, *store_);
    auto node_id = ReadOrMakeNodeId(folder_, clock_, random_);
    if (!node_id) return std::unexpected(node_id.error());
    node_id_ = std::move(*node_id);
    return {};
  }

  Status StartServices() {
    auto services = service::Services::Open({.coordinator = *coordinator_,
                                             .keys = keys_,
                                             .store = *store_,
                                             .clock = clock_,
                                             .random = random_},
                                            {});
    if (!services) return std::unexpected(services.error());
    services_ = std::move(*services);
    services_->events().Start();
    housekeeper_ = std::make_unique<Housekeeper>(services_->ports());
    view_ = std::make_unique<TerminalView>(
        STDOUT_FILENO, clock_, [this](task::ProjectId project) { return ProjectTitle(project); },
        [this](const task::TaskKey& key) { return TaskName(key); });

    service::FirstPassword first;
    if (const char* password = std::getenv("GOPHERCRON_ADMIN_PASSWORD")) {
      first.from_environment = password;
    }
    auto code = services_->accounts().EnsureAdministrator(first);
    if (!code) return std::unexpected(code.error());
    sign_in_code_ = std::move(*code);
    if (options_.demo) return MakeDemo(*services_);
    return {};
  }

  Status StartAgent() {
    const std::string zone_name = options_.zone.empty() ? cron::MachineZoneName() : options_.zone;
    auto zone = services_->tasks().EnsureClusterZone(zone_name);
    if (!zone) return std::unexpected(zone.error());

    agent::DeciderConfig decider(keys_);
    decider.node_id = node_id_;
    decider.address = Hostname();
    decider.zone = *zone;
    decider.run_limit = options_.run_limit;
    agent::DriverOptions driver(std::move(decider));
    driver.node.node_id = node_id_;
    driver.node.address = Hostname();
    driver.node.hostname = Hostname();
    driver.node.version = GOPHERCRON_VERSION;
    driver.node.all_projects = true;
    driver.node.run_limit = options_.run_limit;
    driver.node.started_at = clock_.Now();
    driver.environment = CommandEnvironment();
    driver.cwd = CommandFolder();
    driver.umask = command_umask_;

    std::vector<agent::LiveSink*> listeners{&services_->events()};
    if (!options_.quiet) listeners.push_back(view_.get());
    live_ = std::make_unique<LiveFanOut>(std::move(listeners));
    driver_ = std::make_unique<agent::Driver>(agent::Driver::Ports{.loop = loop_,
                                                                   .clock = clock_,
                                                                   .random = random_,
                                                                   .coordinator = *coordinator_,
                                                                   .spool = *spool_,
                                                                   .delivery = *delivery_,
                                                                   .store = *store_,
                                                                   .live = *live_},
                                              std::move(driver));
    auto runner = process::PosixRunner::Open({.data_folder = folder_.string()}, *driver_);
    if (!runner) return std::unexpected(runner.error());
    runner_ = std::move(*runner);
    services_->events().SetLiveSource(driver_.get());
    loop_.Post([this] { driver_->Start(*runner_); });
    return {};
  }

  Status StartServer() {
    auto listen = ParseListen(options_.listen);
    if (!listen) return std::unexpected(listen.error());
    auto server = http::Server::Start(std::move(*listen), *services_);
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    url_ = server_->url();
    // Commands on this machine find their way by this file; whoever can read it is the folder's
    // owner.
    auto kept = ReadDataEndpoint(folder_);
    auto token = services_->accounts().MachineToken(kept && *kept ? (*kept)->token : "");
    if (!token) return std::unexpected(token.error());
    return WritePrivateFile(folder_ / "api.json",
                            json::serialize(json::object{{"url", url_}, {"token", *token}}) + "\n");
  }

  std::string ProjectTitle(task::ProjectId project) {
    auto found = store_->ProjectById(project);
    return found ? found->title : std::to_string(project);
  }

  std::string TaskName(const task::TaskKey& key) {
    const auto found =
        coordination::RangeAndWait(*coordinator_, {.begin = keys_.Task(key), .end = {}});
    if (!found || found->items.empty()) return key.task_id;
    const auto stored = json::ParseObject(found->items[0].value);
    const auto task = stored ? task::FromStoredJson(*stored)
                             : Result<task::Task>(std::unexpected(stored.error()));
    return task ? task->name : key.task_id;
  }

  bool AgentStopped() {
    const std::lock_guard lock(mutex_);
    return agent_stopped_;
  }

  const StandaloneOptions options_;
  const std::filesystem::path folder_;
  // What this process writes is for its owner alone; what commands write is as they were used to.
  const mode_t command_umask_;
  const coordination::Keys keys_{kPrefix};
  SystemClock clock_;
  SystemRandom random_;
  Loop loop_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<coordination::EmbeddedCoordinator> coordinator_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<agent::Spool> spool_;
  std::unique_ptr<agent::Delivery> delivery_;
  std::unique_ptr<service::Services> services_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<TerminalView> view_;
  std::unique_ptr<LiveFanOut> live_;
  std::unique_ptr<agent::Driver> driver_;
  std::unique_ptr<process::PosixRunner> runner_;
  std::unique_ptr<http::Server> server_;
  std::string node_id_;
  std::string url_;
  std::optional<std::string> sign_in_code_;
  std::mutex mutex_;
  bool agent_stopped_ = false;
  std::thread loop_thread_;
};

}  // namespace

int RunStandalone(const StandaloneOptions& options) {
  const StopSignals signals;
  Standalone standalone(options);
  if (const Status started = standalone.Start(); !started) {
    fmt::print(stderr, "gophercron standalone: {}\n", started.error().message);
    return 1;
  }
  signals.Wait();
  standalone.Say(
      "Stopping: no new runs; those that are going get their grace. Ctrl-C again ends them now.");
  standalone.Stop(signals);
  return 0;
}

void AddStandaloneCommand(CLI::App& app, int* exit_code) {
  auto* command =
      app.add_subcommand("standalone", "service and agent in one process, on one data folder");
  const auto options = std::make_shared<StandaloneOptions>();
  options->data = DefaultDataDirectory().string();
  command->add_option("--data", options->data, "the data folder")->capture_default_str();
  command
      ->add_option("--listen", options->listen, "address and port of API and console; port 0: any")
      ->capture_default_str();
  command->add_option(
      "--zone", options->zone,
      "time zone of tasks that name none, kept at first start (default: this machine's)");
  command->add_option("--run-limit", options->run_limit, "runs at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  command->add_flag("--demo", options->demo, "make a small demo project");
  command->add_flag("--quiet", options->quiet, "do not print a line for each run");
  command->footer(
      "Examples:\n"
      "  gophercron standalone --demo\n"
      "  gophercron standalone --data /var/lib/gophercron --listen 127.0.0.1:6306 --quiet\n\n"
      "Ctrl-C stops it cleanly. The other commands find it by the same --data.");
  command->callback([options, exit_code] { *exit_code = RunStandalone(*options); });
}

}  // namespace gophercron::cli
