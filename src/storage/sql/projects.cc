#include <fmt/format.h>

#include <limits>

#include "storage/sql/sql_store.h"

namespace gophercron::storage::sql {
namespace {

constexpr std::string_view kById =
    "SELECT id, title, remark, uid, create_time FROM gc_project WHERE id = ?";
constexpr std::string_view kByTitle =
    "SELECT id, title, remark, uid, create_time FROM gc_project WHERE title = ?";

Project ReadProject(const Row& row) {
  return {.id = row.Int(0),
          .title = row.Text(1),
          .remark = row.Text(2),
          .owner_id = row.Int(3),
          .created_at = Instant(seconds(row.Int(4)))};
}

std::int64_t UnixSeconds(Instant at) {
  return std::chrono::floor<seconds>(at).time_since_epoch().count();
}

Status TitleTaken(Status status, std::string_view title) {
  if (!status && status.error().code == ErrorCode::kConflict) {
    return Fail(ErrorCode::kConflict,
                fmt::format("there is a project with the title \"{}\" already", title));
  }
  return status;
}

constexpr std::string_view kMembers =
    "SELECT project_id, uid, role, create_time FROM gc_project_relevance WHERE project_id = ? "
    "ORDER BY uid";

Member ReadMember(const Row& row) {
  return {.project_id = row.Int(0),
          .user_id = row.Int(1),
          .role = ParseRole(row.Text(2)).value_or(Role::kViewer),
          .created_at = Instant(seconds(row.Int(3)))};
}

// Locks the project, so that its members stay as they are until the end of this unit of work.
// False, and the unit of work has failed, when `demand` is not met.
bool Meets(Connection& db, task::ProjectId project, const Store::MembersDemand& demand) {
  if (!demand) return true;
  db.First(std::string(kById) += db.dialect().for_update, {project}, ReadProject);
  std::vector<Member> members;
  db.Each(kMembers, {project}, [&](const Row& row) { members.push_back(ReadMember(row)); });
  if (db.failed()) return false;
  const Status met = demand(members);
  if (!met) db.Fail(met.error());
  return met.has_value();
}

// False: there is a membership already.
bool AddMember(Connection& db, const Member& member) {
  return db.Run(fmt::format("{} gc_project_relevance (uid, project_id, create_time, role) VALUES "
                            "(?, ?, ?, ?)",
                            db.dialect().insert_unless_there),
                {member.user_id, member.project_id, UnixSeconds(member.created_at),
                 Name(member.role)})
             .rows > 0;
}

}  // namespace

Result<task::ProjectId> SqlStore::CreateProject(const Project& project) {
  task::ProjectId id = 0;
  const Status written = driver_->Write([&](Connection& db) {
    id = db.Run("INSERT INTO gc_project (uid, title, remark, create_time) VALUES (?, ?, ?, ?)",
                {project.owner_id, project.title, project.remark, UnixSeconds(project.created_at)})
             .insert_id;
    AddMember(db, {.project_id = id,
                   .user_id = project.owner_id,
                   .role = Role::kOwner,
                   .created_at = project.created_at});
  });
  if (const Status status = TitleTaken(written, project.title); !status) {
    return std::unexpected(status.error());
  }
  return id;
}

Result<Project> SqlStore::EditProject(task::ProjectId id,
                                      const std::function<Status(Project&)>& edit) {
  Project project;
  Status edited;
  const Status written = driver_->Write([&](Connection& db) {
    const auto found = db.First(std::string(kById) += db.dialect().for_update, {id}, ReadProject);
    if (!found) {
      db.Fail({ErrorCode::kNotFound, fmt::format("there is no project {}", id)});
      return;
    }
    project = *found;
    edited = edit(project);
    if (!edited) {
      db.Fail(edited.error());
      return;
    }
    db.Run("UPDATE gc_project SET uid = ?, title = ?, remark = ? WHERE id = ?",
           {project.owner_id, project.title, project.remark, id});
  });
  if (!edited) return std::unexpected(edited.error());
  if (const Status status = TitleTaken(written, project.title); !status) {
    return std::unexpected(status.error());
  }
  return project;
}

Status SqlStore::DeleteProject(task::ProjectId id) {
  const Status gone = driver_->Write([&](Connection& db) {
    db.Run("DELETE FROM gc_project_relevance WHERE project_id = ?", {id});
    // From here on nobody sees the history; what a crash leaves of it, Prune removes.
    db.Run("UPDATE gc_ledger_task SET doomed = id WHERE project_id = ? AND doomed = 0", {id});
    if (db.Run("DELETE FROM gc_project WHERE id = ?", {id}).rows == 0) {
      db.Fail({ErrorCode::kNotFound, fmt::format("there is no project {}", id)});
    }
  });
  if (!gone) return gone;
  if (const Status logs = DeleteV1LogsOf(id); !logs) return logs;
  std::int64_t budget = std::numeric_limits<std::int64_t>::max();
  return RemoveDoomed(&budget);
}

Result<Project> SqlStore::OneProject(std::string_view query, Value key, std::string_view what) {
  std::optional<Project> project;
  const Status read =
      driver_->Read([&](Connection& db) { project = db.First(query, {key}, ReadProject); });
  if (!read) return std::unexpected(read.error());
  if (!project) return NotFound(fmt::format("there is no project {}", what));
  return std::move(*project);
}

Result<Project> SqlStore::ProjectById(task::ProjectId id) {
  return OneProject(kById, id, std::to_string(id));
}

Result<Project> SqlStore::ProjectByTitle(std::string_view title) {
  return OneProject(kByTitle, title, fmt::format("with the title \"{}\"", title));
}

Result<std::vector<Project>> SqlStore::ListProjects() {
  std::vector<Project> projects;
  const Status read = driver_->Read([&](Connection& db) {
    db.Each("SELECT id, title, remark, uid, create_time FROM gc_project ORDER BY id", {},
            [&](const Row& row) { projects.push_back(ReadProject(row)); });
  });
  if (!read) return std::unexpected(read.error());
  return projects;
}

Status SqlStore::PutMember(const Member& member, const MembersDemand& demand) {
  return driver_->Write([&](Connection& db) {
    if (!Meets(db, member.project_id, demand)) return;
    if (AddMember(db, member)) return;
    db.Run("UPDATE gc_project_relevance SET role = ? WHERE project_id = ? AND uid = ?",
           {Name(member.role), member.project_id, member.user_id});
  });
}

Status SqlStore::DeleteMember(task::ProjectId project, UserId user, const MembersDemand& demand) {
  return driver_->Write([&](Connection& db) {
    if (!Meets(db, project, demand)) return;
    const Changes gone = db.Run("DELETE FROM gc_project_relevance WHERE project_id = ? AND uid = ?",
                                {project, user});
    if (gone.rows == 0) {
      db.Fail(
          {ErrorCode::kNotFound, fmt::format("user {} is no member of project {}", user, project)});
    }
  });
}

Result<std::vector<Member>> SqlStore::MembersWhere(std::string_view query, std::int64_t key) {
  std::vector<Member> members;
  const Status read = driver_->Read([&](Connection& db) {
    db.Each(query, {key}, [&](const Row& row) { members.push_back(ReadMember(row)); });
  });
  if (!read) return std::unexpected(read.error());
  return members;
}

Result<std::vector<Member>> SqlStore::ListMembers(task::ProjectId project) {
  return MembersWhere(kMembers, project);
}

Result<std::vector<Member>> SqlStore::MembershipsOf(UserId user) {
  return MembersWhere(
      "SELECT project_id, uid, role, create_time FROM gc_project_relevance WHERE uid = ? ORDER BY "
      "project_id",
      user);
}

}  // namespace gophercron::storage::sql
