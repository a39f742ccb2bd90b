#include "cli/client_command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "agent/spool_split.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "cli/agent_host.h"
#include "cli/cluster_base.h"
#include "cli/cluster_program.h"
#include "cli/data_folder.h"
#include "cli/endpoint.h"
#include "cli/machine.h"
#include "cli/member_clocks.h"
#include "cli/service_manager.h"
#include "cli/stop_signals.h"
#include "coordination/task_value.h"
#include "link/live_uplink.h"
#include "link/remote_ledger.h"
#include "link/service_directory.h"
#include "report/report_sink.h"

namespace gophercron::cli {
namespace {

// Where results go at last: into the ledger, by the file's own database or through the cluster's
// services; and to v1's report_addr beside it when the file names one.
class ResultsOut {
 public:
  ResultsOut(const config::Config& config, ClusterBase& base, link::ServiceDirectory& services)
      : config_(config), base_(base) {
    // v1 does not open the database of a client that has a report_addr.
    if (config.agent.report_addr.empty()) store_ = OpenConfiguredStore(config, false);
    if (store_) {
      ledger_ = store_.get();
    } else {
      remote_ = std::make_unique<link::RemoteLedger>(services, base.secret(), base.clock(),
                                                     base.random());
      ledger_ = remote_.get();
    }
  }
  ~ResultsOut() {
    if (report_) report_->Cancel();
  }
  ResultsOut(const ResultsOut&) = delete;
  ResultsOut& operator=(const ResultsOut&) = delete;

  Status Open(const std::filesystem::path& folder, const std::string& address) {
    if (config_.agent.report_addr.empty()) return {};
    auto ledger_spool = agent::Spool::Open((folder / "spool-ledger.db").string());
    if (!ledger_spool) return std::unexpected(ledger_spool.error());
    ledger_spool_ = std::move(*ledger_spool);
    auto report_spool = agent::Spool::Open((folder / "spool-report.db").string());
    if (!report_spool) return std::unexpected(report_spool.error());
    report_spool_ = std::move(*report_spool);

    auto zone = cron::Zone::Load(cron::MachineZoneName());
    if (!zone) return std::unexpected(zone.error());
    report_ = std::make_unique<report::ReportSink>(
        report::ReportOptions{.url = config_.agent.report_addr, .address = address, .zone = *zone},
        [this](const task::TaskKey& key) { return TaskNow(key); });
    to_ledger_ = std::make_unique<agent::Delivery>(*ledger_spool_, *ledger_);
    to_report_ = std::make_unique<agent::Delivery>(*report_spool_, *report_);
    split_ =
        std::make_unique<agent::SpoolSplit>(*ledger_spool_, *report_spool_, base_.clock(), [this] {
          to_ledger_->Notify();
          to_report_->Notify();
        });
    return {};
  }

  storage::ResultSink& sink() {
    if (split_) return *split_;
    return *ledger_;
  }

 private:
  std::optional<task::Task> TaskNow(const task::TaskKey& key) {
    const auto found = coordination::RangeAndWait(
        base_.coordinator(), {.begin = base_.keys().Task(key), .end = {}}, seconds(2));
    if (!found || found->items.empty()) return std::nullopt;
    auto task = coordination::ParseTask(key, found->items.front());
    if (!task) return std::nullopt;
    return *std::move(task);
  }

  const config::Config& config_;
  ClusterBase& base_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<link::RemoteLedger> remote_;
  storage::ResultSink* ledger_ = nullptr;
  std::unique_ptr<agent::Spool> ledger_spool_;
  std::unique_ptr<agent::Spool> report_spool_;
  std::unique_ptr<report::ReportSink> report_;
  std::unique_ptr<agent::Delivery> to_ledger_;
  std::unique_ptr<agent::Delivery> to_report_;
  std::unique_ptr<agent::SpoolSplit> split_;
};

// Everything that runs, in the order in which it is made.
class ClientProcess {
 public:
  ClientProcess(config::Config config, ClusterProgram::ReadAgain again)
      : config_(std::move(config)),
        again_(std::move(again)),
        folder_(config_.agent.data_dir.empty() ? DefaultDataDirectory() / "client"
                                               : std::filesystem::path(config_.agent.data_dir)),
        address_(config_.agent.address.empty() ? MachineAddress() : config_.agent.address),
        command_umask_(::umask(0077)) {}
  // In the opposite order, with nobody calling back any more.
  ~ClientProcess() {
    if (base_) base_->StopLoop();
  }

  Status Start() {
    if (Status ready = PrepareFolder(folder_); !ready) return ready;
    auto lock = FolderLock::Take(folder_);
    if (!lock) return std::unexpected(lock.error());
    lock_.emplace(std::move(*lock));
    auto base = ClusterBase::Open(config_, (folder_ / "etcd-seen").string());
    if (!base) return std::unexpected(base.error());
    base_ = std::move(*base);

    services_ = std::make_unique<link::ServiceDirectory>(base_->loop(), base_->coordinator(),
                                                         base_->keys());
    results_ = std::make_unique<ResultsOut>(config_, *base_, *services_);
    if (Status open = results_->Open(folder_, address_); !open) return open;
    live_ = std::make_unique<link::LiveUplink>(
        link::LiveUplink::Ports{.loop = base_->loop(),
                                .coordinator = base_->coordinator(),
                                .keys = base_->keys(),
                                .services = *services_,
                                .clock = base_->clock()},
        base_->secret());
    auto agent = AgentHost::Open(AgentOptions(), {.loop = base_->loop(),
                                                  .clock = base_->clock(),
                                                  .random = base_->random(),
                                                  .coordinator = base_->coordinator(),
                                                  .keys = base_->keys(),
                                                  .results = results_->sink(),
                                                  .auditable = nullptr,
                                                  .live = *live_});
    if (!agent) return std::unexpected(agent.error());
    agent_ = std::move(*agent);
    live_->SetSource(agent_->live_source());
    clocks_ = std::make_unique<MemberClocks>(
        config_.etcd, base_->clock(),
        [this](const std::string& source, Instant theirs, BootTime at) {
          agent_->NoteClock(source, theirs, at);
        });
    agent_->Start();
    fmt::print("gophercron {} client {} serves {} projects, data in {}\n", GOPHERCRON_VERSION,
               address_, config_.agent.projects.size(), folder_.string());
    std::fflush(stdout);
    return {};
  }

  // From any thread. A file that can not be used changes nothing.
  void Reload() {
    const auto read = again_();
    if (!read) return log::LogError("not reloaded: {}", read.error().message);
    if (read->agent.report_addr != config_.agent.report_addr ||
        read->etcd.endpoints != config_.etcd.endpoints ||
        read->etcd.prefix != config_.etcd.prefix) {
      log::Warning("a changed report_addr or [etcd] is read at the next start");
    }
    agent_->Change({.duty = DutyOf(*read),
                    .shell = {read->agent.shell, "-c"},
                    .output_limit = static_cast<std::uint64_t>(read->agent.output_limit)});
    log::Info("reloaded: serves {} projects", read->agent.projects.size());
  }

  void Stop(const StopSignals& signals) {
    clocks_.reset();
    agent_->Stop(signals, [] { log::Info("stopping at once"); });
  }

 private:
  static agent::Duty DutyOf(const config::Config& config) {
    return {.all_projects = false,
            .projects = config.agent.projects,
            .weight = config.agent.weight,
            .run_limit = config.agent.run_limit};
  }

  AgentHostOptions AgentOptions() {
    AgentHostOptions options;
    options.folder = folder_;
    options.address = address_;
    options.zone = base_->zone();
    options.duty = DutyOf(config_);
    options.on_reload = [this] { Reload(); };
    options.session_ttl = config_.agent.session_ttl;
    options.shell = {config_.agent.shell, "-c"};
    options.output_limit = static_cast<std::uint64_t>(config_.agent.output_limit);
    options.command_umask = command_umask_;
    return options;
  }

  const config::Config config_;
  const ClusterProgram::ReadAgain again_;
  const std::filesystem::path folder_;
  const std::string address_;
  const mode_t command_umask_;
  std::optional<FolderLock> lock_;
  std::unique_ptr<ClusterBase> base_;
  std::unique_ptr<link::ServiceDirectory> services_;
  std::unique_ptr<ResultsOut> results_;
  std::unique_ptr<link::LiveUplink> live_;
  std::unique_ptr<AgentHost> agent_;
  std::unique_ptr<MemberClocks> clocks_;
};

Status Run(config::Config config, const StopSignals& signals,
           const ClusterProgram::ReadAgain& again) {
  ClientProcess client(std::move(config), again);
  if (Status started = client.Start(); !started) return started;
  TellServiceManager(kReady);
  signals.WaitUnlessReload([&] { client.Reload(); });
  TellServiceManager(kStopping);
  client.Stop(signals);
  return {};
}

}  // namespace

void AddClientCommand(CLI::App& app, int* exit_code) {
  AddClusterProgram(
      app,
      {.program = config::Program::kClient,
       .about = "an agent of a cluster: runs the commands",
       .examples =
           "Examples:\n"
           "  gophercron client --print-config > client.toml\n"
           "  gophercron config check client.toml\n"
           "  gophercron client -c client.toml\n\n"
           "SIGTERM ends its runs with their grace and keeps their results; a second one hurries.\n"
           "SIGHUP reads the file again: projects, weight, run_limit, shell and output_limit.",
       .run = Run},
      exit_code);
}

}  // namespace gophercron::cli
