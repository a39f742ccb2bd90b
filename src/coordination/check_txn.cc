// The rules that a transaction keeps whatever the store holds; etcd's, so that what the embedded
// coordinator takes a cluster takes too.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "coordination/key_space.h"

namespace gophercron::coordination {
namespace {

// Where a write stands: two of them exclude each other when they stand in different branches of the
// same nested transaction, or of the whole.
struct Place {
  bool outer_then = true;
  std::optional<std::size_t> nested;  // index within the outer branch
  bool nested_then = true;
};

bool Exclusive(const Place& a, const Place& b) {
  if (a.outer_then != b.outer_then) return true;
  return a.nested && a.nested == b.nested && a.nested_then != b.nested_then;
}

class TxnChecker {
 public:
  Status Check(const Txn& txn) {
    Outer(txn.then, true);
    Outer(txn.otherwise, false);
    Conditions(txn.when);
    if (Size(txn) + nested_ops_ > kTxnOpsMax) {
      Wrong(fmt::format(
          "a transaction of {} operations with a nested one of {}: {} together are allowed",
          Size(txn), nested_ops_, kTxnOpsMax));
    }
    if (bytes_ > kTxnBytesMax) {
      Wrong(fmt::format("a transaction of {} bytes of keys and values: {} are allowed", bytes_,
                        kTxnBytesMax));
    }
    Deletions();
    if (!wrong_.empty()) return Fail(ErrorCode::kInvalidArgument, wrong_);
    return {};
  }

 private:
  static std::size_t Size(const Txn& txn) {
    return std::max({txn.when.size(), txn.then.size(), txn.otherwise.size()});
  }

  void Wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  void Key(std::string_view key) {
    bytes_ += key.size();
    if (key.empty()) Wrong("an operation of a transaction names no key");
    if (key.size() > kKeyBytesMax) {
      Wrong(fmt::format("a key of {} bytes: {} are allowed", key.size(), kKeyBytesMax));
    }
  }

  void Conditions(const std::vector<Compare>& when) {
    for (const Compare& compare : when) {
      Key(compare.key);
      bytes_ += compare.value.size();
    }
  }

  void Outer(const std::vector<Op>& ops, bool then) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
      if (ops[i].kind != Op::Kind::kTxn) {
        Write(ops[i], {.outer_then = then, .nested = std::nullopt, .nested_then = true});
        continue;
      }
      if (ops[i].txn == nullptr) {
        Wrong("a nested transaction is missing");
        continue;
      }
      const Txn& nested = *ops[i].txn;
      nested_ops_ = std::max(nested_ops_, Size(nested));
      Conditions(nested.when);
      for (const bool branch : {true, false}) {
        for (const Op& op : branch ? nested.then : nested.otherwise) {
          if (op.kind == Op::Kind::kTxn) {
            Wrong("a transaction nests another two deep: one deep is allowed");
          } else {
            Write(op, {.outer_then = then, .nested = i, .nested_then = branch});
          }
        }
      }
    }
  }

  void Write(const Op& op, const Place& place) {
    Key(op.key);
    if (op.kind == Op::Kind::kDelete) deletes_.push_back({&op, place});
    if (op.kind != Op::Kind::kPut) return;
    bytes_ += op.value.size();
    if (op.value.size() > kValueBytesMax) {
      Wrong(fmt::format("the value of {} has {} bytes: {} are allowed", op.key, op.value.size(),
                        kValueBytesMax));
    }
    auto& places = puts_[op.key];
    for (const Place& other : places) {
      if (!Exclusive(place, other)) Wrong(Twice(op.key));
    }
    places.push_back(place);
  }

  void Deletions() {
    for (const auto& [op, place] : deletes_) {
      for (auto put = puts_.lower_bound(op->key); put != puts_.end(); ++put) {
        if (!InRange(put->first, op->key, op->range_end)) break;
        for (const Place& other : put->second) {
          if (!Exclusive(place, other)) Wrong(Twice(put->first));
        }
      }
    }
  }

  static std::string Twice(std::string_view key) {
    return fmt::format("a transaction writes {} twice: once is allowed", key);
  }

  struct Deletion {
    const Op* op;
    Place place;
  };
  std::map<std::string_view, std::vector<Place>> puts_;
  std::vector<Deletion> deletes_;
  std::size_t nested_ops_ = 0;
  std::size_t bytes_ = 0;
  std::string wrong_;
};

}  // namespace

Status CheckTxn(const Txn& txn) {
  return TxnChecker().Check(txn);
}

}  // namespace gophercron::coordination
