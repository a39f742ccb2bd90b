#include "cli/demo.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "service/access.h"
#include "storage/store.h"
#include "task/task.h"

namespace gophercron::cli {
namespace {

constexpr const char* kDoneSetting = "demo_made";
constexpr const char* kTitle = "demo";

struct DemoTask {
  const char* id;
  const char* name;
  const char* remark;
  const char* cron;
  const char* command;
};

constexpr std::array kTasks = {
    DemoTask{"demo-second", "every second", "Seconds are the first of seven fields",
             "* * * * * * *", "echo \"tick $GOPHERCRON_TICK\""},
    DemoTask{"demo-minute", "every minute", "Five fields, as in every crontab", "* * * * *",
             "df -h / | tail -n 1"},
    DemoTask{"demo-fails", "always fails", "A failure shows its exit code and what it said",
             "*/10 * * * * * *", "echo 'backup: /mnt/backup is not there' >&2; exit 3"},
    DemoTask{"demo-slow", "longer than its period",
             "Takes 12 s, comes every 5 s: ticks in between are skipped, and the ledger says why",
             "*/5 * * * * * *", "echo started; sleep 12; echo done"},
};

Result<storage::Project> FindOrMakeProject(service::Services& services,
                                           const service::Caller& caller) {
  auto found = services.ports().store.ProjectByTitle(kTitle);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  return services.projects().Create(caller, kTitle,
                                    "Made by --demo; change it or delete it as you like");
}

}  // namespace

Status MakeDemo(service::Services& services) {
  storage::Store& store = services.ports().store;
  if (store.GetSetting(kDoneSetting)) return {};
  const auto admin = store.UserByAccount("admin");
  if (!admin) return std::unexpected(admin.error());
  const service::Caller caller{.user_id = admin->id,
                               .account = admin->account,
                               .name = admin->name,
                               .administrator = true,
                               .permission = admin->permission};
  const auto project = FindOrMakeProject(services, caller);
  if (!project) return std::unexpected(project.error());
  const auto grant = services.access().Enter(caller, project->id);
  if (!grant) return std::unexpected(grant.error());
  for (const DemoTask& demo : kTasks) {
    task::Task task;
    task.key = {.project_id = project->id, .task_id = demo.id};
    task.name = demo.name;
    task.remark = demo.remark;
    task.cron = demo.cron;
    task.command = demo.command;
    const auto made = services.tasks().Create(*grant, std::move(task));
    if (!made && made.error().code != ErrorCode::kConflict) return std::unexpected(made.error());
  }
  return store.PutSetting(kDoneSetting, "1");
}

}  // namespace gophercron::cli
