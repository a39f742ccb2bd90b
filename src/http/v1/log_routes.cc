// What ran: pages of a task's runs, and how many a day.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "http/v1/envelope.h"
#include "http/v1/routes.h"
#include "http/v1/views.h"

namespace gophercron::http::v1 {
namespace {

constexpr int kDays = 7;
constexpr std::int64_t kPageMax = 1'000'000;

Response ListLogs(Context& context) {
  const Arguments& in = *context.arguments;
  const std::int64_t page = in.RequiredInt("page");
  const std::int64_t page_size = in.RequiredInt("pagesize");
  const std::string task_id = in.RequiredText("task_id");
  if (const Status fine = in.Check(); !fine) return Refuse(context.request, fine.error());
  const auto project = context.services.projects().Show(*context.grant);
  if (!project) return Refuse(context.request, project.error());
  // A negative size meant everything.
  const int limit = static_cast<int>(
      page_size < 0 ? service::RunLog::kPageRunsMax
                    : std::min<std::int64_t>(page_size, service::RunLog::kPageRunsMax));
  const int offset = static_cast<int>(std::clamp<std::int64_t>(page - 1, 0, kPageMax)) * limit;
  const auto runs = context.services.run_log().Page(*context.grant, task_id, offset, limit);
  if (!runs) return Refuse(context.request, runs.error());
  std::vector<std::string> texts;
  for (const auto& item : runs->items) {
    const auto* const run = std::get_if<service::LoggedRun>(&item);
    texts.push_back(run != nullptr ? TextOf(*run, project->title)
                                   : TextOf(std::get<storage::V1Log>(item)));
  }
  return Answer(context.request,
                fmt::format(R"({{"list":[{}],"total":{}}})", fmt::join(texts, ","), runs->total));
}

Response CleanLogs(Context& context) {
  const std::string task_id = context.arguments->Text("task_id");
  if (const Status fine = context.arguments->Check(); !fine) {
    return Refuse(context.request, fine.error());
  }
  const service::RunLog& log = context.services.run_log();
  const Status gone =
      task_id.empty() ? log.CleanProject(*context.grant) : log.Clean(*context.grant, task_id);
  return gone ? Done(context.request) : Refuse(context.request, gone.error());
}

Response RecentDays(Context& context) {
  const auto days = context.services.run_log().Days(*context.caller, kDays);
  if (!days) return Refuse(context.request, days.error());
  std::vector<std::string> texts;
  for (const service::DayCount& day : *days) {
    texts.push_back(fmt::format(R"({{"success_count":{},"error_count":{},"date":"{}"}})",
                                day.succeeded, day.failed, day.date));
  }
  return Answer(context.request, fmt::format("[{}]", fmt::join(texts, ",")));
}

using enum Permission;

constexpr auto kRoutes = std::to_array<Route>({
    {"GET", "/api/v1/log/list", kView, ListLogs},
    {"POST", "/api/v1/log/clean", kEdit, CleanLogs},
    {"GET", "/api/v1/log/recent", kMember, RecentDays},
});

}  // namespace

std::span<const Route> LogRoutes() {
  return kRoutes;
}

}  // namespace gophercron::http::v1
