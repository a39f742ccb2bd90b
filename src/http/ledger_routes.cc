// When ticks are due and what became of them: preview, why, the ledger.
#include <array>
#include <optional>
#include <utility>

#include "http/body_reader.h"
#include "http/parameters.h"
#include "http/routes.h"
#include "http/views.h"

namespace gophercron::http {
namespace {

Response PreviewCron(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
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

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v2/projects/{project}/tasks/{task}/why", kView, WhyTask},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/ledger", kView, ListLedger},
    {"GET", "/api/v2/projects/{project}/tasks/{task}/ledger/counts", kView, CountLedger},
    {"POST", "/api/v2/cron/preview", kMember, PreviewCron},
});

}  // namespace

std::span<const Route> LedgerRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
