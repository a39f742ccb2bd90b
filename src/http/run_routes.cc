// Runs: lists, triggers, kills, output, and the live streams.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "http/body_reader.h"
#include "http/parameters.h"
#include "http/routes.h"
#include "http/streams.h"
#include "http/views.h"

namespace gophercron::http {
namespace {

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
  const auto from = TimeParameter(context.request, "from");
  if (!from) return Problem(context, from.error());
  const auto to = TimeParameter(context.request, "to");
  if (!to) return Problem(context, to.error());
  filter.from = *from;
  filter.to = *to;
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
  if (!body) return std::move(body).error();
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

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v2/projects/{project}/tasks/{task}/runs", kView, ListTaskRuns},
    {"POST", "/api/v2/projects/{project}/tasks/{task}/runs", kOperate, TriggerTask},
    {"GET", "/api/v2/runs", kMember, ListRuns},
    {"GET", "/api/v2/runs/{run}", kView, ShowRun},
    {"POST", "/api/v2/runs/{run}/kill", kOperate, KillRun},
    {"GET", "/api/v2/runs/{run}/output", kView, ReadOutput},
    {"GET", "/api/v2/runs/{run}/output/stream", kView, StreamOutput},
    {"GET", "/api/v2/events", kMember, StreamEvents},
});

}  // namespace

std::span<const Route> RunRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
