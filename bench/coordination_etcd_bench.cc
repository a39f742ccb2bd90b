// USES: coordination_etcd etcd_rig
// Claims a second against one real etcd member that syncs to disk: one transaction each with one in
// flight, against batches that nest a hundred. Each claim is the protocol's own: session, task and
// mark compared, mark, run and lock written. The last line is their ratio, within this run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/check.h"
#include "coordination/claim.h"
#include "coordination/etcd/etcd_coordinator.h"
#include "etcd_cluster.h"

namespace gophercron::coordination {
namespace {

constexpr std::size_t kTasks = 1'000;
constexpr auto kFor = std::chrono::seconds(3);

class Bench {
 public:
  Bench() {
    EtcdCoordinator::Options options;
    options.endpoints = etcd_->endpoints();
    options.prefix = "/gopher_cron";
    coordinator_ = *EtcdCoordinator::Open(loop_, options);
    thread_ = std::thread([this] { loop_.Run(); });
    coordinator_->Grant(
        seconds(60), [] {},
        [this](auto lease) {
          const std::lock_guard lock(mutex_);
          lease_ = *std::move(lease);
          changed_.notify_all();
        });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return lease_ != nullptr; });
    lock.unlock();
    Node node;
    node.node_id = "n";
    CHECK(CommitAndWait(*coordinator_,
                        {.when = {},
                         .then = {Put(kKeys.Session(lease_->id()), FormatNode(node), lease_->id())},
                         .otherwise = {}}));
    for (std::size_t i = 0; i < kTasks; ++i) {
      const task::TaskKey task{.project_id = 1, .task_id = fmt::format("task-{}", i)};
      const Mark mark{.at = kStart, .node_id = "n", .run_id = {}, .claim_id = {}};
      CHECK(CommitAndWait(*coordinator_, BuildFirstMark(kKeys, task, mark)));
      const auto put = CommitAndWait(
          *coordinator_, {.when = {}, .then = {Put(kKeys.Task(task), "{}")}, .otherwise = {}});
      CHECK(put);
      tasks_.push_back({.key = task, .revision = put->revision, .run_id = {}});
    }
  }
  ~Bench() {
    loop_.Stop();
    thread_.join();
    lease_.reset();
    coordinator_.reset();
  }

  // Claims tick after tick in transactions of `each`, with `in_flight` of them under way; a second.
  double Run(std::size_t each, std::size_t in_flight) {
    const auto begin = std::chrono::steady_clock::now();
    std::size_t won = 0;
    std::size_t under_way = 0;
    while (std::chrono::steady_clock::now() - begin < kFor) {
      ++tick_;
      for (std::size_t at = 0; at < tasks_.size(); at += each) {
        std::vector<Claim> claims;
        for (std::size_t i = at; i < std::min(at + each, tasks_.size()); ++i) {
          claims.push_back(Next(tasks_[i]));
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way < in_flight; });
        ++under_way;
        lock.unlock();
        Txn txn = each == 1 ? BuildClaim(kKeys, claims[0]) : BuildClaims(kKeys, claims);
        coordinator_->Commit(
            std::move(txn), [&, each, claims = std::move(claims)](Result<TxnResult> result) {
              CHECK(result);
              const auto answers =
                  each == 1 ? std::vector<ClaimAnswer>{ReadClaim(kKeys, claims[0], *result)}
                            : ReadClaims(kKeys, claims, *result);
              for (const ClaimAnswer& answer : answers) {
                CHECK(answer.kind == ClaimAnswer::Kind::kWon);
              }
              const std::lock_guard inner(mutex_);
              won += answers.size();
              --under_way;
              changed_.notify_all();
            });
      }
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way == 0; });
    return static_cast<double>(won) /
           std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  struct Task {
    task::TaskKey key;
    Revision revision = 0;
    std::string run_id;  // of its last claim
  };

  Claim Next(Task& task) {
    Claim claim;
    claim.task = task.key;
    claim.session = lease_->id();
    claim.node_id = "n";
    claim.task_revision = task.revision;
    claim.mark = Claim::MarkMove{.to = kStart + seconds(tick_), .from_revision = std::nullopt};
    const std::string run_id = fmt::format("run-{}-{}", task.key.task_id, tick_);
    claim.run =
        Claim::Run{.run_id = run_id, .value = {}, .take_lock = true, .lock_from = task.run_id};
    claim.run->value.record.run_id = run_id;
    claim.run->value.record.task = task.key;
    claim.run->value.record.tick = kStart + seconds(tick_);
    claim.run->value.session = lease_->id();
    task.run_id = run_id;
    return claim;
  }

  static inline const Keys kKeys{"/gopher_cron"};
  static inline const TickInstant kStart{seconds(1'795'352'899)};

  std::unique_ptr<testing_etcd::EtcdCluster> etcd_ =
      testing_etcd::EtcdCluster::Start({.sync = true});
  Loop loop_;
  std::unique_ptr<EtcdCoordinator> coordinator_;
  std::unique_ptr<Lease> lease_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
  std::vector<Task> tasks_;
  int tick_ = 0;
};

}  // namespace
}  // namespace gophercron::coordination

int main() {
  using gophercron::coordination::Bench;
  using gophercron::coordination::kClaimsPerTxnMax;
  Bench bench;
  const double single = bench.Run(1, 1);
  fmt::print("one transaction each, one in flight      {:8.0f} claims/s\n", single);
  const double pipelined = bench.Run(1, 64);
  fmt::print("one transaction each, 64 in flight       {:8.0f} claims/s\n", pipelined);
  const double nested = bench.Run(kClaimsPerTxnMax, 1);
  fmt::print("batches of {}, one in flight            {:8.0f} claims/s\n", kClaimsPerTxnMax,
             nested);
  const double both = bench.Run(kClaimsPerTxnMax, 4);
  fmt::print("batches of {}, 4 in flight              {:8.0f} claims/s\n", kClaimsPerTxnMax, both);
  fmt::print("ratio of the batches, one in flight, to the first line: {:.1f}\n", nested / single);
}
