// What becomes of a crontab that somebody wants to bring over. Nothing is made here: the tasks are
// made by whoever has seen the plan, one by one.
#include <array>
#include <string>
#include <utility>

#include "http/body_reader.h"
#include "http/routes.h"
#include "service/crontab.h"

namespace gophercron::http {
namespace {

constexpr std::size_t kInstants = 3;

// The members with which the task is made.
json::object BodyOf(const task::Task& task) {
  json::object body{{"name", Utf8(task.name)},        {"remark", Utf8(task.remark)},
                    {"cron", Utf8(task.cron)},        {"zone", Utf8(task.zone)},
                    {"command", Utf8(task.command)},  {"cwd", Utf8(task.cwd)},
                    {"jitter_s", task.jitter.count()}};
  if (!task.argv.empty()) {
    body.erase("command");
    json::array argv;
    for (const std::string& word : task.argv) argv.emplace_back(Utf8(word));
    body["argv"] = std::move(argv);
  }
  json::object environment;
  for (const auto& [name, value] : task.environment) environment[Utf8(name)] = Utf8(value);
  body["environment"] = std::move(environment);
  return body;
}

json::object LineJson(const service::Tasks& tasks, const service::CrontabLine& line) {
  json::array notes;
  for (const service::CrontabNote& note : line.notes) {
    notes.push_back({{"code", note.code}, {"text", Utf8(note.text)}});
  }
  json::object out{
      {"line", line.number},     {"text", Utf8(line.text)},       {"task", nullptr},
      {"setting", line.setting}, {"problem", Utf8(line.problem)}, {"notes", std::move(notes)},
      {"explain", nullptr},      {"next", json::array()}};
  if (!line.task) return out;
  const auto preview = tasks.PreviewSchedule(*line.task, std::nullopt, kInstants);
  if (!preview) {
    out["problem"] = Utf8(preview.error().message);
    return out;
  }
  out["task"] = BodyOf(*line.task);
  out["explain"] = json::object{{"en", preview->english}, {"zh", preview->chinese}};
  json::array next;
  for (const TickInstant at : preview->next) next.emplace_back(FormatRfc3339(at));
  out["next"] = std::move(next);
  return out;
}

Response PreviewCrontab(Context& context) {
  auto body = Body(context);
  if (!body) return std::move(body).error();
  std::string text;
  service::CrontabOptions options;
  BodyReader reader(*body);
  reader.Require("text");
  reader.Read("text", &text);
  reader.Read("zone", &options.zone);
  reader.Read("system", &options.user_field);
  if (const Status fine = reader.Finish(); !fine) return Problem(context, fine.error());
  const auto lines = service::ReadCrontab(text, options);
  if (!lines) return Problem(context, lines.error());
  json::array items;
  for (const service::CrontabLine& line : *lines) {
    items.push_back(LineJson(context.services.tasks(), line));
  }
  return JsonResponse(200, json::object{{"lines", std::move(items)}});
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"POST", "/api/v2/crontab/preview", kMember, PreviewCrontab},
});

}  // namespace

std::span<const Route> CrontabRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http
