#include "sim/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/auditor.h"
#include "agent/key_events.h"

namespace gophercron::sim {

namespace {

constexpr seconds kShowPeriod{10};
constexpr seconds kSessionTtl{10};
constexpr seconds kAuditPeriod{60};
constexpr milliseconds kDeliverPeriod{500};

std::uint64_t SeedOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

SimNode::SimNode(Scheduler& scheduler, SimCluster& cluster, SimStore& ledger,
                 const coordination::Keys& keys, Evidence& evidence, NodeOptions options)
    : scheduler_(scheduler),
      cluster_(cluster),
      ledger_(ledger),
      keys_(keys),
      evidence_(evidence),
      options_(std::move(options)),
      random_(scheduler.random().Next() ^ SeedOf(options_.id)),
      origin_(scheduler.Now()) {}

SimNode::~SimNode() {
  if (coordinator_) coordinator_->Die();
}

Instant SimNode::Wall() const {
  const auto passed = scheduler_.Now() - origin_;
  return scheduler_.Now() + options_.clock_offset + passed * options_.drift_ppm / 1'000'000;
}

BootTime SimNode::BootNow() const {
  const auto passed = scheduler_.Now() - origin_;
  return BootTime(microseconds(1'000'000) + passed + passed * options_.drift_ppm / 1'000'000);
}

bool SimNode::HasSession() const {
  return lease_ != nullptr && cluster_.keys().HasLease(lease_->id());
}

template <class F>
auto SimNode::InThisLife(F then) {
  return [this, life = life_, wrapped = std::make_shared<F>(std::move(then))](auto&&... arguments) {
    if (life != life_) return;
    (*wrapped)(std::forward<decltype(arguments)>(arguments)...);
  };
}

void SimNode::Later(microseconds delay, std::move_only_function<void()> event) {
  scheduler_.After(delay, [this, life = life_, held = std::move(event)]() mutable {
    if (life != life_ || decider_ == nullptr) return;
    if (paused_) {
      waiting_.push_back(std::move(held));
    } else {
      held();
    }
  });
}

void SimNode::Boot() {
  if (up()) return;
  ++life_;
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kBoot, .node = id()});
  evidence_.Trace("boot " + id());
  agent::DeciderConfig config(keys_);
  config.node_id = id();
  config.address = id();
  config.duty = options_.duty;
  decider_ = std::make_unique<agent::Decider>(config, random_);
  coordinator_ = std::make_unique<SimCoordinator>(
      scheduler_, cluster_, [this] { return BootNow(); }, options_.network);
  claims_ = true;
  poked_ = false;
  delivered_.clear();
  for (const auto& [number, record] : spool_) {
    if (record.run) decider_->OnFoundRecorded(*record.run);
  }
  // Commands of a former life are ended before anything is claimed.
  microseconds strays{1000};
  for (const auto& [run_id, process] : processes_) {
    const microseconds ending = scheduler_.Between(milliseconds(1), seconds(3));
    strays = std::max(strays, ending + milliseconds(10));
    scheduler_.After(ending, [this, run = run_id, serial = process.serial] {
      EndRun(run, serial, process::End::kKilled, 15);
    });
  }
  Later(strays, [this] {
    decider_->OnStraysEnded();
    Poke();
  });
  OpenSession();
  Follow();
  Later(kDeliverPeriod, [this] { Deliver(); });
  Later(seconds(2), [this] { Audit(); });
}

void SimNode::Crash() {
  if (!up()) return;
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kCrash, .node = id()});
  evidence_.Trace("crash " + id());
  ++life_;
  coordinator_->Die();
  follower_.reset();
  lease_.reset();
  decider_.reset();
  coordinator_.reset();
  waiting_.clear();
  paused_ = false;
}

void SimNode::Pause() {
  if (!up() || paused_) return;
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kPause, .node = id()});
  paused_ = true;
  coordinator_->SetPaused(true);
}

void SimNode::Resume() {
  if (!up() || !paused_) return;
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kResume, .node = id()});
  paused_ = false;
  coordinator_->SetPaused(false);
  // What was due is done in the order in which it came; a timer may well be first.
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (auto& event : waiting) {
    if (decider_ != nullptr) event();
  }
  Poke();
}

void SimNode::StepClock(microseconds by) {
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kStep, .node = id()});
  options_.clock_offset += by;
  if (up()) Poke();
}

void SimNode::SetPartitioned(bool partitioned) {
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(),
       .what = partitioned ? Happening::What::kCut : Happening::What::kHeal,
       .node = id()});
  if (up()) coordinator_->SetPartitioned(partitioned);
}

void SimNode::SetNetwork(const NetworkFaults& network) {
  options_.network = network;
  if (up()) coordinator_->SetFaults(network);
}

void SimNode::Stop() {
  if (!up()) return;
  evidence_.happenings.push_back(
      {.at = scheduler_.Now(), .what = Happening::What::kStop, .node = id()});
  decider_->OnStop();
  Poke();
}

void SimNode::Poke() {
  if (poked_) return;
  poked_ = true;
  Later(scheduler_.Between(microseconds(20), microseconds(400)), [this] { Decide(); });
}

void SimNode::Decide() {
  poked_ = false;
  ++evidence_.decisions;
  if (lease_) {
    decider_->OnTrusted(lease_->id(), options_.mutant.session_not_checked
                                          ? BootTime::max()
                                          : lease_->trusted_until());
  }
  agent::Actions actions;
  decider_->Decide(Clocks(), actions);
  Perform(actions);
}

void SimNode::Perform(agent::Actions& actions) {
  for (const auto& start : actions.starts) StartRun(start);
  for (const auto& kill : actions.kills) KillRun(kill.run_id);
  for (auto& commit : actions.commits) {
    options_.mutant.Tamper(keys_, commit.txn);
    coordination::Txn sent = commit.txn;
    coordinator_->Commit(
        std::move(sent),
        InThisLife([this, action = std::move(commit)](Result<coordination::TxnResult> result) {
          options_.mutant.Tamper(keys_, action.txn, result);
          decider_->OnCommitted(action.id, std::move(result));
          Poke();
        }));
  }
  for (auto& record : actions.records) RecordRun(std::move(record));
  for (const auto& key : actions.rereads) {
    coordinator_->Range({.begin = keys_.Task(key), .end = {}},
                        InThisLife([this, key](Result<coordination::RangeResult> found) {
                          if (!found) return;
                          if (found->items.empty()) {
                            decider_->OnTaskGone(key, found->revision);
                            delivered_[key] = -1;
                          } else {
                            (void)agent::DeliverPut(keys_, found->items.front(), *decider_);
                            delivered_[key] = found->items.front().mod_revision;
                          }
                          Poke();
                        }));
  }
  if (actions.publish_claims) {
    claims_ = *actions.publish_claims;
    PublishNode();
  }
  const std::uint64_t wake = ++wake_;
  const auto wake_in = [&](microseconds delay) {
    Later(std::max(delay, microseconds(1)), [this, wake] {
      if (wake == wake_) Decide();
    });
  };
  if (actions.wake_wall) wake_in(Until(*actions.wake_wall));
  if (actions.wake_boot) wake_in(*actions.wake_boot - BootNow());
}

void SimNode::StartRun(const agent::StartAction& start) {
  const std::size_t number = evidence_.starts.size();
  const task::Task& task = *start.task;
  Start& evidence = evidence_.starts.emplace_back();
  evidence.task = task.key;
  evidence.tick = start.run.tick;
  evidence.run_id = start.run.run_id;
  evidence.node = id();
  evidence.life = life_;
  evidence.at = scheduler_.Now();
  evidence.wall = Wall();
  evidence.lease = lease_ ? lease_->id() : 0;
  evidence.lease_alive = HasSession();
  evidence.revision = task.revision;
  const auto delivered = delivered_.find(task.key);
  evidence.delivered = delivered == delivered_.end() ? 0 : delivered->second;
  evidence.fence = start.run.fence;
  evidence.attempt = start.run.attempt;
  evidence.may_overlap = task.overlap == task::Overlap::kAllow;
  evidence_.Trace(fmt::format("start {} {} {}", id(), start.run.run_id,
                              evidence.at.time_since_epoch().count()));
  Process process = {.serial = next_process_++, .start = number};
  process.kill_delay = scheduler_.Between(milliseconds(1), seconds(2));
  if (scheduler_.Chance(10'000)) {
    Later(microseconds(50), [this, run = start.run.run_id, number] {
      Start& failed = evidence_.starts[number];
      failed.ended = scheduler_.Now();
      failed.end = process::End::kFailedToStart;
      failed.reported = true;
      agent::RunEnd end;
      end.end = process::End::kFailedToStart;
      end.failure = "there is no such program";
      end.ended_at = Wall();
      decider_->OnRunEnded(run, end);
      Poke();
    });
    return;
  }
  const std::uint64_t serial = process.serial;
  processes_[start.run.run_id] = process;
  Later(microseconds(200), [this, run = start.run.run_id] {
    if (decider_) decider_->OnRunStarted(run, Wall());
    Poke();
  });
  // The command's text says how long it takes: "<least ms> <most ms>", and " fails" if it mostly
  // does, " always" if it does each time.
  const std::size_t space = task.command.find(' ');
  const microseconds least = milliseconds(std::stoll(task.command.substr(0, space)));
  const microseconds most = milliseconds(std::stoll(task.command.substr(space + 1)));
  std::int64_t failing = task.command.ends_with(" fails") ? 600'000 : 100'000;
  if (task.command.ends_with(" always")) failing = 1'000'000;
  microseconds duration = scheduler_.Between(least, most);
  process::End end = process::End::kExited;
  if (task.timeout > seconds(0) && duration > task.timeout) {
    duration = task.timeout;
    end = process::End::kTimedOut;
  }
  const int code = end == process::End::kExited ? (scheduler_.Chance(failing) ? 1 : 0) : 15;
  scheduler_.After(duration, [this, run = start.run.run_id, serial, end, code] {
    EndRun(run, serial, end, code);
  });
}

void SimNode::EndRun(const std::string& run_id, std::uint64_t serial, process::End end, int code) {
  const auto found = processes_.find(run_id);
  if (found == processes_.end() || found->second.serial != serial) return;
  Start& evidence = evidence_.starts[found->second.start];
  processes_.erase(found);
  evidence.ended = scheduler_.Now();
  evidence.end = end;
  evidence.code = code;
  evidence_.Trace(fmt::format("end {} {}", run_id, scheduler_.Now().time_since_epoch().count()));
  if (!up() || evidence.life != life_) return;
  evidence.reported = true;
  agent::RunEnd report;
  report.end = end;
  if (end == process::End::kExited) {
    report.exit_code = code;
  } else {
    report.signal = code;
  }
  report.started_at = evidence.wall;
  report.ended_at = Wall();
  Later(microseconds(100), [this, run_id, report] {
    decider_->OnRunEnded(run_id, report);
    Poke();
  });
}

void SimNode::KillRun(const std::string& run_id) {
  const auto found = processes_.find(run_id);
  if (found == processes_.end() || found->second.killed) return;
  found->second.killed = true;
  scheduler_.After(found->second.kill_delay, [this, run_id, serial = found->second.serial] {
    EndRun(run_id, serial, process::End::kKilled, 15);
  });
}

void SimNode::RecordRun(agent::RecordAction record) {
  Later(scheduler_.Between(milliseconds(1), milliseconds(20)),
        [this, held = std::move(record)]() mutable {
          if (!options_.mutant.Drops(held.record)) {
            spool_.emplace_back(next_spool_++, std::move(held.record));
          }
          if (held.id == 0) return;
          decider_->OnRecorded(held.id);
          Poke();
        });
}

// Hands over what is in the spool, oldest first.
void SimNode::Deliver() {
  Later(kDeliverPeriod, [this] { Deliver(); });
  if (spool_.empty()) return;
  std::vector<task::LedgerRecord> batch;
  for (const auto& [number, record] : spool_) batch.push_back(record);
  if (!ledger_.Record(batch)) return;
  spool_.clear();
}

void SimNode::Audit() {
  Later(kAuditPeriod, [this] { Audit(); });
  if (!follower_->Listed() || !HasSession()) return;
  // One auditor: the live node with the lowest lease.
  const auto [begin, end] = keys_.AllSessions();
  const auto sessions = cluster_.keys().Range({.begin = begin, .end = end});
  if (!sessions || sessions->items.empty() ||
      sessions->items.front().key != keys_.Session(lease_->id())) {
    return;
  }
  // First what is open, then the ledger; and what this node has not handed over yet is open too.
  std::map<task::TaskKey, agent::OpenTicks> open;
  for (auto& one : decider_->ListOpenTicks()) open.emplace(one.task, std::move(one));
  for (const auto& [number, record] : spool_) {
    const task::TaskKey& key = record.run ? record.run->task : record.span->task;
    const auto found = open.find(key);
    if (found == open.end()) continue;
    if (record.run && !record.run->tick) continue;
    found->second.firsts.push_back(record.run ? *record.run->tick : record.span->first);
    found->second.lasts.push_back(record.run ? *record.run->tick : record.span->last);
  }
  const agent::AuditConfig config = {.node_id = id(), .zone = {}};
  std::vector<task::OutcomeSpan> spans;
  if (const auto gaps = ledger_.FindGaps(100, {})) {
    for (const auto& gap : *gaps) {
      const auto found = open.find(gap.task);
      if (found == open.end()) continue;
      std::ranges::move(agent::AuditGap(config, gap, found->second, Wall()),
                        std::back_inserter(spans));
    }
  }
  for (const auto& [key, ticks] : open) {
    const auto last = ledger_.LastAccounted(key);
    if (!last || Wall() - ticks.mark < seconds(120)) continue;
    std::ranges::move(agent::AuditTail(config, *last, ticks, Wall()), std::back_inserter(spans));
  }
  for (auto& span : spans) {
    agent::RecordAction record;
    record.record.span = std::move(span);
    RecordRun(std::move(record));
  }
}

void SimNode::Follow() {
  follower_ = std::make_unique<agent::KeyFollower>(
      *coordinator_, keys_, *decider_,
      agent::KeyFollower::Hooks{
          .tell = [this](const coordination::WatchEvent& event) { Told(event); },
          .told = [this] { Poke(); },
          .wake_after =
              [this](microseconds delay, std::function<void()> then) {
                Later(delay, [this, number = ++follow_wake_, wake = std::move(then)] {
                  if (number == follow_wake_) wake();
                });
              }});
  follower_->Start();
}

void SimNode::Told(const coordination::WatchEvent& event) {
  const bool put = event.type == coordination::WatchEvent::Type::kPut;
  const auto parsed = keys_.Parse(event.item.key);
  const bool definition = parsed && parsed->family == coordination::Keys::Parsed::Family::kTask;
  if (put && definition && options_.mutant.EditsDelayed() > microseconds(0)) {
    Later(options_.mutant.EditsDelayed(), [this, item = event.item] {
      (void)agent::DeliverPut(keys_, item, *decider_);
      Poke();
    });
  } else if (put) {
    (void)agent::DeliverPut(keys_, event.item, *decider_);
  } else {
    agent::DeliverDelete(keys_, event.item.key, event.item.mod_revision, *decider_);
  }
  if (definition) delivered_[parsed->task] = put ? event.item.mod_revision : -1;
}

void SimNode::OpenSession() {
  const std::uint64_t attempt = ++session_try_;
  coordinator_->Grant(
      kSessionTtl, InThisLife([this, attempt] {
        if (attempt != session_try_ || !lease_) return;
        evidence_.happenings.push_back(
            {.at = scheduler_.Now(), .what = Happening::What::kSessionEnd, .node = id()});
        decider_->OnSessionLost(lease_->id());
        lease_.reset();
        Poke();
        OpenSession();
      }),
      InThisLife([this, attempt](Result<std::unique_ptr<coordination::Lease>> lease) {
        if (attempt != session_try_) return;
        if (!lease) {
          Later(seconds(1), [this] { OpenSession(); });
          return;
        }
        lease_ = std::move(*lease);
        PublishNode();
      }));
}

void SimNode::PublishNode() {
  if (!lease_) return;
  coordination::Node node;
  node.node_id = id();
  node.address = id();
  node.all_projects = options_.duty.all_projects;
  node.projects = options_.duty.projects;
  node.claims = claims_;
  node.at = Clocks().wall;
  Later(kShowPeriod, [this, number = ++publish_wake_] {
    if (number == publish_wake_) PublishNode();
  });
  const LeaseId lease = lease_->id();
  coordination::Txn txn;
  txn.then.push_back(
      coordination::Put(keys_.Session(lease), coordination::FormatNode(node), lease));
  coordinator_->Commit(std::move(txn),
                       InThisLife([this, lease](Result<coordination::TxnResult> written) {
                         if (!lease_ || lease_->id() != lease) return;
                         if (!written) {
                           Later(seconds(1), [this] { PublishNode(); });
                           return;
                         }
                         decider_->OnSessionOpened(lease, lease_->trusted_until());
                         Poke();
                       }));
}

}  // namespace gophercron::sim
