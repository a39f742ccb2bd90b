#include "agent/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

#include "agent/audit_worker.h"
#include "agent/key_events.h"
#include "agent/key_follower.h"
#include "agent/node_session.h"
#include "agent/orders_inbox.h"
#include "agent/recorder.h"
#include "base/check.h"
#include "base/log.h"
#include "coordination/keys.h"

namespace gophercron::agent {
namespace {

constexpr std::size_t kPageKeys = 1000;
constexpr std::int64_t kPageBytes = 8'000'000;
constexpr seconds kAuditPeriod{60};
constexpr seconds kAlarmPeriod{60};
constexpr seconds kStrayRetryDelay{10};

RunEnd EndFacts(const process::Exit& exit) {
  RunEnd end{.end = exit.end,
             .exit_code = exit.exit_code,
             .signal = exit.signal,
             .core_dumped = exit.core_dumped,
             .failure = {},
             .started_at = std::nullopt,
             .ended_at = exit.ended_at,
             .output_bytes = static_cast<std::int64_t>(exit.output.total_bytes),
             .dropped_bytes = static_cast<std::int64_t>(exit.output.dropped_bytes),
             .cpu_us = (exit.cpu_user + exit.cpu_system).count(),
             .memory_max_kib = static_cast<std::int64_t>(exit.max_rss_bytes.value_or(0) / 1024)};
  if (exit.failure) {
    end.failure = exit.failure->message;
  } else {
    end.started_at = exit.started_at;
  }
  return end;
}

}  // namespace

// The main structure: whatever happens reaches the loop, is noted in the decider, and Decide runs
// once for all that arrived together; Perform then carries out its actions. Nothing here keeps
// state that decides.
class Driver::Impl {
 public:
  Impl(const Ports& ports, DriverOptions options)
      : ports_(ports),
        options_(std::move(options)),
        keys_(options_.decider.keys),
        decider_(options_.decider, ports.random),
        wall_timer_(ports.loop),
        boot_timer_(ports.loop),
        audit_timer_(ports.loop),
        recorder_(
            ports.loop, ports.clock, ports.spool,
            [this](std::vector<std::uint64_t> ids) {
              for (const auto id : ids) decider_.OnRecorded(id);
              Poke();
            },
            [this] { ports_.delivery.Notify(); },
            [this](std::string why) {
              decider_.OnHold(std::move(why));
              Poke();
            }) {
    if (ports.auditable == nullptr) return;
    auditor_.emplace(
        *ports.auditable, ports.delivery,
        AuditConfig{.node_id = options_.decider.node_id, .zone = options_.decider.zone},
        [this](std::vector<task::OutcomeSpan> spans) {
          ports_.loop.Post([this, found = std::move(spans)] { RecordAudited(found); });
        });
  }

  void Start(process::ProcessRunner& runner) {
    runner_ = &runner;
    ReportSpooled();
    EndStrays();
    session_.emplace(ports_.loop, ports_.coordinator, keys_, options_.session_ttl, options_.node,
                     SessionHooks());
    session_->Open();
    orders_.emplace(ports_.loop, ports_.coordinator, keys_, options_.decider.node_id,
                    options_.decider.address, OrderHooks());
    follower_.emplace(ports_.coordinator, keys_, decider_, FollowerHooks());
    follower_->Start();
    if (auditor_) audit_timer_.SetAfter(seconds(1), [this] { Audit(); });
  }

  void NoteClock(const std::string& source, Instant theirs, BootTime at) {
    decider_.OnClock(source, theirs, at);
    Poke();
  }

  void Change(Changes changes) {
    options_.shell = std::move(changes.shell);
    options_.output_limit = changes.output_limit;
    const Duty before = std::exchange(options_.decider.duty, std::move(changes.duty));
    if (!session_ || before == options_.decider.duty) return;
    decider_.OnDuty(options_.decider.duty);
    follower_->Start();  // for the tasks of projects that came
    session_->Publish();
  }

  void Stop(std::function<void()> stopped) {
    stopped_ = std::move(stopped);
    decider_.OnStop();
    Poke();
  }

  process::ProcessRunner* runner() const { return runner_; }
  LiveSink& live() const { return ports_.live; }

  // From the runner's thread: to the loop, in order.
  void Started(std::string run_id, Instant at) {
    ports_.loop.Post([this, id = std::move(run_id), at] {
      const auto live = live_.find(id);
      if (live != live_.end()) {
        live->second.started_at = at;
        ports_.live.RunStarted(live->second);
      }
      decider_.OnRunStarted(id, at);
      Poke();
    });
  }

  void Ended(std::string run_id, process::Exit exit) {
    ports_.loop.Post([this, id = std::move(run_id), over = std::move(exit)]() mutable {
      live_.erase(id);
      decider_.OnRunEnded(id, EndFacts(over));
      outputs_[id] = {.head = std::move(over.output.head), .tail = std::move(over.output.tail)};
      Poke();
    });
  }

  ~Impl() {
    if (strays_.joinable()) strays_.join();
  }

 private:
  // Runs whose results a former life has written to the spool.
  void ReportSpooled() {
    SpoolId after = 0;
    while (true) {
      const auto records = ports_.spool.Peek(kPageKeys, kPageBytes, after);
      if (!records) return log::LogError("reading the spool: {}", records.error().message);
      if (records->empty()) return;
      after = records->back().id;
      for (const auto& [id, record] : *records) {
        if (record.run) decider_.OnFoundRecorded(*record.run);
      }
    }
  }

  // Decides once for everything that is on its way to the loop at this moment.
  void Poke() {
    if (decide_posted_) return;
    decide_posted_ = true;
    ports_.loop.Post([this] { Decide(); });
  }

  void Decide() {
    decide_posted_ = false;
    if (finished_ || !session_) return;
    if (const auto* lease = session_->lease()) {
      decider_.OnTrusted(lease->id(), lease->trusted_until());
    }
    actions_.Clear();
    decider_.Decide({.wall = ports_.clock.Now(), .boot = ports_.clock.Boot()}, actions_);
    Perform();
    if (stopped_ && strays_returned_ && decider_.Idle()) Finish();
  }

  void Perform() {
    // Starts first: everything else may wait some microseconds, an instant may not.
    for (auto& start : actions_.starts) StartRun(start);
    for (auto& kill : actions_.kills) runner_->Kill(kill.run_id);
    for (auto& commit : actions_.commits) Commit(std::move(commit));
    for (auto& record : actions_.records) Record(std::move(record));
    for (const auto& key : actions_.rereads) Reread(key);
    for (const auto& alarm : actions_.alarms) Tell(alarm);
    if (actions_.publish_claims) {
      session_->node().claims = *actions_.publish_claims;
      session_->Publish();
    }
    if (actions_.wake_wall) {
      wall_timer_.Set(*actions_.wake_wall, [this] { Decide(); });
    } else {
      wall_timer_.Cancel();
    }
    if (actions_.wake_boot) {
      boot_timer_.Set(*actions_.wake_boot, [this] { Decide(); });
    } else {
      boot_timer_.Cancel();
    }
  }

  // An alarm that goes on is told once a minute.
  void Tell(const Alarm& alarm) {
    const BootTime now = ports_.clock.Boot();
    if (alarm.sentence == last_alarm_ && now < last_alarm_at_ + kAlarmPeriod) return;
    last_alarm_ = alarm.sentence;
    last_alarm_at_ = now;
    log::Warning("{}", alarm.sentence);
  }

  void StartRun(StartAction& start) {
    runner_->Start(MakeCommand(start));
    ++runs_started_;
    task::RunId run_id = start.run.run_id;
    live_.emplace(std::move(run_id), std::move(start.run));
  }

  process::Command MakeCommand(const StartAction& start) const {
    const task::Task& task = *start.task;
    process::Command command;
    command.run_id = start.run.run_id;
    if (task.argv.empty()) {
      command.argv = options_.shell;
      command.argv.push_back(task.command);
    } else {
      command.argv = task.argv;
    }
    command.environment = options_.environment;
    for (const auto& [name, value] : task.environment) {
      std::erase_if(command.environment, [&](const auto& known) { return known.first == name; });
      command.environment.emplace_back(name, value);
    }
    auto& environment = command.environment;
    environment.emplace_back("GOPHERCRON_PROJECT", std::to_string(task.key.project_id));
    environment.emplace_back("GOPHERCRON_TASK", task.key.task_id);
    environment.emplace_back("GOPHERCRON_RUN", start.run.run_id);
    if (start.run.tick) {
      environment.emplace_back("GOPHERCRON_TICK", FormatRfc3339(Instant(*start.run.tick)));
    }
    environment.emplace_back("GOPHERCRON_ATTEMPT", std::to_string(start.run.attempt));
    environment.emplace_back("GOPHERCRON_FENCE", std::to_string(start.run.fence));
    command.cwd = task.cwd.empty() ? options_.cwd : task.cwd;
    command.umask = options_.umask;
    if (task.timeout > seconds(0)) command.timeout = task.timeout;
    command.kill_grace = task.kill_grace;
    command.output_limit = task.output_limit > 0 ? static_cast<std::uint64_t>(task.output_limit)
                                                 : options_.output_limit;
    return command;
  }

  void Commit(CommitAction commit) {
    ports_.coordinator.Commit(std::move(commit.txn),
                              [this, id = commit.id](Result<coordination::TxnResult> result) {
                                decider_.OnCommitted(id, std::move(result));
                                Poke();
                              });
  }

  void Record(RecordAction action) {
    auto& record = action.record;
    if (record.run) {
      if (auto output = outputs_.extract(record.run->run_id))
        record.output = std::move(output.mapped());
      ports_.live.RunEnded(*record.run, record.output);
      if (task::IsRunOutcome(record.run->outcome) &&
          record.run->outcome != task::Outcome::kSucceeded) {
        ++runs_failed_;
      }
    } else if (record.span) {
      ports_.live.TicksEnded(*record.span);
    }
    recorder_.Append(action.id, std::move(record));
  }

  void RecordAudited(const std::vector<task::OutcomeSpan>& spans) {
    for (const auto& span : spans) {
      ports_.live.TicksEnded(span);
      // Id 0: the decider has no record of it, and waits for none.
      recorder_.Append(0, {.run = std::nullopt, .output = {}, .span = span});
    }
  }

  void Audit() {
    audit_timer_.SetAfter(kAuditPeriod, [this] { Audit(); });
    if (!follower_->Listed() || stopped_) return;
    auditor_->Look(decider_.ListOpenTicks(), ports_.clock.Now());
  }

  void Reread(const task::TaskKey& key) {
    std::string name = keys_.Task(key);
    ports_.coordinator.Range({.begin = name, .end = {}},
                             [this, key, name](Result<coordination::RangeResult> found) {
                               if (!found) return;  // the watch brings it
                               if (found->items.empty()) {
                                 decider_.OnTaskGone(key, found->revision);
                               } else {
                                 Deliver(found->items.front());
                               }
                               Poke();
                             });
  }

  void Deliver(const coordination::KeyValue& item) {
    if (const Status read = DeliverPut(keys_, item, decider_); !read) {
      log::Warning("{}", read.error().message);
    }
  }

  KeyFollower::Hooks FollowerHooks() {
    return {.tell =
                [this](const coordination::WatchEvent& event) {
                  if (event.type == coordination::WatchEvent::Type::kPut) {
                    Deliver(event.item);
                  } else {
                    DeliverDelete(keys_, event.item.key, event.item.mod_revision, decider_);
                  }
                },
            .told = [this] { Poke(); },
            .wake_after =
                [this](microseconds delay, std::function<void()> then) {
                  follow_timer_.SetAfter(delay, std::move(then));
                }};
  }

  // --- the session ---

  NodeSession::Hooks SessionHooks() {
    return {.opened =
                [this](coordination::LeaseId lease, BootTime trusted_until) {
                  decider_.OnSessionOpened(lease, trusted_until);
                  Poke();
                },
            .lost =
                [this](coordination::LeaseId lease) {
                  decider_.OnSessionLost(lease);
                  Poke();
                },
            .look = [this](coordination::Node& node) { Look(node); }};
  }

  void Look(coordination::Node& node) const {
    const Duty& duty = options_.decider.duty;
    node.all_projects = duty.all_projects;
    node.projects = duty.projects;
    node.weight = duty.weight;
    node.run_limit = duty.run_limit;
    node.at = ports_.clock.Now();
    node.running = decider_.RunsAlive();
    node.runs_started = runs_started_;
    node.runs_failed = runs_failed_;
    node.processors = static_cast<int>(std::thread::hardware_concurrency());
    double load = 0;
    if (::getloadavg(&load, 1) == 1) node.load = std::round(load * 100) / 100;
    node.clock_offset = decider_.ClockOffset();
    node.holds_why.clear();
    if (std::string why = decider_.HoldsWhy(); !why.empty()) {
      node.holds_why = std::move(why);
    } else if (!drained_by_.empty()) {
      node.holds_why = "drained by " + drained_by_;
    } else if (!node.claims) {
      node.holds_why = stopped_ ? "it is stopping" : "it runs as much as it may";
    }
  }

  OrdersInbox::Hooks OrderHooks() {
    return {.drain =
                [this](const coordination::NodeOrders& orders) {
                  if (orders.drain) {
                    log::Info("drained by {}: nothing new is started here", orders.drain_by);
                  } else {
                    log::Info("no longer drained");
                  }
                  drained_by_ = orders.drain_by;
                  decider_.OnDrain(orders.drain);
                  Poke();
                  session_->Publish();
                },
            .reload =
                [this] {
                  if (options_.on_reload) return options_.on_reload();
                  log::Info("asked to read the configuration again: there is none");
                }};
  }

  // What a killed process left behind is ended while everything else starts; nothing is claimed
  // before.
  void EndStrays() {
    if (strays_.joinable()) strays_.join();
    strays_returned_ = false;
    strays_ = std::thread([this] {
      const auto strays = runner_->EndStrays(options_.stray_grace);
      ports_.loop.Post([this, strays] { OnStrays(strays); });
    });
  }

  void OnStrays(const Result<std::vector<process::Stray>>& strays) {
    strays_returned_ = true;
    Poke();
    if (!strays) {
      log::LogError(
          "commands of an earlier process may still be running: {}. Nothing is started until "
          "they are gone; it is tried again every {} s",
          strays.error().message, kStrayRetryDelay.count());
      decider_.OnStraysRemain();
      Poke();
      stray_timer_.SetAfter(kStrayRetryDelay, [this] {
        if (!stopped_) EndStrays();
      });
      return;
    }
    for (const auto& stray : *strays) {
      log::Warning(
          "run {} was left behind by a process that was killed; {} of its processes were ended",
          stray.run_id, stray.processes);
    }
    decider_.OnStraysEnded();
    Poke();
  }

  void Finish() {
    finished_ = true;
    follower_.reset();
    orders_.reset();
    session_.reset();
    wall_timer_.Cancel();
    boot_timer_.Cancel();
    follow_timer_.Cancel();
    audit_timer_.Cancel();
    stray_timer_.Cancel();
    std::exchange(stopped_, nullptr)();
  }

  const Ports ports_;
  DriverOptions options_;
  const coordination::Keys keys_;
  Decider decider_;
  Actions actions_;
  process::ProcessRunner* runner_ = nullptr;
  WallTimer wall_timer_;
  BootTimer boot_timer_;
  BootTimer follow_timer_{ports_.loop};
  BootTimer audit_timer_;
  BootTimer stray_timer_{ports_.loop};
  bool decide_posted_ = false;
  bool finished_ = false;
  bool strays_returned_ = false;  // the thread of EndStrays no longer uses the runner
  std::optional<KeyFollower> follower_;
  std::optional<NodeSession> session_;
  std::optional<OrdersInbox> orders_;
  std::string drained_by_;  // empty: it is not
  std::string hold_;        // why nothing may be claimed; empty: no hold
  std::int64_t runs_started_ = 0;
  std::int64_t runs_failed_ = 0;
  std::unordered_map<task::RunId, task::RunRecord> live_;
  std::unordered_map<task::RunId, task::RunOutput> outputs_;
  std::function<void()> stopped_;
  std::string last_alarm_;
  BootTime last_alarm_at_{};
  std::thread strays_;
  Recorder recorder_;
  std::optional<AuditWorker> auditor_;
};

Driver::Driver(const Ports& ports, DriverOptions options)
    : impl_(std::make_unique<Impl>(ports, std::move(options))) {}
Driver::~Driver() = default;

void Driver::Start(process::ProcessRunner& runner) {
  impl_->Start(runner);
}
void Driver::Stop(std::function<void()> stopped) {
  impl_->Stop(std::move(stopped));
}

void Driver::NoteClock(const std::string& source, Instant theirs, BootTime at) {
  impl_->NoteClock(source, theirs, at);
}

void Driver::Change(Changes changes) {
  impl_->Change(std::move(changes));
}

void Driver::Follow(std::string_view run_id, bool on) {
  if (impl_->runner() != nullptr) impl_->runner()->Follow(run_id, on);
}

void Driver::OnStarted(std::string_view run_id, pid_t /*pid*/, Instant at) {
  impl_->Started(std::string(run_id), at);
}
void Driver::OnOutput(std::string_view run_id, std::uint64_t offset, std::string_view bytes) {
  impl_->live().Output(run_id, static_cast<std::int64_t>(offset), bytes);
}
void Driver::OnEnded(std::string_view run_id, process::Exit exit) {
  impl_->Ended(std::string(run_id), std::move(exit));
}

}  // namespace gophercron::agent
