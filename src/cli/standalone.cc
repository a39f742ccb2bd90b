#include "cli/standalone.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/folder_lock.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/random.h"
#include "cli/agent_host.h"
#include "cli/data_folder.h"
#include "cli/demo.h"
#include "cli/endpoint.h"
#include "cli/housekeeper.h"
#include "cli/live_fan_out.h"
#include "cli/machine.h"
#include "cli/notify_sink.h"
#include "cli/service_host.h"
#include "cli/service_manager.h"
#include "cli/stop_signals.h"
#include "cli/terminal_view.h"
#include "coordination/embedded/embedded_coordinator.h"
#include "coordination/keys.h"
#include "coordination/task_value.h"
#include "metrics/metrics.h"
#include "storage/sqlite/sqlite_store.h"

namespace gophercron::cli {
namespace {

constexpr char kPrefix[] = "/gopher_cron";

// Everything that runs, in the order in which it is made; it is taken down in the opposite order,
// after the loop has stopped.
class Standalone {
 public:
  explicit Standalone(const StandaloneOptions& options)
      : options_(options), folder_(options.data), command_umask_(::umask(0077)) {}

  ~Standalone() { StopLoop(); }

  Status Start() {
    if (Status ready = PrepareFolder(folder_); !ready) return ready;
    auto lock = FolderLock::Take(folder_);
    if (!lock) return std::unexpected(lock.error());
    lock_.emplace(std::move(*lock));

    if (Status open = OpenStores(); !open) return open;
    loop_thread_ = std::thread([this] { loop_.Run(); });
    if (Status serving = StartService(); !serving) return serving;
    // The address first: nothing is fired before everything that can fail has worked.
    if (Status listening = Listen(); !listening) return listening;
    SayHello();
    return StartAgent();
  }

  // Ends every run with its grace and keeps what they left. A further signal cuts the grace short.
  void Stop(const StopSignals& signals) {
    std::error_code ignored;
    std::filesystem::remove(folder_ / "api.json", ignored);
    service_->StopListening();
    agent_->Stop(signals, [this] { view_->Say("Stopping at once."); });
    housekeeper_.reset();
    view_->Say("Stopped.");
    StopLoop();
    service_->StopEvents();
  }

  void Say(std::string line) { view_->Say(std::move(line)); }

 private:
  void SayHello() {
    view_->Say(fmt::format("gophercron {} on {}, data in {}", GOPHERCRON_VERSION, service_->url(),
                           options_.data));
    if (const auto& code = service_->sign_in_code()) {
      view_->Say(
          fmt::format("Sign in, once, with this link: {}/admin/#code={}", service_->url(), *code));
    }
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
    return {};
  }

  Status StartService() {
    auto service = ServiceHost::Open({.coordinator = *coordinator_,
                                      .keys = keys_,
                                      .store = *store_,
                                      .clock = clock_,
                                      .random = random_},
                                     {});
    if (!service) return std::unexpected(service.error());
    service_ = std::move(*service);
    housekeeper_ = std::make_unique<Housekeeper>(service_->services().ports(), Chores{});
    view_ = std::make_unique<TerminalView>(
        STDOUT_FILENO, clock_, [this](task::ProjectId project) { return ProjectTitle(project); },
        [this](const task::TaskKey& key) { return TaskName(key); });
    service_->services().SetMetrics({.text = [this] { return metrics_.Text(); },
                                     .content_type = metrics::kContentType,
                                     .token = {}});
    if (options_.demo) return MakeDemo(service_->services());
    return {};
  }

  Status Listen() {
    auto listen = ParseListen("--listen", options_.listen);
    if (!listen) return std::unexpected(listen.error());
    if (Status listening = service_->Listen(std::move(*listen)); !listening) return listening;
    // Commands on this machine find their way by this file; whoever can read it is the folder's
    // owner.
    auto kept = ReadDataEndpoint(folder_);
    auto token = service_->services().accounts().MachineToken(kept && *kept ? (*kept)->token : "");
    if (!token) return std::unexpected(token.error());
    const json::object endpoint{{"url", service_->url()}, {"token", *token}};
    return WritePrivateFile(folder_ / "api.json", json::serialize(endpoint) + "\n");
  }

  Status StartNotify(std::vector<agent::LiveSink*>* listeners) {
    if (options_.notify_url.empty()) return {};
    config::Notify notify;
    notify.url = options_.notify_url;
    if (const char* secret = std::getenv("GOPHERCRON_NOTIFY_SECRET")) notify.secret = secret;
    auto sink = NotifySink::Make(notify, clock_, [] { return true; });
    if (!sink) return std::unexpected(sink.error());
    notify_ = std::move(*sink);
    listeners->push_back(notify_.get());
    return {};
  }

  Status StartAgent() {
    const std::string zone_name = options_.zone.empty() ? cron::MachineZoneName() : options_.zone;
    auto zone = service_->services().tasks().EnsureClusterZone(zone_name);
    if (!zone) return std::unexpected(zone.error());

    service::EventsHub& events = service_->services().events();
    std::vector<agent::LiveSink*> listeners{&events, &metrics_};
    if (!options_.quiet) listeners.push_back(view_.get());
    if (Status notified = StartNotify(&listeners); !notified) return notified;
    live_ = std::make_unique<LiveFanOut>(std::move(listeners));

    AgentHostOptions options;
    options.folder = folder_;
    options.address = Hostname();
    options.zone = *zone;
    options.duty.run_limit = options_.run_limit;
    options.command_umask = command_umask_;
    auto agent = AgentHost::Open(std::move(options), {.loop = loop_,
                                                      .clock = clock_,
                                                      .random = random_,
                                                      .coordinator = *coordinator_,
                                                      .keys = keys_,
                                                      .results = *store_,
                                                      .auditable = store_.get(),
                                                      .live = *live_});
    if (!agent) return std::unexpected(agent.error());
    agent_ = std::move(*agent);
    metrics_.AddGauge("gophercron_spool_records", "Results that wait for the store.",
                      [this] { return static_cast<double>(agent_->spool().Count()); });
    events.SetLiveSource(&agent_->live_source());
    agent_->Start();
    return {};
  }

  std::string ProjectTitle(task::ProjectId project) {
    auto found = store_->ProjectById(project);
    return found ? found->title : std::to_string(project);
  }

  std::string TaskName(const task::TaskKey& key) {
    const auto found =
        coordination::RangeAndWait(*coordinator_, {.begin = keys_.Task(key), .end = {}});
    if (!found || found->items.empty()) return key.task_id;
    const auto task = coordination::ParseTask(key, found->items.front());
    return task ? task->name : key.task_id;
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
  metrics::Metrics metrics_{GOPHERCRON_VERSION};
  std::unique_ptr<ServiceHost> service_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<TerminalView> view_;
  std::unique_ptr<NotifySink> notify_;
  std::unique_ptr<LiveFanOut> live_;
  std::unique_ptr<AgentHost> agent_;
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
  TellServiceManager(kReady);
  signals.Wait();
  TellServiceManager(kStopping);
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
  command->add_option(
      "--notify-url", options->notify_url,
      "a URL that is told when a task fails, is missed or lost, and when it is well "
      "again; signed with GOPHERCRON_NOTIFY_SECRET");
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
