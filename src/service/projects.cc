#include "service/projects.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gophercron::service {
namespace {

constexpr std::size_t kTitleBytesMax = 100;
constexpr std::size_t kRemarkBytesMax = 4'096;

Status CheckTexts(const storage::Project& project) {
  Error error{.code = ErrorCode::kInvalidArgument, .message = "the project can not be saved"};
  const bool control = std::ranges::any_of(
      project.title, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (project.title.empty() || project.title.size() > kTitleBytesMax || control) {
    error.fields.push_back(
        {.field = "title",
         .message = fmt::format("it must have 1 to {} bytes, on one line", kTitleBytesMax)});
  }
  if (project.remark.size() > kRemarkBytesMax) {
    error.fields.push_back(
        {.field = "remark",
         .message = fmt::format("it may have at most {} bytes", kRemarkBytesMax)});
  }
  if (error.fields.empty()) return {};
  error.message += ": " + error.fields.front().field + ": " + error.fields.front().message;
  return std::unexpected(std::move(error));
}

}  // namespace

Result<std::vector<storage::Project>> Projects::List(const Caller& caller) const {
  auto visible = access_.Visible(caller);
  if (!visible) return std::unexpected(std::move(visible).error());
  auto projects = ports_.store.ListProjects();
  if (!projects) return std::unexpected(std::move(projects).error());
  if (*visible) {
    std::erase_if(*projects, [&](const storage::Project& project) {
      return !std::ranges::binary_search(**visible, project.id);
    });
  }
  std::ranges::sort(*projects, {}, &storage::Project::id);
  return projects;
}

Result<storage::Project> Projects::Show(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kView); !may) return std::unexpected(may.error());
  return ports_.store.ProjectById(grant.project());
}

Result<storage::Project> Projects::Create(const Caller& caller, std::string title,
                                          std::string remark) const {
  if (caller.scope) {
    return Fail(
        ErrorCode::kPermissionDenied,
        "this API token is good for certain projects or a certain role only: it makes none");
  }
  storage::Project project;
  project.title = std::move(title);
  project.remark = std::move(remark);
  project.owner_id = caller.user_id;
  project.created_at = ports_.clock.Now();
  if (const Status fit = CheckTexts(project); !fit) return std::unexpected(fit.error());
  auto id = ports_.store.CreateProject(project);
  if (!id) return std::unexpected(std::move(id).error());
  project.id = *id;
  return project;
}

Result<storage::Project> Projects::Update(const Grant& grant,
                                          const std::optional<std::string>& title,
                                          const std::optional<std::string>& remark,
                                          const Demand& demand) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return std::unexpected(may.error());
  return ports_.store.EditProject(grant.project(), [&](storage::Project& project) -> Status {
    if (demand) {
      if (const Status met = demand(project); !met) return met;
    }
    if (title) project.title = *title;
    if (remark) project.remark = *remark;
    return CheckTexts(project);
  });
}

Status Projects::Delete(const Grant& grant) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  const auto [begin, end] = ports_.keys.TasksOf(grant.project());
  auto tasks = coordination::RangeAndWait(
      ports_.coordinator, {.begin = begin, .end = end, .limit = 1, .keys_only = true});
  if (!tasks) return std::unexpected(std::move(tasks).error());
  if (!tasks->items.empty()) {
    return Fail(ErrorCode::kConflict, "the project still has tasks; delete them first");
  }
  return ports_.store.DeleteProject(grant.project());
}

Status Projects::DeleteWithTasks(const Grant& grant, const Tasks& tasks) const {
  if (const Status may = grant.Require(Right::kOwn); !may) return may;
  constexpr std::size_t kTasksPerRead = 200;
  while (true) {
    auto page = tasks.List(grant, "", kTasksPerRead, 0);
    if (!page) return std::unexpected(std::move(page).error());
    for (const TaskView& view : page->items) {
      const Status gone = tasks.Delete(grant, view.task.key.task_id, std::nullopt);
      if (!gone && gone.error().code != ErrorCode::kNotFound) return gone;
    }
    if (page->next.empty()) break;
  }
  return Delete(grant);
}

}  // namespace gophercron::service
