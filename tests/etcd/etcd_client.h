// A client of etcd as a process has one: a loop on its own thread and a coordinator on it.
#ifndef GOPHERCRON_TESTS_ETCD_ETCD_CLIENT_H_
#define GOPHERCRON_TESTS_ETCD_ETCD_CLIENT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coordination/etcd/etcd_coordinator.h"

namespace gophercron::testing_etcd {

class EtcdClient {
 public:
  using Options = coordination::EtcdCoordinator::Options;

  static Options To(std::vector<std::string> endpoints,
                    milliseconds request_timeout = milliseconds(5'000)) {
    Options options;
    options.endpoints = std::move(endpoints);
    options.prefix = "/";
    options.connect_timeout = std::min(request_timeout, milliseconds(2'000));
    options.request_timeout = request_timeout;
    return options;
  }

  explicit EtcdClient(const Options& options)
      : coordinator_(*coordination::EtcdCoordinator::Open(loop_, options)),
        thread_([this] { loop_.Run(); }) {}
  ~EtcdClient() {
    OnLoop([this] { watches_.clear(); });
    loop_.Stop();
    thread_.join();
    coordinator_.reset();
  }

  coordination::EtcdCoordinator& coordinator() { return *coordinator_; }

  Result<coordination::TxnResult> Commit(coordination::Txn txn) {
    return coordination::CommitAndWait(*coordinator_, std::move(txn), std::chrono::minutes(1));
  }
  Result<coordination::TxnResult> Put(std::string key, std::string value,
                                      coordination::LeaseId lease = 0) {
    return Commit({.when = {},
                   .then = {coordination::Put(std::move(key), std::move(value), lease)},
                   .otherwise = {}});
  }
  Result<coordination::RangeResult> Range(coordination::RangeRequest request) {
    return coordination::RangeAndWait(*coordinator_, std::move(request), std::chrono::minutes(1));
  }
  std::string ValueOf(std::string key) {
    while (true) {
      const auto got = Range({.begin = key, .end = ""});
      if (got) return got->items.empty() ? "(none)" : got->items.front().value;
    }
  }
  Status Compact(coordination::Revision revision) {
    std::optional<Status> answer;
    coordinator_->Compact(revision, [&](Status status) { Locked([&] { answer = status; }); });
    EXPECT_TRUE(Until([&] { return answer.has_value(); }));
    return answer.value_or(Fail(ErrorCode::kInternal, "no answer"));
  }
  Result<std::unique_ptr<coordination::Lease>> Grant(seconds time_to_live,
                                                     std::function<void()> on_lost) {
    std::optional<Result<std::unique_ptr<coordination::Lease>>> answer;
    coordinator_->Grant(time_to_live, std::move(on_lost),
                        [&](auto lease) { Locked([&] { answer = std::move(lease); }); });
    EXPECT_TRUE(Until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  void Watch(std::string begin, std::string end, coordination::Revision from,
             std::function<void(const coordination::WatchBatch&)> on_batch) {
    watches_.push_back(coordinator_->WatchRange(
        std::move(begin), std::move(end), from,
        [this, on_batch = std::move(on_batch)](const coordination::WatchBatch& batch) {
          Locked([&] { on_batch(batch); });
        }));
  }

  bool Until(const std::function<bool()>& done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(2), done);
  }
  void Locked(const std::function<void()>& use) {
    const std::lock_guard lock(mutex_);
    use();
    changed_.notify_all();
  }
  void OnLoop(const std::function<void()>& run) {
    bool ran = false;
    loop_.Post([&] {
      run();
      Locked([&] { ran = true; });
    });
    Until([&] { return ran; });
  }

 private:
  Loop loop_;
  std::unique_ptr<coordination::EtcdCoordinator> coordinator_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<coordination::Watch>> watches_;
  std::thread thread_;
};

}  // namespace gophercron::testing_etcd

#endif  // GOPHERCRON_TESTS_ETCD_ETCD_CLIENT_H_
