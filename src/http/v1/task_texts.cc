#include "http/v1/task_texts.h"

#include <algorithm>
#include <utility>

#include "http/v1/views.h"

namespace gophercron::http::v1 {

std::string TaskTexts::Joined(const Project& project, const std::vector<task::TaskId>& running) {
  std::string text = "[";
  text.reserve(project.all_idle.size() + 2);
  for (const Text& task : project.texts) {
    if (text.size() > 1) text += ',';
    text += std::ranges::binary_search(running, task.task_id) ? task.running : task.idle;
  }
  text += ']';
  return text;
}

Result<std::shared_ptr<const TaskTexts::Project>> TaskTexts::Find(
    const service::Tasks& tasks, const service::Grant& grant) const {
  // Before the definitions are read: what changes meanwhile is seen the next time.
  auto versions = tasks.Versions(grant);
  if (!versions) return std::unexpected(std::move(versions).error());
  std::shared_ptr<const Project> found;
  known_.With([&](const Known& known) {
    const auto at = known.projects.find(grant.project());
    if (at != known.projects.end()) found = at->second;
  });
  if (found && found->versions == *versions) return found;

  auto definitions = tasks.Definitions(grant);
  if (!definitions) return std::unexpected(std::move(definitions).error());
  auto made = std::make_shared<Project>();
  made->versions = *std::move(versions);
  for (const task::Task& task : *definitions) {
    made->texts.push_back(
        {.task_id = task.key.task_id, .idle = TextOf(task, false), .running = TextOf(task, true)});
    made->bytes += made->texts.back().idle.size() * 3;
  }
  made->all_idle = Joined(*made, {});
  known_.With([&](Known& known) {
    auto& place = known.projects[grant.project()];
    known.bytes -= place ? place->bytes : 0;
    place = made;
    known.bytes += made->bytes;
    if (known.bytes > kBytesMax) known = Known();
  });
  return made;
}

Result<std::string> TaskTexts::ListText(const service::Tasks& tasks, const service::Grant& grant,
                                        const std::vector<task::TaskId>& running) const {
  const auto project = Find(tasks, grant);
  if (!project) return std::unexpected(project.error());
  return running.empty() ? (*project)->all_idle : Joined(**project, running);
}

}  // namespace gophercron::http::v1
