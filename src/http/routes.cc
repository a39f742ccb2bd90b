// Every route and what it needs. A handler translates and calls one use case.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/admin_page.h"
#include "http/body_reader.h"
#include "http/cluster_routes.h"
#include "http/parameters.h"
#include "http/router.h"
#include "http/streams.h"
#include "http/views.h"
#include "link/wire.h"

namespace gophercron::http {
namespace {

Response Problem(const Context& context, const Error& error) {
  return ProblemResponse(error, context.request.request_id);
}

// A demanded revision that is not there is its own status.
Response EditProblem(const Context& context, const Error& error) {
  if (error.code != ErrorCode::kConflict || context.request.Header("if-match").empty()) {
    return Problem(context, error);
  }
  return ProblemResponse(412, Name(error.code), error.message, context.request.request_id);
}

// The body, which may be absent where nothing is required of it.
Result<json::object> Body(const Context& context, bool may_be_absent = false) {
  if (context.request.body.empty() && may_be_absent) return json::object();
  const std::string_view type = context.request.Header("content-type");
  if (type.substr(0, type.find(';')) != "application/json") {
    return Fail(ErrorCode::kInvalidArgument,
                "the body must be JSON and say so: Content-Type: application/json");
  }
  return json::ParseObject(context.request.body);
}

// --- health

Response Healthz(Context&) {
  Response response;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = "ok\n";
  return response;
}

Response Readyz(Context& context) {
  const service::Ports& ports = context.services.ports();
  const auto keys = coordination::RangeAndWait(
      ports.coordinator,
      {.begin = ports.keys.Setting(coordination::kSettingZone), .end = "", .keys_only = true},
      seconds(2));
  const bool ready = keys.has_value() && ports.store.Ping().has_value();
  Response response;
  response.status = ready ? 200 : 503;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = ready ? "ready\n" : "not ready\n";
  return response;
}

// --- session

Response LoginProblem(const Context& context, const service::LoginRefused& refused) {
  if (!refused.retry_after) return Problem(context, refused.error);
  Response response = ProblemResponse(429, Name(refused.error.code), refused.error.message,
                                      context.request.request_id);
  response.headers.emplace_back("Retry-After", std::to_string(refused.retry_after->count()));
  return response;
}

std::string CookieHeader(const Request& request, std::string_view token, std::string_view rest) {
  // Behind a proxy that ends TLS the browser may be told to keep it there.
  const bool secure = request.Header("x-forwarded-proto") == "https";
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kSessionCookie, token,
                     secure ? "; Secure" : "", rest);
}

Response SessionResponse(const Context& context, const service::Session& session, bool cookie) {
  json::object body{{"expires_at", FormatRfc3339(session.expires_at)},
                    {"user", CallerJson(session.caller)}};
  // A page never sees the token: what it can not read can not be stolen from it.
  if (!cookie) body["token"] = session.token;
  Response response = JsonResponse(200, body);
  if (cookie) {
    response.headers.emplace_back("Set-Cookie", CookieHeader(context.request, session.token, ""));
  }
  return response;
}

Response Login(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string account;
  std::string password;
  bool cookie = false;
  BodyReader reader(*body);
  reader.Require("account");
  reader.Require("password");
  reader.Read("account", &account);
  reader.Read("password", &password);
  reader.Read("cookie", &cookie);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session =
      context.services.accounts().Login(account, password, context.request.remote_address);
  if (!session) return LoginProblem(context, session.error());
  return SessionResponse(context, *session, cookie);
}

Response Redeem(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string code;
  bool cookie = false;
  BodyReader reader(*body);
  reader.Require("code");
  reader.Read("code", &code);
  reader.Read("cookie", &cookie);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session = context.services.accounts().Redeem(code, context.request.remote_address);
  if (!session) return LoginProblem(context, session.error());
  return SessionResponse(context, *session, cookie);
}

Response WhoAmI(Context& context) {
  return JsonResponse(200, CallerJson(*context.caller));
}

Response Logout(Context& context) {
  if (const Status out = context.services.accounts().Logout(*context.caller); !out) {
    return Problem(context, out.error());
  }
  Response response = NoContent();
  response.headers.emplace_back("Set-Cookie", CookieHeader(context.request, "", "; Max-Age=0"));
  return response;
}

Response ChangePassword(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string password;
  std::string new_password;
  BodyReader reader(*body);
  reader.Read("password", &password);
  reader.Require("new_password");
  reader.Read("new_password", &new_password);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto session =
      context.services.accounts().ChangePassword(*context.caller, password, new_password);
  if (!session) return Problem(context, session.error());
  return SessionResponse(context, *session, context.by_cookie);
}

Response ListTokens(Context& context) {
  auto tokens = context.services.accounts().ListApiTokens(*context.caller);
  if (!tokens) return Problem(context, tokens.error());
  json::array items;
  for (const storage::ApiToken& token : *tokens) items.push_back(ApiTokenJson(token));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response CreateToken(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string name;
  seconds ttl(0);
  BodyReader reader(*body);
  reader.Require("name");
  reader.Read("name", &name);
  const bool limited = reader.Read("expires_in_s", &ttl) && ttl != seconds(0);
  if (name.size() > 100) reader.Refuse("name", "it may have at most 100 bytes");
  if (ttl < seconds(0) || ttl > std::chrono::hours(24 * 3660)) {
    reader.Refuse("expires_in_s", "it must be a number of seconds up to ten years");
  }
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto made = context.services.accounts().CreateApiToken(
      *context.caller, name, limited ? std::optional(ttl) : std::nullopt);
  if (!made) return Problem(context, made.error());
  json::object out = ApiTokenJson(made->token);
  out["token"] = made->secret;
  return JsonResponse(201, out);
}

Response DeleteToken(Context& context) {
  const Status gone =
      context.services.accounts().DeleteApiToken(*context.caller, context.path.at("token"));
  return gone ? NoContent() : Problem(context, gone.error());
}

Response ResetPassword(Context& context) {
  auto body = Body(context, true);
  if (!body) return Problem(context, body.error());
  std::string password;
  BodyReader reader(*body);
  const bool given = reader.Read("new_password", &password) && !password.empty();
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto code = context.services.accounts().ResetPassword(
      context.path.at("account"), given ? std::optional<std::string_view>(password) : std::nullopt);
  if (!code) return Problem(context, code.error());
  return JsonResponse(200,
                      json::object{{"code", *code ? json::value(**code) : json::value(nullptr)}});
}

// --- projects

Response ListProjects(Context& context) {
  auto projects = context.services.projects().List(*context.caller);
  if (!projects) return Problem(context, projects.error());
  json::array items;
  for (const storage::Project& project : *projects) items.push_back(ProjectJson(project));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

Response CreateProject(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string title;
  std::string remark;
  BodyReader reader(*body);
  reader.Require("title");
  reader.Read("title", &title);
  reader.Read("remark", &remark);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto project =
      context.services.projects().Create(*context.caller, std::move(title), std::move(remark));
  if (!project) return Problem(context, project.error());
  Response response = JsonResponse(201, ProjectJson(*project));
  response.headers.emplace_back("Location", fmt::format("/api/v2/projects/{}", project->id));
  return response;
}

Response ShowProject(Context& context) {
  auto project = context.services.projects().Show(*context.grant);
  if (!project) return Problem(context, project.error());
  return JsonResponse(200, ProjectJson(*project));
}

Response UpdateProject(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  std::string title;
  std::string remark;
  BodyReader reader(*body);
  const bool has_title = reader.Read("title", &title);
  const bool has_remark = reader.Read("remark", &remark);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto project = context.services.projects().Update(
      *context.grant, has_title ? std::optional(std::move(title)) : std::nullopt,
      has_remark ? std::optional(std::move(remark)) : std::nullopt);
  if (!project) return Problem(context, project.error());
  return JsonResponse(200, ProjectJson(*project));
}

Response DeleteProject(Context& context) {
  const Status gone = context.services.projects().Delete(*context.grant);
  return gone ? NoContent() : Problem(context, gone.error());
}

// --- tasks

Response TaskResponse(int status, const service::TaskView& view) {
  Response response = JsonResponse(status, TaskJson(view));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", view.task.revision));
  return response;
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
  for (const service::TaskView& view : page->items) items.push_back(TaskJson(view));
  return JsonResponse(200, json::object{{"items", std::move(items)},
                                        {"next", page->next.empty() ? json::value(nullptr)
                                                                    : json::value(page->next)}});
}

Response CreateTask(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  task::Task task;
  if (const Status fine = ApplyTaskBody(*body, &task); !fine) return Problem(context, fine.error());
  auto view = context.services.tasks().Create(*context.grant, std::move(task));
  if (!view) return Problem(context, view.error());
  Response response = TaskResponse(201, *view);
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
  if (!body) return Problem(context, body.error());
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
  if (!body) return Problem(context, body.error());
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

Response PreviewCron(Context& context) {
  auto body = Body(context);
  if (!body) return Problem(context, body.error());
  task::Task task;
  std::optional<Instant> from;
  std::int64_t count = 5;
  BodyReader reader(*body);
  reader.Require("cron");
  reader.Read("cron", &task.cron);
  reader.Read("zone", &task.zone);
  reader.Read("task_id", &task.key.task_id);
  reader.Read("jitter_s", &task.jitter);
  reader.Read("valid_from", &task.valid_from);
  reader.Read("valid_until", &task.valid_until);
  reader.Read("from", &from);
  reader.Read("count", &count, 5);
  if (count < 1 || count > 1'000) reader.Refuse("count", "it must be 1 to 1000");
  if (task.jitter < seconds(0) || task.jitter > std::chrono::hours(24)) {
    reader.Refuse("jitter_s", "it must be 0 to 86400");
  }
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto preview =
      context.services.tasks().PreviewSchedule(task, from, static_cast<std::size_t>(count));
  if (!preview) return Problem(context, preview.error());
  json::array next;
  for (const TickInstant at : preview->next) next.emplace_back(FormatRfc3339(at));
  return JsonResponse(
      200, json::object{{"next", std::move(next)},
                        {"zone", preview->zone},
                        {"explain", {{"en", preview->english}, {"zh", preview->chinese}}}});
}

Response WhyTask(Context& context) {
  const auto instant = TimeParameter(context.request, "instant");
  if (!instant) return Problem(context, instant.error());
  if (!*instant) {
    return Problem(context, {.code = ErrorCode::kInvalidArgument,
                             .message = "which instant? Give it as ?instant=2026-03-28T12:00:00Z",
                             .fields = {{.field = "instant", .message = "it is missing"}}});
  }
  auto why = context.services.why().Explain(*context.grant, context.path.at("task"),
                                            std::chrono::floor<seconds>(**instant));
  if (!why) return Problem(context, why.error());
  return JsonResponse(200, WhyJson(*why));
}

// --- ledger

Response ListLedger(Context& context) {
  storage::LedgerQuery query;
  query.task = {context.grant->project(), context.path.at("task")};
  const auto from = TimeParameter(context.request, "from");
  const auto to = TimeParameter(context.request, "to");
  const auto cursor = TimeParameter(context.request, "cursor");
  const auto limit = NumberParameter(context.request, "limit", 100, 1, 1'000);
  if (!from) return Problem(context, from.error());
  if (!to) return Problem(context, to.error());
  if (!cursor) return Problem(context, cursor.error());
  if (!limit) return Problem(context, limit.error());
  query.from = *from;
  query.to = *to;
  if (*cursor) query.before = std::chrono::floor<seconds>(**cursor);
  query.limit = static_cast<int>(*limit);
  auto rows = context.services.ports().store.ListLedger(query);
  if (!rows) return Problem(context, rows.error());
  json::array items;
  json::value next;
  for (const storage::LedgerRow& row : *rows) {
    json::object item = LedgerRowJson(row);
    if (const json::value* first = item.if_contains("first")) next = *first;
    items.push_back(std::move(item));
  }
  if (rows->size() < static_cast<std::size_t>(*limit)) next = nullptr;
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", std::move(next)}});
}

Response CountLedger(Context& context) {
  const auto from = TimeParameter(context.request, "from");
  const auto to = TimeParameter(context.request, "to");
  if (!from) return Problem(context, from.error());
  if (!to) return Problem(context, to.error());
  const Instant now = context.services.ports().clock.Now();
  const Instant until = to->value_or(now);
  const Instant since = from->value_or(until - std::chrono::hours(24));
  auto counts = context.services.ports().store.CountOutcomes(
      {context.grant->project(), context.path.at("task")}, since, until);
  if (!counts) return Problem(context, counts.error());
  json::array items;
  for (const storage::OutcomeCount& count : *counts) {
    items.push_back({{"outcome", task::Name(count.outcome)},
                     {"reason", task::Name(count.reason)},
                     {"ticks", count.ticks}});
  }
  return JsonResponse(200, json::object{{"from", FormatRfc3339(since)},
                                        {"to", FormatRfc3339(until)},
                                        {"items", std::move(items)}});
}

// --- runs

Response RunList(Context& context, service::RunFilter filter) {
  const auto limit = NumberParameter(context.request, "limit", 50, 1, 500);
  if (!limit) return Problem(context, limit.error());
  const auto live = FlagParameter(context.request, "live");
  if (!live) return Problem(context, live.error());
  filter.limit = static_cast<std::size_t>(*limit);
  filter.live_only = *live;
  filter.before = context.request.Query("cursor").value_or("");
  const bool run_id = filter.before.size() == 26 && std::ranges::all_of(filter.before, [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
                      });
  if (!filter.before.empty() && !run_id) {
    return Problem(context,
                   {.code = ErrorCode::kInvalidArgument,
                    .message = "cursor is the \"next\" of the page before, as it was given"});
  }
  if (const auto name = context.request.Query("outcome"); name && !name->empty()) {
    filter.outcome = task::ParseOutcome(*name);
    if (!filter.outcome) {
      return Problem(context,
                     {.code = ErrorCode::kInvalidArgument,
                      .message = fmt::format("\"{}\" is no outcome of a run", *name),
                      .fields = {{.field = "outcome", .message = "it is none that there is"}}});
    }
  }
  auto page = context.services.runs().List(*context.caller, filter);
  if (!page) return Problem(context, page.error());
  json::array items;
  for (const service::RunView& view : page->items) items.push_back(RunJson(view));
  return JsonResponse(200, json::object{{"items", std::move(items)},
                                        {"next", page->next.empty() ? json::value(nullptr)
                                                                    : json::value(page->next)}});
}

Response ListRuns(Context& context) {
  service::RunFilter filter;
  const auto project =
      NumberParameter(context.request, "project", 0, 1, std::numeric_limits<std::int64_t>::max());
  if (!project) return Problem(context, project.error());
  if (*project != 0) filter.project = *project;
  if (const auto task = context.request.Query("task"); task && filter.project)
    filter.task_id = *task;
  return RunList(context, std::move(filter));
}

Response ListTaskRuns(Context& context) {
  service::RunFilter filter;
  filter.project = context.grant->project();
  filter.task_id = context.path.at("task");
  return RunList(context, std::move(filter));
}

Response TriggerTask(Context& context) {
  auto body = Body(context, true);
  if (!body) return Problem(context, body.error());
  bool ignore_overlap = false;
  BodyReader reader(*body);
  reader.Read("ignore_overlap", &ignore_overlap);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  auto triggered =
      context.services.runs().Trigger(*context.grant, context.path.at("task"),
                                      context.request.Header("idempotency-key"), ignore_overlap);
  if (!triggered) return Problem(context, triggered.error());
  Response response = JsonResponse(
      202, json::object{{"run_id", triggered->run_id}, {"repeated", triggered->repeated}});
  response.headers.emplace_back("Location", "/api/v2/runs/" + triggered->run_id);
  return response;
}

Response ShowRun(Context& context) {
  auto view = context.services.runs().Show(*context.caller, context.path.at("run"));
  if (!view) return Problem(context, view.error());
  return JsonResponse(200, RunJson(*view));
}

Response KillRun(Context& context) {
  auto view = context.services.runs().Kill(*context.caller, context.path.at("run"));
  if (!view) return Problem(context, view.error());
  return JsonResponse(202, RunJson(*view));
}

Response ReadOutput(Context& context) {
  const auto from = NumberParameter(context.request, "from", 0, 0, std::int64_t{1} << 50);
  if (!from) return Problem(context, from.error());
  const auto limit = NumberParameter(context.request, "limit", 1 << 20, 1, 4 << 20);
  if (!limit) return Problem(context, limit.error());
  auto view =
      context.services.runs().ReadOutput(*context.caller, context.path.at("run"), *from, *limit);
  if (!view) return Problem(context, view.error());
  Response response;
  // Bytes of a stranger's making: never shown as anything but a file.
  response.headers = {{"Content-Type", "application/octet-stream"},
                      {"X-Output-Offset", std::to_string(view->offset)},
                      {"X-Output-Total", std::to_string(view->total)},
                      {"X-Output-Dropped-From", std::to_string(view->dropped_from)},
                      {"X-Output-Dropped-To", std::to_string(view->dropped_to)},
                      {"X-Output-Ended", view->ended ? "true" : "false"}};
  response.body = std::move(view->bytes);
  return response;
}

Response StreamOutput(Context& context) {
  // A reader that comes again says what it had last.
  std::string_view text = context.request.Header("last-event-id");
  std::int64_t from = 0;
  if (text.empty()) {
    const auto asked = NumberParameter(context.request, "from", 0, 0, std::int64_t{1} << 50);
    if (!asked) return Problem(context, asked.error());
    from = *asked;
  } else {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), from);
    if (failure != std::errc() || end != text.data() + text.size() || from < 0) {
      return Problem(context,
                     {.code = ErrorCode::kInvalidArgument,
                      .message = "Last-Event-ID must be an id of this stream, a number of bytes"});
    }
  }
  return OutputResponse(context, context.path.at("run"), from);
}

Response StreamEvents(Context& context) {
  const auto project =
      NumberParameter(context.request, "project", 0, 1, std::numeric_limits<std::int64_t>::max());
  if (!project) return Problem(context, project.error());
  return EventsResponse(context, *project == 0 ? std::nullopt : std::optional(*project));
}

Response ListNodes(Context& context) {
  auto nodes = context.services.nodes().List(*context.caller);
  if (!nodes) return Problem(context, nodes.error());
  json::array items;
  for (const coordination::Node& node : *nodes) items.push_back(NodeJson(node));
  return JsonResponse(200, json::object{{"items", std::move(items)}, {"next", nullptr}});
}

// --- pages

Response Page(std::string_view type, std::string_view text) {
  Response response;
  response.headers = {
      {"Content-Type", std::string(type)},
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
       "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"Cache-Control", "no-cache"}};
  response.body = text;
  return response;
}
Response AdminHtml(Context&) {
  return Page("text/html; charset=utf-8", kAdminHtml);
}
Response AdminJs(Context&) {
  return Page("text/javascript; charset=utf-8", kAdminJs);
}
Response AdminCss(Context&) {
  return Page("text/css; charset=utf-8", kAdminCss);
}

Response ToAdmin(Context&) {
  Response response;
  response.status = 302;
  response.headers = {{"Location", "/admin/"}};
  return response;
}

constexpr bool kSlow = true;
using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/healthz", kPublic, Healthz},
    {"GET", "/readyz", kPublic, Readyz},
    {"GET", "/", kPublic, ToAdmin},
    {"GET", "/admin", kPublic, ToAdmin},
    {"GET", "/admin/", kPublic, AdminHtml},
    {"GET", "/admin/admin.js", kPublic, AdminJs},
    {"GET", "/admin/admin.css", kPublic, AdminCss},

    {"POST", "/api/v2/session", kPublic, Login, kSlow},
    {"POST", "/api/v2/session/redeem", kPublic, Redeem, kSlow},
    {"GET", "/api/v2/session", kSignedIn, WhoAmI},
    {"DELETE", "/api/v2/session", kSignedIn, Logout},
    {"PUT", "/api/v2/session/password", kSignedIn, ChangePassword, kSlow},
    {"GET", "/api/v2/session/tokens", kMember, ListTokens},
    {"POST", "/api/v2/session/tokens", kMember, CreateToken},
    {"DELETE", "/api/v2/session/tokens/{token}", kMember, DeleteToken},
    {"POST", "/api/v2/users/{account}/reset-password", kAdministrator, ResetPassword, kSlow},

    {"GET", "/api/v2/projects", kMember, ListProjects},
    {"POST", "/api/v2/projects", kMember, CreateProject},
    {"GET", "/api/v2/projects/{project}", kView, ShowProject},
    {"PATCH", "/api/v2/projects/{project}", kOwn, UpdateProject},
    {"DELETE", "/api/v2/projects/{project}", kOwn, DeleteProject},

    {"GET", "/api/v2/projects/{project}/tasks", kView, ListTasks},
    {"POST", "/api/v2/projects/{project}/tasks", kEdit, CreateTask},
    {"GET", "/api/v2/projects/{project}/tasks/{task}", kView, ShowTask},
    {"PUT", "/api/v2/projects/{project}/tasks/{task}", kEdit, PutTask},
    {"PATCH", "/api/v2/projects/{project}/tasks/{task}", kEdit, PatchTask},
    {"DELETE", "/api/v2/projects/{project}/tasks/{task}", kEdit, DeleteTask},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/pause", kOperate, PauseTask},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/resume", kOperate, ResumeTask},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/why", kView, WhyTask},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/ledger", kView, ListLedger},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/ledger/counts", kView, CountLedger},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/runs", kView, ListTaskRuns},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/runs", kOperate, TriggerTask},

    {"GET", "/api/v2/runs", kMember, ListRuns},
    {"GET", "/api/v2/runs/{run}", kView, ShowRun},
    {"POST", "/api/v2/runs/{run}/kill", kOperate, KillRun},
    {"GET", "/api/v2/runs/{run}/output", kView, ReadOutput},
    {"GET", "/api/v2/runs/{run}/output/stream", kView, StreamOutput},
    {"GET", "/api/v2/events", kMember, StreamEvents},
    {"GET", "/api/v2/nodes", kMember, ListNodes},
    {"POST", "/api/v2/cron/preview", kMember, PreviewCron},

    {"POST", link::kLedgerPath, kCluster, TakeResults, !kSlow, link::kBodyBytesMax},
    {"POST", link::kLivePath, kCluster, TakeNews, !kSlow, link::kBodyBytesMax},
});

}  // namespace

std::span<const Route> Routes() {
  return kRoutes;
}

}  // namespace gophercron::http
