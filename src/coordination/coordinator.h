// Coordinator: the small, ordered, transactional store of keys on which agents and services agree.
//
// Its model is etcd's v3 key space, because that is what carries a cluster; the embedded one keeps
// the same promises in one process. Everything the protocol needs (definitions, marks, claims,
// locks, sessions, triggers, settings) is keys (keys.h) and transactions over them (claim.h),
// written once, above this port.
//
// Model. Keys and values are bytes. Every transaction that changes something takes the next
// revision, one sequence for the whole store; a key remembers the revision that created it and the
// one that last wrote it. A transaction is atomic and serialisable, and it is durable before it is
// answered: synced to disk by the embedded one, committed by a quorum by etcd. Ends of ranges are
// exclusive.
//
// Threads: every method may be called from any thread. Completions and watch events are delivered
// on the loop that the implementation was made with, completions in the order of their commits, and
// never before the call returns. The implementation must outlive its leases and watches; destroying
// it drops what is pending without calling anyone.
//
// Failure: kUnavailable (nothing happened; try again), kOutcomeUnknown (a write may have happened:
// read back before trying again), kInvalidArgument (over the limits below, a key written twice in
// one transaction, a revision that is not reached yet), kNotFound (the lease of a Put is unknown or
// over; the history asked for is compacted), kResourceExhausted (disk or quota full; nothing
// happened), kCorrupt.
#ifndef GOPHERCRON_COORDINATION_COORDINATOR_H_
#define GOPHERCRON_COORDINATION_COORDINATOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace gophercron::coordination {

using Revision = std::int64_t;  // 0: never written
using LeaseId = std::int64_t;   // 0: no lease

// Operations of one transaction, counting the largest nested one; etcd's own default.
inline constexpr std::size_t kTxnOpsMax = 128;
inline constexpr std::size_t kKeyBytesMax = 4'096;
inline constexpr std::size_t kValueBytesMax = 1'000'000;
// Keys and values of one transaction together; below etcd's default of 1.5 MiB a request.
inline constexpr std::size_t kTxnBytesMax = 1'400'000;

struct KeyValue {
  std::string key;
  std::string value;
  Revision create_revision = 0;
  Revision mod_revision = 0;
  LeaseId lease = 0;
};

// One condition on one key. A key that does not exist has revisions 0 and no value: every
// comparison of its value is false.
struct Compare {
  enum class What { kModRevision, kCreateRevision, kValue };
  enum class Is { kEqual, kNotEqual, kLess, kGreater };
  std::string key;
  What what = What::kModRevision;
  Is is = Is::kEqual;
  Revision revision = 0;  // for the revisions
  std::string value;      // for kValue: compared as bytes
};

Compare Exists(std::string key);
Compare Absent(std::string key);
Compare ModRevisionIs(std::string key, Revision revision);
Compare ValueIs(std::string key, std::string value);
Compare ValueIsLess(std::string key, std::string value);

struct Txn;

// One step of a transaction. Steps of one branch are applied in order; a Get sees what came before
// it. No key may be put twice, or put and deleted, in one transaction, nested ones included; the
// two branches of one transaction exclude each other. Deleting twice is harmless.
struct Op {
  enum class Kind { kGet, kPut, kDelete, kTxn };
  Kind kind = Kind::kGet;
  std::string key;
  std::string range_end;  // kDelete only: not empty deletes [key, range_end)
  std::string value;      // kPut
  LeaseId lease = 0;  // kPut: the key disappears with this lease; an unknown one fails the whole
  std::shared_ptr<const Txn> txn;  // kTxn: nested one deep, no deeper
};

Op Get(std::string key);
Op Put(std::string key, std::string value, LeaseId lease = 0);
Op Delete(std::string key);
Op DeleteRange(std::string begin, std::string end);
Op Nested(Txn txn);

// When all of `when` hold, `then` is applied, else `otherwise`. Every comparison, nested ones
// included, is made with the store as it was before the transaction.
struct Txn {
  std::vector<Compare> when;
  std::vector<Op> then;
  std::vector<Op> otherwise;
};

struct TxnResult;

struct OpResult {
  std::optional<KeyValue> got;        // kGet
  std::int64_t deleted = 0;           // kDelete: how many keys
  std::shared_ptr<TxnResult> nested;  // kTxn
};

struct TxnResult {
  // Of the store once the transaction was applied: its own where it wrote something. Nested results
  // carry the revision of the whole.
  Revision revision = 0;
  bool succeeded = false;
  std::vector<OpResult> results;  // one for each Op of the branch that was applied
};

struct RangeRequest {
  std::string begin;
  std::string end;        // exclusive; empty: the single key `begin`
  std::size_t limit = 0;  // 0: all
  Revision revision = 0;  // 0: now. An older one may answer kNotFound when its history is compacted
  bool keys_only = false;  // values come back empty
};

struct RangeResult {
  Revision revision = 0;        // the revision that was read
  std::vector<KeyValue> items;  // ascending keys
  bool more = false;            // cut off by `limit`; go on after the last key, at this revision
};

struct WatchEvent {
  enum class Type { kPut, kDelete };
  Type type = Type::kPut;
  KeyValue item;  // kDelete: key and mod_revision (that of the deletion) only
};

// All events of one revision in one call, revisions ascending, each exactly once. After `lost` no
// more comes: the history that was asked for is compacted, the owner was too slow, or the watch
// broke; the owner lists and watches anew.
struct WatchBatch {
  Revision revision = 0;
  std::vector<WatchEvent> events;
  bool lost = false;
};

// Ends when destroyed: nothing is delivered after the destructor returns on the loop's thread. May
// be destroyed by its own callback.
class Watch {
 public:
  virtual ~Watch() = default;
};

// A lease that the implementation renews by itself. Destroying it revokes the lease, and with it
// its keys.
class Lease {
 public:
  virtual ~Lease() = default;
  virtual LeaseId id() const = 0;
  // Until when the holder may still act on it: when the last answered renewal was SENT, plus the
  // time to live, less 2 s. A slow answer can not stretch it. Embedded: for ever. Any thread.
  virtual BootTime trusted_until() const = 0;
};

class Coordinator {
 public:
  template <class T>
  using Done = std::move_only_function<void(Result<T>)>;

  virtual ~Coordinator() = default;

  virtual void Range(RangeRequest request, Done<RangeResult> done) = 0;
  virtual void Commit(Txn txn, Done<TxnResult> done) = 0;

  // Every event on [begin, end) with a revision of at least `from`; 0: from now on. A list at
  // revision R followed by a watch from R + 1 misses nothing.
  virtual std::unique_ptr<Watch> WatchRange(std::string begin, std::string end, Revision from,
                                            std::function<void(const WatchBatch&)> on_batch) = 0;

  // `on_lost` is called at most once, when the lease is gone for certain: keys put under it have
  // disappeared.
  virtual void Grant(seconds time_to_live, std::function<void()> on_lost,
                     Done<std::unique_ptr<Lease>> done) = 0;
};

// The end of the range of all keys that begin with `prefix`.
std::string PrefixEnd(std::string prefix);

// The same calls for threads that may wait, such as the workers behind the HTTP API. Never on the
// loop's thread: the answer would wait for itself. After `patience`, or at once when the
// coordinator is destroyed meanwhile, the answer is kOutcomeUnknown for Commit and kUnavailable for
// Range.
Result<RangeResult> RangeAndWait(Coordinator& coordinator, RangeRequest request,
                                 milliseconds patience = seconds(10));
Result<TxnResult> CommitAndWait(Coordinator& coordinator, Txn txn,
                                milliseconds patience = seconds(10));

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_COORDINATOR_H_
