#include "coordination/task_value.h"

#include <utility>

#include "base/json.h"
#include "task/task_json.h"

namespace gophercron::coordination {

Result<task::Task> ParseTask(const task::TaskKey& key, const KeyValue& item) {
  const auto stored = json::ParseObject(item.value);
  if (!stored) return Fail(ErrorCode::kCorrupt, stored.error().message);
  auto task = task::FromStoredJson(*stored);
  if (!task) return task;
  task->key = key;
  task->revision = item.mod_revision;
  return task;
}

}  // namespace gophercron::coordination
