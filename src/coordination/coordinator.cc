#include "coordination/coordinator.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace gophercron::coordination {
namespace {

Compare RevisionCompare(std::string key, Compare::What what, Compare::Is is, Revision revision) {
  return {.key = std::move(key), .what = what, .is = is, .revision = revision, .value = {}};
}

Compare ValueCompare(std::string key, Compare::Is is, std::string value) {
  return {.key = std::move(key),
          .what = Compare::What::kValue,
          .is = is,
          .revision = 0,
          .value = std::move(value)};
}

// One answer that a thread waits for. `dropped` is how it learns that none will ever come.
template <class T>
class Answer {
 public:
  void Set(Result<T> value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_one();
  }
  void Drop() {
    const std::lock_guard lock(mutex_);
    dropped_ = true;
    changed_.notify_one();
  }
  std::optional<Result<T>> Wait(milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return value_.has_value() || dropped_; });
    return std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<T>> value_;
  bool dropped_ = false;
};

// The completion of an Answer: one that is destroyed without having been called says so.
template <class T>
class Completion {
 public:
  explicit Completion(std::shared_ptr<Answer<T>> answer) : answer_(std::move(answer)) {}
  Completion(Completion&&) noexcept = default;
  Completion& operator=(Completion&&) noexcept = default;
  ~Completion() {
    if (answer_ != nullptr) answer_->Drop();
  }
  void operator()(Result<T> value) { answer_->Set(std::move(value)); }

 private:
  std::shared_ptr<Answer<T>> answer_;
};

}  // namespace

Compare Exists(std::string key) {
  return RevisionCompare(std::move(key), Compare::What::kCreateRevision, Compare::Is::kNotEqual, 0);
}
Compare Absent(std::string key) {
  return RevisionCompare(std::move(key), Compare::What::kCreateRevision, Compare::Is::kEqual, 0);
}
Compare ModRevisionIs(std::string key, Revision revision) {
  return RevisionCompare(std::move(key), Compare::What::kModRevision, Compare::Is::kEqual,
                         revision);
}
Compare ValueIs(std::string key, std::string value) {
  return ValueCompare(std::move(key), Compare::Is::kEqual, std::move(value));
}
Compare ValueIsLess(std::string key, std::string value) {
  return ValueCompare(std::move(key), Compare::Is::kLess, std::move(value));
}

Op Get(std::string key) {
  Op op;
  op.key = std::move(key);
  return op;
}
Op Put(std::string key, std::string value, LeaseId lease) {
  Op op;
  op.kind = Op::Kind::kPut;
  op.key = std::move(key);
  op.value = std::move(value);
  op.lease = lease;
  return op;
}
Op Delete(std::string key) {
  Op op;
  op.kind = Op::Kind::kDelete;
  op.key = std::move(key);
  return op;
}
Op DeleteRange(std::string begin, std::string end) {
  Op op = Delete(std::move(begin));
  op.range_end = std::move(end);
  return op;
}
Op Nested(Txn txn) {
  Op op;
  op.kind = Op::Kind::kTxn;
  op.txn = std::make_shared<const Txn>(std::move(txn));
  return op;
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  // Nothing sorts after a prefix of 0xff alone: its end is that of all keys, one zero byte to etcd.
  if (prefix.empty()) return std::string(1, '\0');
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

Result<RangeResult> RangeAndWait(Coordinator& coordinator, RangeRequest request,
                                 milliseconds patience) {
  const auto answer = std::make_shared<Answer<RangeResult>>();
  const std::string begin = request.begin;
  coordinator.Range(std::move(request), Completion<RangeResult>(answer));
  if (auto got = answer->Wait(patience)) return *std::move(got);
  return Fail(
      ErrorCode::kUnavailable,
      fmt::format("reading the keys from {} on: no answer within {} ms", begin, patience.count()));
}

Result<TxnResult> CommitAndWait(Coordinator& coordinator, Txn txn, milliseconds patience) {
  const auto answer = std::make_shared<Answer<TxnResult>>();
  coordinator.Commit(std::move(txn), Completion<TxnResult>(answer));
  if (auto got = answer->Wait(patience)) return *std::move(got);
  return Fail(ErrorCode::kOutcomeUnknown,
              fmt::format("a transaction was not answered within {} ms: it may have happened",
                          patience.count()));
}

}  // namespace gophercron::coordination
