#include "coordination/key_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace gophercron::coordination {
namespace {

using Entry = KeySpace::Entry;
using Entries = std::map<std::string, Entry, std::less<>>;

constexpr std::string_view kNoEnd("\0", 1);

bool Holds(Compare::Is is, auto&& have, auto&& want) {
  switch (is) {
    case Compare::Is::kEqual:
      return have == want;
    case Compare::Is::kNotEqual:
      return have != want;
    case Compare::Is::kLess:
      return have < want;
    case Compare::Is::kGreater:
      return have > want;
  }
  return false;
}

bool Holds(const Entries& keys, const Compare& compare) {
  const auto found = keys.find(compare.key);
  const bool there = found != keys.end();
  switch (compare.what) {
    case Compare::What::kModRevision:
      return Holds(compare.is, there ? found->second.mod_revision : 0, compare.revision);
    case Compare::What::kCreateRevision:
      return Holds(compare.is, there ? found->second.create_revision : 0, compare.revision);
    case Compare::What::kValue:
      return there && Holds(compare.is, std::string_view(found->second.value),
                            std::string_view(compare.value));
  }
  return false;
}

bool Holds(const Entries& keys, const Txn& txn) {
  return std::ranges::all_of(txn.when,
                             [&](const Compare& compare) { return Holds(keys, compare); });
}

// Which branches a transaction takes, settled before anything is written.
struct Plan {
  const std::vector<Op>* ops = nullptr;
  bool succeeded = false;
  std::vector<std::optional<Plan>> nested;  // one for each of `ops`
};

Plan Decide(const Entries& keys, const Txn& txn) {
  Plan plan;
  plan.succeeded = Holds(keys, txn);
  plan.ops = plan.succeeded ? &txn.then : &txn.otherwise;
  plan.nested.resize(plan.ops->size());
  for (std::size_t i = 0; i < plan.ops->size(); ++i) {
    if ((*plan.ops)[i].kind == Op::Kind::kTxn) plan.nested[i] = Decide(keys, *(*plan.ops)[i].txn);
  }
  return plan;
}

KeyValue Item(std::string_view key, const Entry& entry, bool keys_only = false) {
  return {.key = std::string(key),
          .value = keys_only ? std::string() : entry.value,
          .create_revision = entry.create_revision,
          .mod_revision = entry.mod_revision,
          .lease = entry.lease};
}

std::size_t Bytes(const KeySpace::Change& change) {
  return change.key.size() + (change.before ? change.before->value.size() : 0) +
         (change.after ? change.after->value.size() : 0);
}

}  // namespace

bool InRange(std::string_view key, std::string_view begin, std::string_view end) {
  if (end.empty()) return key == begin;
  return key >= begin && (end == kNoEnd || key < end);
}

// Carries out a plan on the keys and notes what it did.
class KeySpace::Writer {
 public:
  explicit Writer(KeySpace& space)
      : space_(space), revised_(std::make_shared<Revised>()), revision_(space.revision_ + 1) {
    revised_->revision = revision_;
  }

  TxnResult Run(const Plan& plan) {
    TxnResult result;
    result.succeeded = plan.succeeded;
    result.results.resize(plan.ops->size());
    for (std::size_t i = 0; i < plan.ops->size(); ++i) {
      Do((*plan.ops)[i], plan.nested[i], result.results[i]);
    }
    return result;
  }

  void Delete(Keys::iterator at) {
    revised_->changes.push_back({.key = at->first, .before = at->second, .after = std::nullopt});
    space_.Set(revised_->changes.back().key, std::nullopt);
  }

  // The revision is taken only when something was written.
  std::shared_ptr<const Revised> Finish() {
    if (revised_->changes.empty()) return nullptr;
    space_.revision_ = revision_;
    space_.Remember(revised_);
    return revised_;
  }

 private:
  void Do(const Op& op, const std::optional<Plan>& nested, OpResult& result) {
    switch (op.kind) {
      case Op::Kind::kGet:
        if (const auto at = space_.keys_.find(op.key); at != space_.keys_.end()) {
          result.got = Item(at->first, at->second);
        }
        return;
      case Op::Kind::kPut:
        return PutKey(op);
      case Op::Kind::kDelete:
        result.deleted = DeleteKeys(op);
        return;
      case Op::Kind::kTxn:
        result.nested = std::make_shared<TxnResult>(Run(*nested));
        return;
    }
  }

  void PutKey(const Op& op) {
    Change change{.key = op.key, .before = std::nullopt, .after = std::nullopt};
    if (const auto at = space_.keys_.find(op.key); at != space_.keys_.end()) {
      change.before = at->second;
    }
    change.after =
        Entry{.value = op.value,
              .create_revision = change.before ? change.before->create_revision : revision_,
              .mod_revision = revision_,
              .lease = op.lease};
    space_.Set(op.key, change.after);
    revised_->changes.push_back(std::move(change));
  }

  std::int64_t DeleteKeys(const Op& op) {
    std::int64_t deleted = 0;
    auto at = space_.keys_.lower_bound(op.key);
    while (at != space_.keys_.end() && InRange(at->first, op.key, op.range_end)) {
      Delete(at++);
      ++deleted;
    }
    return deleted;
  }

  KeySpace& space_;
  std::shared_ptr<Revised> revised_;
  Revision revision_;
};

void KeySpace::Load(std::string key, Entry entry) {
  if (entry.lease != 0) leases_[entry.lease].insert(key);
  keys_.insert_or_assign(std::move(key), std::move(entry));
}

void KeySpace::Start(Revision revision) {
  revision_ = revision;
  compacted_ = revision;
}

void KeySpace::Set(const std::string& key, std::optional<Entry> entry) {
  const auto at = keys_.find(key);
  if (at != keys_.end() && at->second.lease != 0) {
    if (const auto lease = leases_.find(at->second.lease); lease != leases_.end()) {
      lease->second.erase(key);
    }
  }
  if (!entry) {
    if (at != keys_.end()) keys_.erase(at);
    return;
  }
  if (entry->lease != 0) leases_[entry->lease].insert(key);
  if (at != keys_.end()) {
    at->second = *std::move(entry);
  } else {
    keys_.emplace(key, *std::move(entry));
  }
}

namespace {

Status CheckLeases(const KeySpace& space, const Plan& plan) {
  for (std::size_t i = 0; i < plan.ops->size(); ++i) {
    const Op& op = (*plan.ops)[i];
    if (op.kind == Op::Kind::kPut && op.lease != 0 && !space.HasLease(op.lease)) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("the lease {:016x} of the key {} is over or was never granted",
                              static_cast<std::uint64_t>(op.lease), op.key));
    }
    if (plan.nested[i]) {
      if (Status status = CheckLeases(space, *plan.nested[i]); !status) return status;
    }
  }
  return {};
}

void SetRevision(TxnResult& result, Revision revision) {
  result.revision = revision;
  for (OpResult& one : result.results) {
    if (one.nested) SetRevision(*one.nested, revision);
  }
}

}  // namespace

Result<KeySpace::Applied> KeySpace::Apply(const Txn& txn) {
  if (Status status = CheckTxn(txn); !status) return std::unexpected(std::move(status).error());
  const Plan plan = Decide(keys_, txn);
  if (Status status = CheckLeases(*this, plan); !status) {
    return std::unexpected(std::move(status).error());
  }
  Writer writer(*this);
  Applied applied{.result = writer.Run(plan), .revised = writer.Finish(), .revoked = 0};
  SetRevision(applied.result, revision_);
  return applied;
}

void KeySpace::Grant(LeaseId lease) {
  CHECK(lease != 0 && !HasLease(lease));
  leases_[lease];
}

KeySpace::Applied KeySpace::Revoke(LeaseId lease) {
  Applied applied;
  Writer writer(*this);
  if (const auto held = leases_.find(lease); held != leases_.end()) {
    applied.revoked = lease;
    const std::set<std::string> keys = held->second;
    for (const std::string& key : keys) writer.Delete(keys_.find(key));
    leases_.erase(lease);
  }
  applied.revised = writer.Finish();
  applied.result.revision = revision_;
  return applied;
}

void KeySpace::Undo(const Applied& applied) {
  if (applied.revoked != 0) leases_[applied.revoked];
  if (applied.revised == nullptr) return;
  CHECK(!history_.empty() && history_.back() == applied.revised);
  for (auto change = applied.revised->changes.rbegin(); change != applied.revised->changes.rend();
       ++change) {
    Set(change->key, change->before);
    --history_changes_;
    history_bytes_ -= Bytes(*change);
  }
  history_.pop_back();
  revision_ = applied.revised->revision - 1;
}

std::map<std::string_view, const std::optional<Entry>*> KeySpace::ChangedSince(
    Revision revision) const {
  std::map<std::string_view, const std::optional<Entry>*> then;
  // From the newest back, so that what is noted last is how the oldest change found the key.
  for (auto past = history_.rbegin(); past != history_.rend(); ++past) {
    if ((*past)->revision <= revision) break;
    for (const Change& change : (*past)->changes) then[change.key] = &change.before;
  }
  return then;
}

Result<RangeResult> KeySpace::Range(const RangeRequest& request) const {
  const Revision at = request.revision == 0 ? revision_ : request.revision;
  if (at > revision_) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("revision {} was asked for and {} is the newest", at, revision_));
  }
  if (at < compacted_) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("revision {} was asked for and {} is the oldest that is remembered", at,
                            compacted_));
  }
  RangeResult result;
  result.revision = at;
  const auto changed = ChangedSince(at);
  auto now = keys_.lower_bound(request.begin);
  auto then = changed.lower_bound(request.begin);
  // Two ordered walks side by side: a key that changed since is taken as it was then.
  while (now != keys_.end() || then != changed.end()) {
    const bool from_then =
        then != changed.end() && (now == keys_.end() || then->first <= now->first);
    const std::string_view key = from_then ? then->first : std::string_view(now->first);
    if (!InRange(key, request.begin, request.end)) break;
    const Entry* entry = from_then ? (*then->second ? &**then->second : nullptr) : &now->second;
    if (entry != nullptr) {
      if (request.limit != 0 && result.items.size() == request.limit) {
        result.more = true;
        break;
      }
      result.items.push_back(Item(key, *entry, request.keys_only));
    }
    if (now != keys_.end() && now->first == key) ++now;
    if (from_then) ++then;
  }
  return result;
}

std::optional<std::vector<std::shared_ptr<const KeySpace::Revised>>> KeySpace::Since(
    Revision from) const {
  if (from <= compacted_) return std::nullopt;
  const auto first = std::ranges::lower_bound(
      history_, from, {},
      [](const std::shared_ptr<const Revised>& past) { return past->revision; });
  return std::vector(first, history_.end());
}

WatchBatch KeySpace::EventsIn(const Revised& revised, std::string_view begin,
                              std::string_view end) {
  WatchBatch batch{.revision = revised.revision, .events = {}, .lost = false};
  for (const Change& change : revised.changes) {
    if (!InRange(change.key, begin, end)) continue;
    WatchEvent event;
    if (change.after) {
      event.item = Item(change.key, *change.after);
    } else {
      event.type = WatchEvent::Type::kDelete;
      event.item.key = change.key;
      event.item.mod_revision = revised.revision;
    }
    batch.events.push_back(std::move(event));
  }
  return batch;
}

void KeySpace::Remember(std::shared_ptr<const Revised> revised) {
  for (const Change& change : revised->changes) {
    ++history_changes_;
    history_bytes_ += Bytes(change);
  }
  history_.push_back(std::move(revised));
}

void KeySpace::ForgetOldest() {
  for (const Change& change : history_.front()->changes) {
    --history_changes_;
    history_bytes_ -= Bytes(change);
  }
  compacted_ = history_.front()->revision;
  history_.pop_front();
}

void KeySpace::Trim() {
  while (history_changes_ > limits_.changes || history_bytes_ > limits_.bytes) ForgetOldest();
}

void KeySpace::Compact(Revision revision) {
  while (!history_.empty() && history_.front()->revision <= revision) ForgetOldest();
}

}  // namespace gophercron::coordination
