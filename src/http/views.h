// What the API says of things, as JSON, and what it takes for a task. The names are those of
// docs/api.md.
#ifndef GOPHERCRON_HTTP_VIEWS_H_
#define GOPHERCRON_HTTP_VIEWS_H_

#include "base/json.h"
#include "base/result.h"
#include "coordination/claim.h"
#include "service/accounts.h"
#include "service/events.h"
#include "service/runs.h"
#include "service/tasks.h"
#include "service/why.h"
#include "storage/store.h"
#include "task/task.h"

namespace gophercron::http {

json::object CallerJson(const service::Caller& caller);
json::object ProjectJson(const storage::Project& project);
json::object TaskJson(const service::TaskView& view);
json::object RunJson(const service::RunView& view);
json::object RunRecordJson(const task::RunRecord& run);
json::object SpanJson(const task::OutcomeSpan& span);
json::object LedgerRowJson(const storage::LedgerRow& row);
json::object NodeJson(const coordination::Node& node);
json::object WhyJson(const service::Explanation& why);
json::object ApiTokenJson(const storage::ApiToken& token);
json::object EventJson(const service::Event& event);

// Sets the members of `task` that `body` names; null gives one its default. Unknown members and
// such of the wrong kind are kInvalidArgument, all at once. Setting one of command and argv clears
// the other.
Status ApplyTaskBody(const json::object& body, task::Task* task);

}  // namespace gophercron::http

#endif  // GOPHERCRON_HTTP_VIEWS_H_
