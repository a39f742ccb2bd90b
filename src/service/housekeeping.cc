#include "service/housekeeping.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "coordination/claim.h"
#include "coordination/coordinator.h"
#include "service/runs.h"
#include "service/stale_triggers.h"

namespace gophercron::service {
namespace {

constexpr std::size_t kKeysAtATime = 100;
constexpr std::size_t kTombstonesAtATime = 50;
constexpr std::size_t kMarksAtATime = 1'000;

Status RemoveOldTriggerKeys(const Ports& ports) {
  std::string begin = ports.keys.Setting(kTriggerSettingPrefix);
  const std::string end = coordination::PrefixEnd(begin);
  const Instant oldest_kept = ports.clock.Now() - kIdempotencyKept;
  while (true) {
    auto read = coordination::RangeAndWait(ports.coordinator,
                                           {.begin = begin, .end = end, .limit = kKeysAtATime});
    if (!read) return std::unexpected(std::move(read).error());
    coordination::Txn txn;
    for (const coordination::KeyValue& item : read->items) {
      const auto value = json::ParseObject(item.value);
      const auto text = value ? json::String(*value, "at") : std::nullopt;
      const auto at = text ? ParseRfc3339(*text) : Fail(ErrorCode::kCorrupt, "");
      if (!at || *at < oldest_kept) txn.then.push_back(coordination::Delete(item.key));
    }
    if (!txn.then.empty()) {
      auto gone = coordination::CommitAndWait(ports.coordinator, std::move(txn));
      if (!gone) return std::unexpected(std::move(gone).error());
    }
    if (!read->more || read->items.empty()) return {};
    begin = read->items.back().key + '\0';
  }
}

// The history goes before the tombstone: a sweep that is cut short is done again. A task that is
// there again under the same id keeps its own.
Status DeleteHistory(const Ports& ports, const task::TaskKey& key) {
  auto task = coordination::RangeAndWait(
      ports.coordinator, {.begin = ports.keys.Task(key), .end = "", .keys_only = true});
  if (!task) return std::unexpected(std::move(task).error());
  if (!task->items.empty()) return {};
  return ports.store.DeleteTaskHistory(key);
}

// Marks and history of tasks that were deleted a day ago.
Status ForgetDeletedTasks(const Ports& ports) {
  auto [begin, end] = ports.keys.AllDeleted();
  const Instant oldest_kept = ports.clock.Now() - coordination::kTombstoneKept;
  while (true) {
    auto read = coordination::RangeAndWait(
        ports.coordinator, {.begin = begin, .end = end, .limit = kTombstonesAtATime});
    if (!read) return std::unexpected(std::move(read).error());
    std::vector<coordination::Txn> parts;
    for (const coordination::KeyValue& item : read->items) {
      const auto key = ports.keys.Parse(item.key);
      const auto deleted_at = coordination::ParseTombstone(item.value);
      if (!key || !deleted_at || *deleted_at >= oldest_kept) continue;
      if (const Status gone = DeleteHistory(ports, key->task); !gone) return gone;
      parts.push_back(coordination::BuildForget(ports.keys, key->task));
    }
    if (!parts.empty()) {
      auto done = coordination::CommitAndWait(ports.coordinator,
                                              coordination::BuildBatch(std::move(parts)));
      if (!done) return std::unexpected(std::move(done).error());
    }
    if (!read->more || read->items.empty()) return {};
    begin = read->items.back().key + '\0';
  }
}

Result<std::set<task::NodeId>> LiveNodes(const Ports& ports) {
  auto [begin, end] = ports.keys.AllSessions();
  auto read = coordination::RangeAndWait(ports.coordinator, {.begin = begin, .end = end});
  if (!read) return std::unexpected(std::move(read).error());
  std::set<task::NodeId> live;
  for (const coordination::KeyValue& item : read->items) {
    if (auto node = coordination::ParseNode(item.value)) live.insert(std::move(node->node_id));
  }
  return live;
}

}  // namespace

Status ForgetGoneNodes(const Ports& ports) {
  const auto live = LiveNodes(ports);
  if (!live) return std::unexpected(live.error());
  auto [begin, end] = ports.keys.AllMarks();
  const TickInstant oldest_kept =
      std::chrono::floor<seconds>(ports.clock.Now() - coordination::kTombstoneKept);
  while (true) {
    auto read = coordination::RangeAndWait(ports.coordinator,
                                           {.begin = begin, .end = end, .limit = kMarksAtATime});
    if (!read) return std::unexpected(std::move(read).error());
    std::vector<coordination::Txn> parts;
    for (const coordination::KeyValue& item : read->items) {
      const auto key = ports.keys.Parse(item.key);
      if (!key || key->family != coordination::Keys::Parsed::Family::kNodeMark) continue;
      const auto mark = coordination::ParseMark(item.value);
      if (live->contains(key->rest) || !mark || mark->at >= oldest_kept) continue;
      if (parts.size() == coordination::kClaimsPerTxnMax) break;  // the others in an hour
      parts.push_back({.when = {coordination::ModRevisionIs(item.key, item.mod_revision)},
                       .then = {coordination::Delete(item.key)},
                       .otherwise = {}});
    }
    if (!parts.empty()) {
      auto gone = coordination::CommitAndWait(ports.coordinator,
                                              coordination::BuildBatch(std::move(parts)));
      if (!gone) return std::unexpected(std::move(gone).error());
    }
    if (!read->more || read->items.empty()) return {};
    begin = read->items.back().key + '\0';
  }
}

Result<std::int64_t> KeepHouse(const Ports& ports, const storage::Retention& retention,
                               std::int64_t rows_max) {
  if (const Status done = RemoveOldTriggerKeys(ports); !done) return std::unexpected(done.error());
  if (const Status done = RecordExpired(ports); !done) return std::unexpected(done.error());
  if (const Status done = ForgetDeletedTasks(ports); !done) return std::unexpected(done.error());
  return ports.store.Prune(retention, ports.clock.Now(), rows_max);
}

}  // namespace gophercron::service
