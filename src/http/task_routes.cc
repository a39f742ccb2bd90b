// Tasks: definitions and what is done with them as a whole.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "http/parameters.h"
#include "http/routes.h"
#include "http/views.h"
#include "service/password.h"

namespace gophercron::http {
namespace {

// A demanded revision that is not there is its own status.
Response EditProblem(const Context& context, const Error& error) {
  if (error.code != ErrorCode::kConflict || context.request.Header("if-match").empty()) {
    return Problem(context, error);
  }
  return ProblemResponse(412, Name(error.code), error.message, context.request.request_id);
}

Response TaskResponse(int status, const service::TaskView& view) {
  Response response = JsonResponse(status, TaskJson(view));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", view.task.revision));
  return response;
}

// The newest of a task's ticks that ended without a run, if it is among its newest `ticks`.
std::optional<task::OutcomeSpan> NewestSpan(const Context& context, const task::TaskKey& key,
                                            int ticks) {
  storage::LedgerQuery query;
  query.task = key;
  query.limit = ticks;
  auto rows = context.services.ports().store.ListLedger(query);
  if (!rows) return std::nullopt;  // the list is of use without it
  for (storage::LedgerRow& row : *rows) {
    if (row.span) return std::move(row.span);
  }
  return std::nullopt;
}

Response ListTasks(Context& context) {
  const auto limit = NumberParameter(context.request, "limit", 100, 1, 1'000);
  if (!limit) return Problem(context, limit.error());
  const auto recent = NumberParameter(context.request, "recent_runs", 0, 0, 20);
  if (!recent) return Problem(context, recent.error());
  auto page =
      context.services.tasks().List(*context.grant, context.request.Query("cursor").value_or(""),
                                    static_cast<std::size_t>(*limit), static_cast<int>(*recent));
  if (!page) return Problem(context, page.error());
  json::array items;
  for (const service::TaskView& view : page->items) {
    json::object item = TaskJson(view);
    if (*recent > 0) {
      const auto span = NewestSpan(context, view.task.key, static_cast<int>(*recent));
      if (span) item["last_span"] = SpanJson(*span);
    }
    items.push_back(std::move(item));
  }
  return JsonResponse(200, json::object{{"items", std::move(items)},
                                        {"next", page->next.empty() ? json::value(nullptr)
                                                                    : json::value(page->next)}});
}

// The id of a new task: empty, to be chosen, or with an Idempotency-Key one that follows from it,
// so that a repeat meets the task which the first one made.
Result<std::string> IdByKey(const Context& context) {
  constexpr std::size_t kKeyBytesMax = 256;
  constexpr std::size_t kIdBytes = 26;
  const std::string_view key = context.request.Header("idempotency-key");
  if (key.empty()) return std::string();
  if (key.size() > kKeyBytesMax) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("an idempotency key has at most {} bytes", kKeyBytesMax));
  }
  return service::Sha256Hex(fmt::format("task\n{}\n{}\n{}", context.caller->user_id,
                                        context.grant->project(), key))
      .substr(0, kIdBytes);
}

Response CreateTask(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  task::Task task;
  if (const Status fine = ApplyTaskBody(*body, &task); !fine) return Problem(context, fine.error());
  const auto id = IdByKey(context);
  if (!id) return Problem(context, id.error());
  task.key.task_id = *id;
  auto view = context.services.tasks().Create(*context.grant, std::move(task));
  const bool repeated = !view && !id->empty() && view.error().code == ErrorCode::kConflict;
  if (repeated) view = context.services.tasks().Show(*context.grant, *id);
  if (!view) return Problem(context, view.error());
  Response response = TaskResponse(repeated ? 200 : 201, *view);
  response.headers.emplace_back(
      "Location", fmt::format("/api/v2/projects/{}/tasks/{}", view->task.key.project_id,
                              view->task.key.task_id));
  return response;
}

Response ShowTask(Context& context) {
  auto view = context.services.tasks().Show(*context.grant, context.path.at("task"));
  if (!view) return Problem(context, view.error());
  return TaskResponse(200, *view);
}

// Replaces what people define and keeps what the program knows of the task.
Status Replace(const json::object& body, task::Task* task) {
  task::Task fresh;
  fresh.created_by = task->created_by;
  fresh.updated_by = task->updated_by;
  fresh.created_at = task->created_at;
  fresh.updated_at = task->updated_at;
  fresh.scheduled_since = task->scheduled_since;
  fresh.unknown = task->unknown;
  fresh.key = task->key;
  fresh.revision = task->revision;
  *task = std::move(fresh);
  return ApplyTaskBody(body, task);
}

Response PutTask(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  const std::string& task_id = context.path.at("task");
  const service::Tasks& tasks = context.services.tasks();
  const auto revision = IfMatch(context.request);
  if (!revision) return Problem(context, revision.error());
  const bool must_be_new = context.request.Header("if-none-match") == "*";
  if (!must_be_new) {
    auto view = tasks.Edit(*context.grant, task_id, *revision,
                           [&](task::Task& task) { return Replace(*body, &task); });
    if (view) return TaskResponse(200, *view);
    const bool absent = view.error().code == ErrorCode::kNotFound;
    if (!absent || !context.request.Header("if-match").empty()) {
      return EditProblem(context, view.error());
    }
  }
  task::Task task;
  task.key.task_id = task_id;
  if (const Status fine = ApplyTaskBody(*body, &task); !fine) return Problem(context, fine.error());
  auto made = tasks.Create(*context.grant, std::move(task));
  if (!made) {
    if (must_be_new && made.error().code == ErrorCode::kConflict) {
      return ProblemResponse(412, Name(made.error().code), made.error().message,
                             context.request.request_id);
    }
    return Problem(context, made.error());
  }
  return TaskResponse(201, *made);
}

Response PatchTask(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  const auto revision = IfMatch(context.request);
  if (!revision) return Problem(context, revision.error());
  auto view =
      context.services.tasks().Edit(*context.grant, context.path.at("task"), *revision,
                                    [&](task::Task& task) { return ApplyTaskBody(*body, &task); });
  if (!view) return EditProblem(context, view.error());
  return TaskResponse(200, *view);
}

Response DeleteTask(Context& context) {
  const auto revision = IfMatch(context.request);
  if (!revision) return Problem(context, revision.error());
  const Status gone =
      context.services.tasks().Delete(*context.grant, context.path.at("task"), *revision);
  return gone ? NoContent() : EditProblem(context, gone.error());
}

Response SetEnabled(Context& context, bool enabled) {
  auto view = context.services.tasks().SetEnabled(*context.grant, context.path.at("task"), enabled);
  if (!view) return Problem(context, view.error());
  return TaskResponse(200, *view);
}
Response PauseTask(Context& context) {
  return SetEnabled(context, false);
}
Response ResumeTask(Context& context) {
  return SetEnabled(context, true);
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v2/projects/{project}/tasks", kView, ListTasks},
    {"POST", "/api/v2/projects/{project}/tasks", kEdit, CreateTask},
    {"GET", "/api/v2/projects/{project}/tasks/{task}", kView, ShowTask},
    {"PUT", "/api/v2/projects/{project}/tasks/{task}", kEdit, PutTask},
    {"PATCH", "/api/v2/projects/{project}/tasks/{task}", kEdit, PatchTask},
    {"DELETE", "/api/v2/projects/{project}/tasks/{task}", kEdit, DeleteTask},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/pause", kOperate, PauseTask},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/resume", kOperate, ResumeTask},
});

}  // namespace

std::span<const Route> TaskRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
