// KeySpace: the model of coordinator.h, evaluated in memory. The embedded coordinator and the
// simulated one are both built on it, so there is one evaluator and it is the one that is tested
// against etcd's behaviour.
//
// Everything is data here: leases do not expire by themselves, nothing is durable and nobody is
// told. Apply changes the keys at once and says what changed; Undo takes the newest change back, so
// that an owner can apply first, make it durable, and return to where it was when that failed.
//
// A bounded history of changes answers reads and watches of past revisions.
//
// Threads: externally synchronised.
#ifndef GOPHERCRON_COORDINATION_KEY_SPACE_H_
#define GOPHERCRON_COORDINATION_KEY_SPACE_H_

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordination/coordinator.h"

namespace gophercron::coordination {

// True when `key` is in [begin, end); an empty end means the single key, one zero byte no end.
bool InRange(std::string_view key, std::string_view begin, std::string_view end);

class KeySpace {
 public:
  struct HistoryLimits {
    std::size_t changes = 20'000;
    std::size_t bytes = 2'000'000;  // keys and values, before and after
  };

  struct Entry {
    std::string value;
    Revision create_revision = 0;
    Revision mod_revision = 0;
    LeaseId lease = 0;
    bool operator==(const Entry&) const = default;
  };
  // What one revision did to one key. Nullopt: the key was, or is, not there.
  struct Change {
    std::string key;
    std::optional<Entry> before;
    std::optional<Entry> after;
  };
  struct Revised {
    Revision revision = 0;
    std::vector<Change> changes;  // in the order in which they were made, each key once
  };
  struct Applied {
    TxnResult result;
    // Null when nothing was written and the revision stayed what it was.
    std::shared_ptr<const Revised> revised;
    LeaseId revoked = 0;
  };

  KeySpace() : KeySpace(HistoryLimits()) {}
  explicit KeySpace(HistoryLimits limits) : limits_(limits) {}

  // Filling it from what was stored, before anything else is called: keys in any order, then the
  // revision. The history begins there.
  void Load(std::string key, Entry entry);
  void Start(Revision revision);

  Revision revision() const { return revision_; }
  std::size_t size() const { return keys_.size(); }
  const std::map<std::string, Entry, std::less<>>& keys() const { return keys_; }

  // Applies all of `txn` or, when it fails, nothing. Errors: kInvalidArgument, kNotFound (a lease).
  Result<Applied> Apply(const Txn& txn);

  // A lease is a number that keys may be put under. Revoking deletes its keys, at one revision.
  // Requires a new lease for Grant; a revoked or unknown one has nothing left to revoke.
  void Grant(LeaseId lease);
  bool HasLease(LeaseId lease) const { return leases_.contains(lease); }
  Applied Revoke(LeaseId lease);

  // Takes back the newest Apply or Revoke that is not yet taken back, and was not trimmed.
  void Undo(const Applied& applied);

  // Errors: kNotFound (compacted), kInvalidArgument (a revision that is not reached yet).
  Result<RangeResult> Range(const RangeRequest& request) const;

  // The revisions from `from` on, oldest first; nullopt when they are not all in the history.
  std::optional<std::vector<std::shared_ptr<const Revised>>> Since(Revision from) const;
  // What a watch of [begin, end) is told of a revision; without events when nothing in it changed.
  static WatchBatch EventsIn(const Revised& revised, std::string_view begin, std::string_view end);

  // Forgets history beyond the limits. Not done by Apply, so that what may be undone stays.
  void Trim();
  // Forgets the history up to `revision`.
  void Compact(Revision revision);

 private:
  using Keys = std::map<std::string, Entry, std::less<>>;
  class Writer;

  void Set(const std::string& key, std::optional<Entry> entry);
  void Remember(std::shared_ptr<const Revised> revised);
  void ForgetOldest();
  // The keys that changed after `revision`, as they were then.
  std::map<std::string_view, const std::optional<Entry>*> ChangedSince(Revision revision) const;

  HistoryLimits limits_;
  Revision revision_ = 0;
  Revision compacted_ = 0;  // the oldest revision that can still be read
  Keys keys_;
  std::map<LeaseId, std::set<std::string>> leases_;
  std::deque<std::shared_ptr<const Revised>> history_;
  std::size_t history_changes_ = 0;
  std::size_t history_bytes_ = 0;
};

// What is wrong with the shape of `txn`, whatever the store holds: limits, nesting, a key written
// twice.
Status CheckTxn(const Txn& txn);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_KEY_SPACE_H_
