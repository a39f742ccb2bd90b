#include "cli/agent_host.h"

#include <cstdlib>
#include <optional>

#include "base/log.h"
#include "cli/data_folder.h"
#include "cli/machine.h"

namespace gophercron::cli {
namespace {

constexpr seconds kFlushPatience{5};
constexpr seconds kStopPatience{10};  // after the second signal

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

}  // namespace

Result<std::unique_ptr<AgentHost>> AgentHost::Open(AgentHostOptions options, const Ports& ports) {
  std::unique_ptr<AgentHost> host(new AgentHost(std::move(options), ports));
  if (Status made = host->Make(); !made) return std::unexpected(made.error());
  return host;
}

AgentHost::~AgentHost() {
  if (runner_) runner_->Stop(microseconds(0));
  driver_.reset();  // before the runner that its thread may still be in
}

Status AgentHost::Make() {
  auto spool = agent::Spool::Open((options_.folder / "spool.db").string());
  if (!spool) return std::unexpected(spool.error());
  spool_ = std::move(*spool);
  delivery_ = std::make_unique<agent::Delivery>(*spool_, ports_.results);
  auto node_id = ReadOrMakeNodeId(options_.folder, ports_.clock, ports_.random);
  if (!node_id) return std::unexpected(node_id.error());

  driver_ = std::make_unique<agent::Driver>(agent::Driver::Ports{.loop = ports_.loop,
                                                                 .clock = ports_.clock,
                                                                 .random = ports_.random,
                                                                 .coordinator = ports_.coordinator,
                                                                 .spool = *spool_,
                                                                 .delivery = *delivery_,
                                                                 .auditable = ports_.auditable,
                                                                 .live = ports_.live},
                                            DriverOptionsFor(*node_id));
  auto runner = process::PosixRunner::Open({.data_folder = options_.folder.string()}, *driver_);
  if (!runner) return std::unexpected(runner.error());
  runner_ = std::move(*runner);
  return {};
}

agent::DriverOptions AgentHost::DriverOptionsFor(const std::string& node_id) const {
  agent::DeciderConfig decider(ports_.keys);
  decider.node_id = node_id;
  decider.address = options_.address;
  decider.zone = options_.zone;
  decider.duty = options_.duty;

  agent::DriverOptions driver(std::move(decider));
  driver.node.node_id = node_id;
  driver.node.address = options_.address;
  driver.node.hostname = Hostname();
  driver.node.version = GOPHERCRON_VERSION;
  driver.node.started_at = ports_.clock.Now();
  driver.session_ttl = options_.session_ttl;
  driver.shell = options_.shell;
  driver.environment = CommandEnvironment();
  driver.output_limit = options_.output_limit;
  driver.cwd = CommandFolder();
  driver.umask = options_.command_umask;
  driver.on_reload = options_.on_reload;
  return driver;
}

void AgentHost::Start() {
  ports_.loop.Post([this] { driver_->Start(*runner_); });
}

void AgentHost::NoteClock(const std::string& source, Instant theirs, BootTime at) {
  ports_.loop.Post([this, source, theirs, at] { driver_->NoteClock(source, theirs, at); });
}

void AgentHost::Change(agent::Driver::Changes changes) {
  ports_.loop.Post(
      [this, given = std::move(changes)]() mutable { driver_->Change(std::move(given)); });
}

bool AgentHost::Stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void AgentHost::Stop(const StopSignals& signals, const std::function<void()>& on_hurry) {
  ports_.loop.Post([this] {
    driver_->Stop([this] {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    });
  });
  std::optional<BootTime> patience_ends;
  while (!Stopped()) {
    if (signals.WaitFor(milliseconds(20)) && !patience_ends) {
      on_hurry();
      runner_->Stop(microseconds(0));
      patience_ends = ports_.clock.Boot() + kStopPatience;
    }
    if (patience_ends && ports_.clock.Boot() > *patience_ends) {
      log::Warning(
          "some results could not be written down; their runs are called lost at the next start");
      break;
    }
  }
  runner_->Stop(microseconds(0));
  if (!delivery_->Flush(kFlushPatience)) {
    log::Warning(
        "some results are not in the store yet; they are safe in the spool and follow at the next "
        "start");
  }
}

}  // namespace gophercron::cli
