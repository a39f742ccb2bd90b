// The stored form of a task: one JSON object, as GopherCron v1 writes it to etcd, with our members
// beside.
//
// v1's members keep their names and meaning: task_id, name, project_id, command, cron, remark,
// timeout (s), create_time (unix s of the last save), status (1 scheduled, 0 paused), is_running,
// noseize (1 broadcast), exclusion, client_ip. Ours are left out while they have their default.
#ifndef GOPHERCRON_TASK_TASK_JSON_H_
#define GOPHERCRON_TASK_TASK_JSON_H_

#include "base/json.h"
#include "base/result.h"
#include "task/task.h"

namespace gophercron::task {

json::object ToStoredJson(const Task& task);

// Takes everything v1 ever wrote: missing members have their default, unknown ones are kept in
// Task::unknown. `revision` is not part of the JSON; the caller sets it. Fails with kCorrupt when
// the object is no task.
Result<Task> FromStoredJson(const json::object& stored);

}  // namespace gophercron::task

#endif  // GOPHERCRON_TASK_TASK_JSON_H_
