#include "coordination/claim.h"

#include <utility>

#include "base/check.h"

namespace gophercron::coordination {
namespace {

const std::string& IdOf(const Claim& claim) {
  return claim.run ? claim.run->run_id : claim.id;
}

Mark MarkOf(const Claim& claim) {
  return {.at = claim.mark->to,
          .node_id = claim.node_id,
          .run_id = claim.run ? claim.run->run_id : task::RunId(),
          .claim_id = IdOf(claim)};
}

std::string MarkKey(const Keys& keys, const Claim& claim) {
  return claim.mark->of_node ? keys.NodeMark(claim.task, claim.node_id) : keys.Mark(claim.task);
}

void CheckClaim(const Keys& keys, const Claim& claim) {
  CHECK(!IdOf(claim).empty());
  CHECK(!claim.enqueue || (claim.mark && !claim.run));
  // A key that the claim writes itself would be written twice.
  CHECK(!claim.consume || !claim.enqueue || claim.consume->key != keys.Queued(claim.task));
}

std::vector<Compare> Conditions(const Keys& keys, const Claim& claim) {
  std::vector<Compare> when = {Exists(keys.Session(claim.session))};
  if (claim.task_revision) {
    when.push_back(ModRevisionIs(keys.Task(claim.task), *claim.task_revision));
  }
  if (claim.mark) {
    const std::string key = MarkKey(keys, claim);
    when.push_back(claim.mark->from_revision ? ModRevisionIs(key, *claim.mark->from_revision)
                                             : ValueIsLess(key, FormatMarkInstant(claim.mark->to)));
  }
  if (claim.consume) when.push_back(ModRevisionIs(claim.consume->key, claim.consume->revision));
  if (claim.run && claim.run->take_lock) {
    const std::string key = keys.Lock(claim.task);
    when.push_back(claim.run->lock_from.empty() ? Absent(key) : ValueIs(key, claim.run->lock_from));
  }
  return when;
}

std::vector<Op> Writes(const Keys& keys, const Claim& claim) {
  std::vector<Op> then;
  if (claim.mark) {
    then.push_back(Get(MarkKey(keys, claim)));
    then.push_back(Put(MarkKey(keys, claim), FormatMark(MarkOf(claim))));
  }
  if (claim.enqueue) {
    then.push_back(Get(keys.Queued(claim.task)));
    then.push_back(Put(keys.Queued(claim.task), FormatQueuedTick({.at = *claim.enqueue,
                                                                  .node_id = claim.node_id,
                                                                  .claim_id = IdOf(claim)})));
  }
  if (claim.run) {
    then.push_back(Put(keys.Run(claim.task, claim.run->run_id), FormatLiveRun(claim.run->value)));
    if (claim.run->take_lock) {
      then.push_back(Put(keys.Lock(claim.task), claim.run->run_id, claim.session));
    }
  }
  if (claim.consume) then.push_back(Delete(claim.consume->key));
  return then;
}

// What a refused claim found, in the order of Questions.
struct Found {
  std::optional<KeyValue> session, definition, mark, consumed, run, queued, lock;
};

// The reads of the failure branch, each with the place in Found that its answer goes to. One list
// for building and for reading, so that the two can not disagree.
std::vector<std::pair<std::string, std::optional<KeyValue> Found::*>> Questions(
    const Keys& keys, const Claim& claim) {
  std::vector<std::pair<std::string, std::optional<KeyValue> Found::*>> ask = {
      {keys.Session(claim.session), &Found::session}};
  if (claim.task_revision) ask.emplace_back(keys.Task(claim.task), &Found::definition);
  if (claim.mark) ask.emplace_back(MarkKey(keys, claim), &Found::mark);
  if (claim.consume) ask.emplace_back(claim.consume->key, &Found::consumed);
  if (claim.run) ask.emplace_back(keys.Run(claim.task, claim.run->run_id), &Found::run);
  if (claim.enqueue) ask.emplace_back(keys.Queued(claim.task), &Found::queued);
  if (claim.run && claim.run->take_lock) ask.emplace_back(keys.Lock(claim.task), &Found::lock);
  return ask;
}

std::optional<Mark> ReadMark(const std::optional<KeyValue>& item) {
  if (!item) return std::nullopt;
  auto mark = ParseMark(item->value);
  return mark ? std::optional(*std::move(mark)) : std::nullopt;
}

std::optional<QueuedTick> ReadQueued(const std::optional<KeyValue>& item) {
  if (!item) return std::nullopt;
  auto queued = ParseQueuedTick(item->value);
  return queued ? std::optional(*std::move(queued)) : std::nullopt;
}

Revision RevisionOf(const std::optional<KeyValue>& item) {
  return item ? item->mod_revision : 0;
}

// Whether this claim was applied when it was sent before: then what it wrote is still there, in at
// least one of three places, and names it. The revision is that of the claim; 0 when not applied.
Revision AppliedAt(const Claim& claim, const Found& found, const std::optional<Mark>& mark) {
  // The run's key may have been written again since (a kill): its creation was the claim. That it
  // was mine its session says: the id of a manual run is known to every agent.
  if (found.run) {
    const auto run = ParseLiveRun(found.run->value);
    if (run && run->session == claim.session) return found.run->create_revision;
  }
  if (mark && claim.mark && mark->at == claim.mark->to && mark->claim_id == IdOf(claim)) {
    return found.mark->mod_revision;
  }
  if (const auto queued = ReadQueued(found.queued); queued && queued->claim_id == IdOf(claim)) {
    return found.queued->mod_revision;
  }
  return 0;
}

bool MarkHolds(const Claim& claim, const Found& found) {
  if (claim.mark->from_revision) return RevisionOf(found.mark) == *claim.mark->from_revision;
  return found.mark && found.mark->value < FormatMarkInstant(claim.mark->to);
}

ClaimAnswer ReadRefused(const Keys& keys, const Claim& claim, const TxnResult& result) {
  using Kind = ClaimAnswer::Kind;
  Found found;
  const auto questions = Questions(keys, claim);
  CHECK(result.results.size() == questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    found.*questions[i].second = result.results[i].got;
  }

  ClaimAnswer answer;
  const std::optional<Mark> mark = ReadMark(found.mark);
  answer.mark_revision = RevisionOf(found.mark);
  if (const Revision applied = AppliedAt(claim, found, mark); applied != 0) {
    answer.repeated = true;
    answer.fence = applied;
    return answer;
  }
  answer.mark = mark;
  if (!found.session) {
    answer.kind = Kind::kSessionGone;
  } else if (claim.mark && !MarkHolds(claim, found)) {
    answer.kind = found.mark ? Kind::kOvertaken : Kind::kNoMark;
  } else if (claim.consume && RevisionOf(found.consumed) != claim.consume->revision) {
    answer.kind = Kind::kConsumed;
  } else if (claim.task_revision && RevisionOf(found.definition) != *claim.task_revision) {
    answer.kind = Kind::kEdited;
  } else if (claim.run && claim.run->take_lock) {
    answer.kind = Kind::kLocked;
    if (found.lock) {
      answer.lock_holder = found.lock->value.empty() ? kForeignLock : found.lock->value;
    }
  } else {
    // No store that keeps its promises gets here; reading everything again is right in any case.
    answer.kind = Kind::kEdited;
  }
  return answer;
}

ClaimAnswer ReadWon(const Claim& claim, const TxnResult& result) {
  ClaimAnswer answer;
  answer.fence = result.revision;
  std::size_t at = 0;
  if (claim.mark) {
    answer.mark = ReadMark(result.results.at(at).got);
    answer.mark_revision = result.revision;
    at += 2;
  }
  if (claim.enqueue) {
    if (const auto queued = ReadQueued(result.results.at(at).got)) answer.displaced = queued->at;
  }
  return answer;
}

}  // namespace

Txn BuildClaim(const Keys& keys, const Claim& claim) {
  CheckClaim(keys, claim);
  Txn txn{.when = Conditions(keys, claim), .then = Writes(keys, claim), .otherwise = {}};
  for (auto& [key, place] : Questions(keys, claim)) txn.otherwise.push_back(Get(std::move(key)));
  return txn;
}

ClaimAnswer ReadClaim(const Keys& keys, const Claim& claim, const TxnResult& result) {
  return result.succeeded ? ReadWon(claim, result) : ReadRefused(keys, claim, result);
}

Txn BuildClaims(const Keys& keys, std::span<const Claim> claims) {
  std::vector<Txn> parts;
  parts.reserve(claims.size());
  for (const Claim& claim : claims) parts.push_back(BuildClaim(keys, claim));
  return BuildBatch(std::move(parts));
}

std::vector<ClaimAnswer> ReadClaims(const Keys& keys, std::span<const Claim> claims,
                                    const TxnResult& result) {
  CHECK(result.results.size() == claims.size());
  std::vector<ClaimAnswer> answers;
  answers.reserve(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    CHECK(result.results[i].nested != nullptr);
    answers.push_back(ReadClaim(keys, claims[i], *result.results[i].nested));
  }
  return answers;
}

Txn BuildUnlock(const Keys& keys, const task::TaskKey& task, const task::RunId& run_id) {
  const std::string lock = keys.Lock(task);
  return {.when = {ValueIs(lock, run_id)}, .then = {Delete(lock)}, .otherwise = {}};
}

Txn BuildConclude(const Keys& keys, const task::TaskKey& task, const task::RunId& run_id) {
  const std::string lock = keys.Lock(task);
  const std::string run = keys.Run(task, run_id);
  return {.when = {ValueIs(lock, run_id)},
          .then = {Delete(run), Delete(lock)},
          .otherwise = {Delete(run)}};
}

Txn BuildFirstMark(const Keys& keys, const task::TaskKey& task, const Mark& mark, bool of_node) {
  const std::string key = of_node ? keys.NodeMark(task, mark.node_id) : keys.Mark(task);
  return {.when = {Absent(key)}, .then = {Put(key, FormatMark(mark))}, .otherwise = {Get(key)}};
}

Txn BuildUpdateRun(const Keys& keys, const LiveRun& run, Revision read_at) {
  const std::string key = keys.Run(run.record.task, run.record.run_id);
  return {.when = {ModRevisionIs(key, read_at)},
          .then = {Put(key, FormatLiveRun(run))},
          .otherwise = {Get(key)}};
}

Txn BuildDeleteTask(const Keys& keys, const task::TaskKey& task, Revision revision, Instant now) {
  const std::string key = keys.Task(task);
  // Of v1's keys below the definition only those of this very task: v1 itself deletes by the bare
  // prefix, and with it every task whose id begins alike. A tick that waits in the queue stays: the
  // agent that finds its definition gone accounts for it.
  return {.when = {ModRevisionIs(key, revision)},
          .then = {Delete(key), DeleteRange(key + "/", PrefixEnd(key + "/")),
                   Put(keys.Deleted(task), FormatRfc3339(now))},
          .otherwise = {Get(key)}};
}

Txn BuildTombstone(const Keys& keys, const task::TaskKey& task, Instant now) {
  const std::string tombstone = keys.Deleted(task);
  return {.when = {Absent(keys.Task(task)), Absent(tombstone)},
          .then = {Put(tombstone, FormatRfc3339(now))},
          .otherwise = {}};
}

Txn BuildForget(const Keys& keys, const task::TaskKey& task) {
  const std::string tombstone = keys.Deleted(task);
  return {.when = {Absent(keys.Task(task)), Exists(tombstone)},
          .then = {Delete(keys.Mark(task)),
                   DeleteRange(keys.NodeMark(task, ""), PrefixEnd(keys.NodeMark(task, ""))),
                   Delete(keys.Queued(task)), Delete(tombstone)},
          .otherwise = {Delete(tombstone)}};
}

Txn BuildBatch(std::vector<Txn> parts) {
  CHECK(!parts.empty() && parts.size() <= kClaimsPerTxnMax);
  Txn batch;
  batch.then.reserve(parts.size());
  for (Txn& part : parts) batch.then.push_back(Nested(std::move(part)));
  return batch;
}

}  // namespace gophercron::coordination
