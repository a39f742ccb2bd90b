#include "sim/mutant.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace gophercron::sim {

namespace {

using coordination::Compare;
using coordination::Keys;
using coordination::Op;
using coordination::Txn;
using coordination::TxnResult;
using Family = Keys::Parsed::Family;

std::optional<Family> FamilyOf(const Keys& keys, const std::string& key) {
  const auto parsed = keys.Parse(key);
  return parsed ? std::optional(parsed->family) : std::nullopt;
}

// A claim demands its session; nothing else does but taking a lock again.
bool IsClaim(const Keys& keys, const Txn& txn) {
  return std::ranges::any_of(txn.when, [&](const Compare& compare) {
    return FamilyOf(keys, compare.key) == Family::kSession;
  });
}

bool HasClaim(const Keys& keys, const Txn& txn) {
  return std::ranges::any_of(
      txn.then, [&](const Op& op) { return op.txn != nullptr && IsClaim(keys, *op.txn); });
}

void DropCompares(const Keys& keys, Family family, Txn& txn) {
  std::erase_if(txn.when,
                [&](const Compare& compare) { return FamilyOf(keys, compare.key) == family; });
}

// The answer that `txn` would have had, had it been applied and found nothing.
TxnResult Applied(const Txn& txn) {
  TxnResult result;
  result.succeeded = true;
  for (const Op& op : txn.then) {
    auto& one = result.results.emplace_back();
    if (op.txn) one.nested = std::make_shared<TxnResult>(Applied(*op.txn));
  }
  return result;
}

}  // namespace

void Mutant::Tamper(const Keys& keys, Txn& txn) const {
  if (!mark_not_compared && !revision_not_compared && !lock_not_taken && !attempt_not_compared) {
    return;
  }
  for (Op& op : txn.then) {
    if (op.txn == nullptr || !IsClaim(keys, *op.txn)) continue;
    Txn claim = *op.txn;
    if (mark_not_compared) DropCompares(keys, Family::kMark, claim);
    if (revision_not_compared) DropCompares(keys, Family::kTask, claim);
    if (attempt_not_compared) DropCompares(keys, Family::kRun, claim);
    if (lock_not_taken) {
      DropCompares(keys, Family::kLock, claim);
      std::erase_if(claim.then, [&](const Op& write) {
        return write.kind == Op::Kind::kPut && FamilyOf(keys, write.key) == Family::kLock;
      });
    }
    op.txn = std::make_shared<const Txn>(std::move(claim));
  }
}

void Mutant::Tamper(const Keys& keys, const Txn& sent, Result<TxnResult>& answer) const {
  if (answer || answer.error().code != ErrorCode::kOutcomeUnknown || !HasClaim(keys, sent)) return;
  if (unknown_taken_for_lost) answer = Fail(ErrorCode::kUnavailable, "it did not happen");
  if (start_on_unknown) answer = Applied(sent);
}

bool Mutant::Drops(const task::LedgerRecord& record) const {
  if (lost_not_recorded && record.run && record.run->outcome == task::Outcome::kLost) return true;
  return jumped_not_accounted && record.span && record.span->outcome == task::Outcome::kMissed;
}

}  // namespace gophercron::sim
