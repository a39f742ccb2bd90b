#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/id.h"
#include "base/json.h"
#include "coordination/claim.h"
#include "task/task_json.h"

namespace gophercron::sim {

namespace {

NetworkFaults NetworkOf(const WorldOptions& options) {
  NetworkFaults network;
  if (options.losses) {
    network.request_lost = 5'000;
    network.answer_lost = 10'000;
    network.refused = 5'000;
    network.watch_broken = 1'000;
  }
  if (options.slow_network) network.delay_max = milliseconds(400);
  return network;
}

}  // namespace

WorldOptions WorldOptions::FromSeed(std::uint64_t seed) {
  SeededRandom random(seed * 0x9e3779b97f4a7c15 + 1);
  const auto coin = [&](int of) { return random.Below(static_cast<std::uint64_t>(of)) == 0; };
  WorldOptions options;
  options.seed = seed;
  options.nodes = coin(3) ? 1 : 2 + static_cast<int>(random.Below(3));
  options.tasks = 3 + static_cast<int>(random.Below(8));
  options.run_limit = coin(4) ? 1 + static_cast<int>(random.Below(3)) : 256;
  options.crashes = coin(2);
  options.pauses = coin(3);
  options.partitions = coin(3);
  options.losses = coin(3);
  options.slow_network = coin(4);
  options.clock_steps = coin(4);
  options.store_outages = coin(4);
  options.edits = coin(2);
  options.deletes = coin(4);
  options.triggers = coin(2);
  options.kills = coin(3);
  return options;
}

std::string WorldOptions::Text() const {
  std::string text =
      fmt::format("seed {} nodes {} tasks {} run_limit {}", seed, nodes, tasks, run_limit);
  const auto add = [&](bool on, std::string_view name) {
    if (on) text += fmt::format(" {}", name);
  };
  add(crashes, "crashes");
  add(pauses, "pauses");
  add(partitions, "partitions");
  add(losses, "losses");
  add(slow_network, "slow_network");
  add(clock_steps, "clock_steps");
  add(store_outages, "store_outages");
  add(edits, "edits");
  add(deletes, "deletes");
  add(triggers, "triggers");
  add(kills, "kills");
  return text;
}

World::World(const WorldOptions& options)
    : options_(options), scheduler_(options.seed), cluster_(scheduler_), keys_("/gopher_cron") {
  evidence_.answers_lost = options.losses;
  for (int i = 0; i < options.nodes; ++i) {
    NodeOptions node;
    node.id = fmt::format("node{}", i + 1);
    node.duty.run_limit = options.run_limit;
    if (std::cmp_less(i, options.only_projects.size())) {
      node.duty.all_projects = false;
      node.duty.projects = options.only_projects[static_cast<std::size_t>(i)];
    }
    if (options.clock_steps) {
      node.clock_offset = scheduler_.Between(seconds(-1), seconds(1));
      node.drift_ppm = static_cast<std::int64_t>(scheduler_.random().Below(101)) - 50;
    }
    node.network = NetworkOf(options);
    node.mutant = options.mutant;
    nodes_.push_back(
        std::make_unique<SimNode>(scheduler_, cluster_, ledger_, keys_, evidence_, node));
    nodes_.back()->Boot();
  }
}

World::~World() = default;

task::TaskKey World::Create(const Pattern& pattern, const task::Task& policies) {
  task::Task task = policies;
  task.key = {.project_id = 1, .task_id = std::to_string(next_task_++)};
  task.name = "task " + task.key.task_id;
  task.cron = pattern.Cron();
  task.zone = "UTC";
  task.scheduled_since = task.created_at = task.updated_at = Now();
  coordination::Txn txn;
  txn.then.push_back(
      coordination::Put(keys_.Task(task.key), json::serialize(task::ToStoredJson(task))));
  // As the service does: the first mark comes with the definition.
  txn.then.push_back(coordination::Put(
      keys_.Mark(task.key), coordination::FormatMark({.at = std::chrono::floor<seconds>(Now()),
                                                      .node_id = "service",
                                                      .run_id = {},
                                                      .claim_id = {}})));
  const auto written = cluster_.Apply(txn);
  CHECK(written.has_value());
  task.revision = written->revision;
  evidence_.versions[task.key].push_back(
      {.at = Now(), .revision = task.revision, .deleted = false, .pattern = pattern, .task = task});
  living_.push_back(task.key);
  return task.key;
}

void World::Edit(const task::TaskKey& key, const std::function<void(task::Task&)>& change,
                 const Pattern* pattern) {
  const Version& before = evidence_.versions.at(key).back();
  Version after = before;
  after.at = Now();
  change(after.task);
  if (pattern != nullptr) {
    after.pattern = *pattern;
    after.task.cron = pattern->Cron();
  }
  after.task.updated_at = Now();
  if (!task::SameSchedule(before.task, after.task)) after.task.scheduled_since = Now();
  coordination::Txn txn;
  txn.then.push_back(
      coordination::Put(keys_.Task(key), json::serialize(task::ToStoredJson(after.task))));
  const auto written = cluster_.Apply(txn);
  CHECK(written.has_value());
  after.revision = after.task.revision = written->revision;
  evidence_.versions[key].push_back(std::move(after));
}

void World::Delete(const task::TaskKey& key) {
  Version after = evidence_.versions.at(key).back();
  const auto written =
      cluster_.Apply(coordination::BuildDeleteTask(keys_, key, after.revision, Now()));
  CHECK(written.has_value() && written->succeeded);
  after.at = Now();
  after.deleted = true;
  after.revision = written->revision;
  evidence_.versions[key].push_back(std::move(after));
  std::erase(living_, key);
}

std::string World::Trigger(const task::TaskKey& key, bool ignore_overlap) {
  const std::string run_id = NewId(Now(), scheduler_.random());
  coordination::Txn txn;
  txn.then.push_back(coordination::Put(
      keys_.Trigger(key, run_id),
      coordination::FormatTrigger(
          {.requested_by = "ann", .requested_at = Now(), .ignore_overlap = ignore_overlap})));
  CHECK(cluster_.Apply(txn).has_value());
  evidence_.triggers.push_back({.task = key, .run_id = run_id, .at = Now()});
  return run_id;
}

void World::Kill(std::string_view run_id) {
  const auto [begin, end] = keys_.AllRuns();
  const auto runs = cluster_.keys().Range({.begin = begin, .end = end});
  for (const auto& item : runs->items) {
    auto run = coordination::ParseLiveRun(item.value);
    if (!run || (!run_id.empty() && run->record.run_id != run_id) || run->kill_requested) continue;
    run->kill_requested = true;
    run->kill_by = "ann";
    CHECK(cluster_.Apply(coordination::BuildUpdateRun(keys_, *run, item.mod_revision)).has_value());
    return;
  }
}

const task::TaskKey* World::SomeTask() {
  if (living_.empty()) return nullptr;
  return &living_[scheduler_.random().Below(living_.size())];
}

void World::RandomTask() {
  auto& random = scheduler_.random();
  const auto pick = [&](std::uint64_t of) { return static_cast<int>(random.Below(of)); };
  static constexpr int kPeriods[] = {1, 1, 2, 5, 10, 15, 30, 60};
  Pattern pattern;
  const int period = kPeriods[pick(8)];
  for (int second = pick(static_cast<std::uint64_t>(period)); second < 60; second += period) {
    pattern.seconds.insert(second);
  }
  task::Task task;
  static constexpr const char* kDurations[] = {"0 10", "0 10", "200 990", "900 3000", "2000 20000"};
  task.command = kDurations[pick(5)];
  static constexpr task::Overlap kOverlaps[] = {task::Overlap::kSkip, task::Overlap::kSkip,
                                                task::Overlap::kQueue, task::Overlap::kReplace,
                                                task::Overlap::kAllow};
  task.overlap = kOverlaps[pick(5)];
  task.catch_up.mode = static_cast<task::CatchUpMode>(pick(3));
  task.catch_up.max_age = seconds(20 + pick(200));
  task.catch_up.max_number = 1 + pick(10);
  if (pick(4) == 0) task.start_deadline = seconds(1 + pick(5));
  if (pick(5) == 0) task.timeout = seconds(1 + pick(5));
  if (pick(3) == 0) {
    task.retry = {.max_number = 1 + pick(4),
                  .delay = seconds(pick(4) == 0 ? pick(30) : pick(3)),
                  .backoff = 1.0 + pick(2)};
  }
  if (pick(4) == 0) task.on_lost = task::OnLost::kRetry;
  // Half of those fail most of the time.
  if (task.retry.max_number > 0 && pick(2) == 0) task.command += " fails";
  task.broadcast = pick(6) == 0 && task.overlap != task::Overlap::kQueue;
  Create(pattern, task);
}

void World::RandomEdit(const task::TaskKey& key) {
  auto& random = scheduler_.random();
  Pattern pattern = evidence_.versions.at(key).back().pattern;
  switch (random.Below(4)) {
    case 0:
      Edit(key, [](task::Task& task) { task.remark += "."; });
      return;
    case 1:
      Edit(key, [](task::Task& task) { task.enabled = !task.enabled; });
      return;
    case 2: {
      pattern.seconds.clear();
      const int period = random.Below(2) == 0 ? 3 : 7;
      for (int second = 0; second < 60; second += period) pattern.seconds.insert(second);
      Edit(key, [](task::Task&) {}, &pattern);
      return;
    }
    default:
      Edit(key, [&](task::Task& task) {
        task.overlap = static_cast<task::Overlap>(random.Below(4));
        if (task.overlap == task::Overlap::kQueue) task.broadcast = false;
      });
  }
}

void World::RandomPerson() {
  auto& random = scheduler_.random();
  const task::TaskKey* key = SomeTask();
  if (key == nullptr) return;
  if (options_.edits && random.Below(10) == 0) RandomEdit(task::TaskKey(*key));
  if (options_.triggers && random.Below(10) == 0) Trigger(*key, random.Below(3) == 0);
  if (options_.kills && random.Below(10) == 0) Kill({});
  if (options_.deletes && random.Below(200) == 0) {
    Delete(task::TaskKey(*key));
    RandomTask();
  }
}

void World::CrashSomebody() {
  auto& random = scheduler_.random();
  SimNode& node = *nodes_[random.Below(nodes_.size())];
  if (!node.up()) return;
  node.Crash();
  const microseconds down = random.Below(4) == 0
                                ? scheduler_.Between(seconds(60), seconds(400))
                                : scheduler_.Between(milliseconds(10), seconds(20));
  scheduler_.After(down, [&node] { node.Boot(); });
}

void World::RandomTrouble() {
  auto& random = scheduler_.random();
  SimNode& node = *nodes_[random.Below(nodes_.size())];
  const auto later = [&](microseconds delay, auto what) { scheduler_.After(delay, what); };
  if (options_.crashes && random.Below(40) == 0) CrashSomebody();
  if (options_.pauses && random.Below(60) == 0) {
    node.Pause();
    later(scheduler_.Between(milliseconds(10), seconds(60)), [&node] { node.Resume(); });
  }
  if (options_.partitions && random.Below(60) == 0) {
    node.SetPartitioned(true);
    later(scheduler_.Between(milliseconds(10), seconds(60)),
          [&node] { node.SetPartitioned(false); });
  }
  if (options_.clock_steps && random.Below(300) == 0) {
    const microseconds by = scheduler_.Between(seconds(-70), seconds(70));
    node.StepClock(by);
    later(scheduler_.Between(seconds(1), seconds(60)), [&node, by] { node.StepClock(-by); });
  }
  if (options_.store_outages && random.Below(120) == 0) {
    if (random.Below(2) == 0) {
      cluster_.SetDown(true);
      later(scheduler_.Between(milliseconds(10), seconds(90)), [this] { cluster_.SetDown(false); });
    } else {
      ledger_.SetOutage(random.Below(2) == 0 ? Outage::kUnavailable : Outage::kUnanswered);
      later(scheduler_.Between(milliseconds(10), seconds(90)),
            [this] { ledger_.SetOutage(Outage::kNone); });
    }
  }
}

void World::Run(seconds time) {
  if (next_task_ == 1) {
    for (int i = 0; i < options_.tasks; ++i) RandomTask();
  }
  const Instant end = Now() + time;
  while (Now() < end) {
    scheduler_.RunFor(scheduler_.Between(milliseconds(1), milliseconds(1999)));
    RandomTrouble();
    RandomPerson();
  }
}

void World::Settle() {
  // What was begun ends by itself within the longest of the troubles.
  for (const auto& node : nodes_) node->SetNetwork({});
  scheduler_.RunFor(seconds(420));
  for (const auto& node : nodes_) {
    node->SetPartitioned(false);
    node->Resume();
    node->Boot();
  }
  cluster_.SetDown(false);
  ledger_.SetOutage(Outage::kNone);
  scheduler_.RunFor(seconds(400));
  for (const auto& node : nodes_) node->Stop();
  scheduler_.RunFor(seconds(60));
}

}  // namespace gophercron::sim
