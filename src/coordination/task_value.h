// The value of a task's key, read: the one way from a stored definition to a task.
#ifndef GOPHERCRON_COORDINATION_TASK_VALUE_H_
#define GOPHERCRON_COORDINATION_TASK_VALUE_H_

#include "base/result.h"
#include "coordination/coordinator.h"
#include "task/task.h"

namespace gophercron::coordination {

// `key` is what the item's key names (Keys::Parse). It is the task's name whatever the value says,
// in which v1 may have left it out, and the item's revision is the task's. kCorrupt: the value is
// no task.
Result<task::Task> ParseTask(const task::TaskKey& key, const KeyValue& item);

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_TASK_VALUE_H_
