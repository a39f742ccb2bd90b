#include "cli/service_command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "cli/cluster_base.h"
#include "cli/cluster_program.h"
#include "cli/housekeeper.h"
#include "cli/live_fan_out.h"
#include "cli/machine.h"
#include "cli/notify_sink.h"
#include "cli/service_host.h"
#include "cli/service_manager.h"
#include "cli/stop_signals.h"
#include "coordination/office.h"
#include "coordination/presence.h"
#include "coordination/service_key.h"
#include "link/follow_keys.h"
#include "metrics/metrics.h"

namespace gophercron::cli {
namespace {

constexpr seconds kPresenceTtl{10};
constexpr seconds kStorePatience{60};
constexpr milliseconds kStorePause{500};

// Everything that runs, in the order in which it is made.
class ServiceProcess {
 public:
  explicit ServiceProcess(config::Config config) : config_(std::move(config)) {}
  ~ServiceProcess() { Stop(); }

  // Waits for the database for a while, as v1's does; signals end that.
  Status Start(const StopSignals& signals) {
    if (!config_.http.tls.cert.empty()) {
      return Fail(ErrorCode::kUnsupported,
                  "[tls] is set, and this version does not serve HTTPS by itself yet: put a proxy "
                  "in front of it and remove [tls]");
    }
    auto base = ClusterBase::Open(config_, "");
    if (!base) return std::unexpected(base.error());
    base_ = std::move(*base);
    store_ = OpenConfiguredStore(config_, true);
    if (Status ready = WaitForStore(signals); !ready) return ready;
    if (Status open = OpenHost(); !open) return open;
    Register();
    return {};
  }

  // Answers what is under way and takes nothing new.
  void Stop() {
    if (!base_) return;
    if (host_) host_->StopListening();
    housekeeper_.reset();
    presence_.reset();
    base_->StopLoop();
    if (host_) host_->StopEvents();
    host_.reset();
  }

 private:
  Status WaitForStore(const StopSignals& signals) {
    const BootTime patience_ends = base_->clock().Boot() + kStorePatience;
    bool told = false;
    while (true) {
      const Status there = store_->Ping();
      if (there) return {};
      if (base_->clock().Boot() > patience_ends) return there;
      if (!std::exchange(told, true)) {
        log::Warning("waiting for the database: {}", there.error().message);
      }
      if (signals.WaitFor(kStorePause)) {
        return Fail(ErrorCode::kUnavailable, "stopped while waiting for the database");
      }
    }
  }

  Status OpenHost() {
    ServiceHostOptions options;
    options.accounts.jwt_secret = config_.accounts.jwt_secret;
    options.accounts.session_ttl = config_.accounts.session_lifetime;
    options.first_password = config_.accounts.initial_password;
    options.cluster_secret = base_->secret();
    auto host = ServiceHost::Open({.coordinator = base_->coordinator(),
                                   .keys = base_->keys(),
                                   .store = *store_,
                                   .clock = base_->clock(),
                                   .random = base_->random()},
                                  std::move(options));
    if (!host) return std::unexpected(host.error());
    host_ = std::move(*host);

    host_->services().SetMetrics({.text = [this] { return metrics_.Text(); },
                                  .content_type = metrics::kContentType,
                                  .token = config_.metrics_token});
    std::vector<agent::LiveSink*> listeners{&host_->services().events(), &metrics_};
    host_->services().intake()->AddListener(metrics_);
    if (!config_.notify.url.empty()) {
      auto notify =
          NotifySink::Make(config_.notify, base_->clock(), [this] { return in_office_.load(); });
      if (!notify) return std::unexpected(notify.error());
      notify_ = std::move(*notify);
      listeners.push_back(notify_.get());
      host_->services().intake()->AddListener(*notify_);
    }
    found_ = std::make_unique<LiveFanOut>(std::move(listeners));

    http::ServerOptions listen;
    listen.address = config_.http.listen.host.empty() ? "0.0.0.0" : config_.http.listen.host;
    listen.port = config_.http.listen.port;
    listen.allowed_hosts = config_.http.allowed_hosts;
    listen.view_path = config_.http.view_path;
    return host_->Listen(std::move(listen));
  }

  // From now on agents and other services find this one.
  void Register() {
    presence_ = std::make_unique<coordination::Presence>(
        base_->loop(), base_->coordinator(), kPresenceTtl,
        [keys = base_->keys()](coordination::LeaseId lease) { return keys.Service(lease); },
        coordination::FormatService({.url = Url(),
                                     .hostname = Hostname(),
                                     .version = GOPHERCRON_VERSION,
                                     .started_at = base_->clock().Now()}));
    follows_ = std::make_unique<link::FollowKeys>(base_->coordinator(), base_->keys(), *presence_);
    host_->services().events().SetLiveSource(follows_.get());
    housekeeper_ = std::make_unique<Housekeeper>(host_->services().ports(), UpkeepChores());
    fmt::print("gophercron {} service on {}\n", GOPHERCRON_VERSION, Url());
    if (const auto& code = host_->sign_in_code()) {
      fmt::print("Sign in, once, with this link: {}/admin/#code={}\n", Url(), *code);
    }
    std::fflush(stdout);
  }

  // One service of all does them.
  Chores UpkeepChores() {
    Chores chores;
    chores.retention.max_age = config_.retention.max_age;
    chores.retention.max_rows_per_task = config_.retention.max_rows_per_task;
    chores.retention.max_output_bytes = config_.retention.max_output_bytes;
    chores.in_office = [this] {
      const auto held = coordination::HoldOffice(base_->coordinator(), base_->keys(),
                                                 coordination::kOfficeUpkeep, presence_->lease());
      if (!held) log::Warning("asking who looks after the cluster: {}", held.error().message);
      in_office_ = held.value_or(false);
      return in_office_.load();
    };
    chores.audit_in = base_->zone();
    chores.listener = found_.get();
    chores.upkeep = &base_->coordinator();
    return chores;
  }

  // As others reach it.
  std::string Url() const {
    if (!config_.http.public_url.empty()) return config_.http.public_url;
    const std::string& host = config_.http.listen.host;
    const bool any = host.empty() || host == "0.0.0.0" || host == "::";
    return any ? fmt::format("http://{}:{}", MachineAddress(), host_->port()) : host_->url();
  }

  const config::Config config_;
  std::unique_ptr<ClusterBase> base_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<coordination::Presence> presence_;
  std::unique_ptr<link::FollowKeys> follows_;
  // Whether this service is the one that looks after the cluster, as of a moment ago.
  std::atomic<bool> in_office_{false};
  metrics::Metrics metrics_{GOPHERCRON_VERSION};
  std::unique_ptr<NotifySink> notify_;
  std::unique_ptr<LiveFanOut> found_;  // who hears what the auditor finds
  std::unique_ptr<ServiceHost> host_;
  std::unique_ptr<Housekeeper> housekeeper_;
};

Status Run(config::Config config, const StopSignals& signals,
           const ClusterProgram::ReadAgain& /*again*/) {
  ServiceProcess service(std::move(config));
  if (Status started = service.Start(signals); !started) return started;
  TellServiceManager(kReady);
  signals.WaitUnlessReload(
      [] { log::Info("SIGHUP: a service reads its configuration at its start only"); });
  TellServiceManager(kStopping);
  service.Stop();
  return {};
}

}  // namespace

void AddServiceCommand(CLI::App& app, int* exit_code) {
  AddClusterProgram(
      app,
      {.program = config::Program::kService,
       .about = "API and console of a cluster (etcd and MySQL)",
       .examples =
           "Examples:\n"
           "  gophercron service --print-config > service.toml\n"
           "  gophercron config check service.toml\n"
           "  gophercron service -c service.toml\n\n"
           "Any number of services may run; agents find them in etcd. SIGTERM stops it cleanly.",
       .run = Run},
      exit_code);
}

}  // namespace gophercron::cli
