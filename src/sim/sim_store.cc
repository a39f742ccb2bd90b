#include "sim/sim_store.h"

#include <algorithm>
#include <utility>

#include "storage/span.h"

namespace gophercron::sim {

namespace {

using storage::ApiToken;
using storage::LedgerGap;
using storage::LedgerRow;
using storage::Member;
using storage::Project;
using storage::User;
using storage::UserId;
using task::OutcomeSpan;
using task::RunRecord;

std::unexpected<Error> Unknown(std::string what) {
  return Fail(ErrorCode::kNotFound, "there is no such " + what);
}

Instant WholeSeconds(Instant at) {
  return std::chrono::floor<seconds>(at);
}

template <class T, class Map, class Keep>
std::vector<T> Values(const Map& map, Keep&& keep) {
  std::vector<T> values;
  for (const auto& [key, value] : map) {
    if (keep(value)) values.push_back(value);
  }
  return values;
}

template <class T>
T Erased(bool erased, std::string what) {
  if (!erased) return Unknown(std::move(what));
  return {};
}

}  // namespace

template <class F>
auto SimStore::Read(F&& use) -> std::invoke_result_t<F> {
  const std::lock_guard lock(mutex_);
  if (outage_ != Outage::kNone) return Fail(ErrorCode::kUnavailable, "the store is away");
  return use();
}

template <class F>
auto SimStore::Write(F&& use) -> std::invoke_result_t<F> {
  const std::lock_guard lock(mutex_);
  if (outage_ == Outage::kUnavailable) return Fail(ErrorCode::kUnavailable, "the store is away");
  auto result = use();
  if (outage_ == Outage::kUnanswered) {
    return Fail(ErrorCode::kOutcomeUnknown, "the store did not answer");
  }
  return result;
}

void SimStore::SetOutage(Outage outage) {
  const std::lock_guard lock(mutex_);
  outage_ = outage;
}

Status SimStore::Ping() {
  return Read([] { return Status(); });
}

Result<UserId> SimStore::CreateUser(const User& user) {
  return Write([&]() -> Result<UserId> {
    for (const auto& [id, other] : users_) {
      if (other.account == user.account) return Fail(ErrorCode::kConflict, "the account is taken");
    }
    const UserId id = next_id_++;
    users_[id] = user;
    users_[id].id = id;
    users_[id].created_at = WholeSeconds(user.created_at);
    return id;
  });
}

Result<User> SimStore::EditUser(UserId id, const std::function<Status(User&)>& edit,
                                const UsersDemand& demand) {
  return Write([&]() -> Result<User> {
    if (const Status met = Meets(demand); !met) return std::unexpected(met.error());
    if (!users_.contains(id)) return Unknown("user");
    User user = users_[id];
    if (const Status edited = edit(user); !edited) return std::unexpected(edited.error());
    for (const auto& [other_id, other] : users_) {
      if (other_id != id && other.account == user.account) {
        return Fail(ErrorCode::kConflict, "the account is taken");
      }
    }
    user.created_at = WholeSeconds(user.created_at);
    return users_[id] = user;
  });
}

Status SimStore::DeleteUser(UserId id, const UsersDemand& demand) {
  return Write([&]() -> Status {
    if (const Status met = Meets(demand); !met) return met;
    std::erase_if(tokens_, [&](const auto& entry) { return entry.second.user_id == id; });
    std::erase_if(codes_, [&](const auto& entry) { return entry.second.user_id == id; });
    std::erase_if(ended_sessions_, [&](const auto& entry) { return entry.second.user_id == id; });
    std::erase_if(members_, [&](const auto& entry) { return entry.second.user_id == id; });
    return Erased<Status>(users_.erase(id) > 0, "user");
  });
}

Status SimStore::Meets(const UsersDemand& demand) const {
  return demand ? demand(Values<User>(users_, [](const User&) { return true; })) : Status();
}

Result<User> SimStore::UserById(UserId id) {
  return Read([&]() -> Result<User> {
    const auto found = users_.find(id);
    if (found == users_.end()) return Unknown("user");
    return found->second;
  });
}

Result<User> SimStore::UserByAccount(std::string_view account) {
  return Read([&]() -> Result<User> {
    for (const auto& [id, user] : users_) {
      if (user.account == account) return user;
    }
    return Unknown("user");
  });
}

Result<std::vector<User>> SimStore::ListUsers() {
  return Read([&]() -> Result<std::vector<User>> {
    return Values<User>(users_, [](const User&) { return true; });
  });
}

Status SimStore::PutApiToken(const ApiToken& token) {
  return Write([&]() -> Status {
    for (const auto& [id, other] : tokens_) {
      if (id != token.id && other.secret_sha256 == token.secret_sha256) {
        return Fail(ErrorCode::kConflict, "the secret is taken");
      }
    }
    tokens_[token.id] = token;
    return {};
  });
}

Result<ApiToken> SimStore::ApiTokenBySecret(std::string_view secret_sha256) {
  return Read([&]() -> Result<ApiToken> {
    for (const auto& [id, token] : tokens_) {
      if (token.secret_sha256 == secret_sha256) return token;
    }
    return Unknown("token");
  });
}

Result<std::vector<ApiToken>> SimStore::ListApiTokens(UserId user) {
  return Read([&]() -> Result<std::vector<ApiToken>> {
    return Values<ApiToken>(tokens_, [&](const ApiToken& token) { return token.user_id == user; });
  });
}

Status SimStore::DeleteApiToken(std::string_view id) {
  return Write([&] { return Erased<Status>(tokens_.erase(std::string(id)) > 0, "token"); });
}

Status SimStore::EndSession(const storage::EndedSession& session, Instant now) {
  return Write([&]() -> Status {
    std::erase_if(ended_sessions_,
                  [&](const auto& entry) { return entry.second.expires_at <= now; });
    ended_sessions_.try_emplace(session.session_id, session);
    return {};
  });
}

Result<User> SimStore::UserInSession(UserId id, std::string_view session_id) {
  return Read([&]() -> Result<User> {
    const auto found = users_.find(id);
    if (found == users_.end() || ended_sessions_.contains(session_id)) return Unknown("session");
    return found->second;
  });
}

Status SimStore::PutSignInCode(const storage::SignInCode& code) {
  return Write([&]() -> Status {
    codes_[code.code_sha256] = code;
    return {};
  });
}

Result<UserId> SimStore::TakeSignInCode(std::string_view code_sha256, Instant now) {
  return Write([&]() -> Result<UserId> {
    const auto found = codes_.find(code_sha256);
    if (found == codes_.end()) return Unknown("sign-in code");
    const storage::SignInCode code = found->second;
    codes_.erase(found);
    if (code.expires_at <= now) return Unknown("sign-in code");
    return code.user_id;
  });
}

Result<std::string> SimStore::GetSetting(std::string_view name) {
  return Read([&]() -> Result<std::string> {
    const auto found = settings_.find(name);
    if (found == settings_.end()) return Unknown("setting");
    return found->second;
  });
}

Status SimStore::PutSetting(std::string_view name, std::string_view value) {
  return Write([&]() -> Status {
    settings_[std::string(name)] = value;
    return {};
  });
}

Result<std::string> SimStore::GetOrPutSetting(std::string_view name, std::string_view value) {
  return Write([&]() -> Result<std::string> {
    return settings_.try_emplace(std::string(name), value).first->second;
  });
}

Result<task::ProjectId> SimStore::CreateProject(const Project& project) {
  return Write([&]() -> Result<task::ProjectId> {
    for (const auto& [id, other] : projects_) {
      if (other.title == project.title) return Fail(ErrorCode::kConflict, "the title is taken");
    }
    const task::ProjectId id = next_id_++;
    projects_[id] = project;
    projects_[id].id = id;
    projects_[id].created_at = WholeSeconds(project.created_at);
    members_[{id, project.owner_id}] = {.project_id = id,
                                        .user_id = project.owner_id,
                                        .role = storage::Role::kOwner,
                                        .created_at = WholeSeconds(project.created_at)};
    return id;
  });
}

Result<Project> SimStore::EditProject(task::ProjectId id,
                                      const std::function<Status(Project&)>& edit) {
  return Write([&]() -> Result<Project> {
    if (!projects_.contains(id)) return Unknown("project");
    Project project = projects_[id];
    if (const Status edited = edit(project); !edited) return std::unexpected(edited.error());
    for (const auto& [other_id, other] : projects_) {
      if (id != other_id && other.title == project.title) {
        return Fail(ErrorCode::kConflict, "the title is taken");
      }
    }
    return projects_[id] = project;
  });
}

Status SimStore::DeleteProject(task::ProjectId id) {
  return Write([&] {
    const bool erased = projects_.erase(id) > 0;
    if (erased) {
      std::erase_if(members_, [&](const auto& entry) { return entry.first.first == id; });
      std::erase_if(ledger_, [&](const auto& entry) { return entry.first.project_id == id; });
    }
    return Erased<Status>(erased, "project");
  });
}

Result<Project> SimStore::ProjectById(task::ProjectId id) {
  return Read([&]() -> Result<Project> {
    const auto found = projects_.find(id);
    if (found == projects_.end()) return Unknown("project");
    return found->second;
  });
}

Result<Project> SimStore::ProjectByTitle(std::string_view title) {
  return Read([&]() -> Result<Project> {
    for (const auto& [id, project] : projects_) {
      if (project.title == title) return project;
    }
    return Unknown("project");
  });
}

Result<std::vector<Project>> SimStore::ListProjects() {
  return Read([&]() -> Result<std::vector<Project>> {
    return Values<Project>(projects_, [](const Project&) { return true; });
  });
}

Status SimStore::PutMember(const Member& member, const MembersDemand& demand) {
  return Write([&]() -> Status {
    if (demand) {
      const Status met = demand(Values<Member>(
          members_, [&](const Member& m) { return m.project_id == member.project_id; }));
      if (!met) return met;
    }
    const auto [entry, added] = members_.try_emplace({member.project_id, member.user_id}, member);
    entry->second.role = member.role;
    if (added) entry->second.created_at = WholeSeconds(member.created_at);
    return {};
  });
}

Status SimStore::DeleteMember(task::ProjectId project, UserId user, const MembersDemand& demand) {
  return Write([&]() -> Status {
    if (demand) {
      const Status met = demand(
          Values<Member>(members_, [&](const Member& m) { return m.project_id == project; }));
      if (!met) return met;
    }
    return Erased<Status>(members_.erase({project, user}) > 0, "member");
  });
}

Result<std::vector<Member>> SimStore::ListMembers(task::ProjectId project) {
  return Read([&]() -> Result<std::vector<Member>> {
    return Values<Member>(members_, [&](const Member& m) { return m.project_id == project; });
  });
}

Result<std::vector<Member>> SimStore::MembershipsOf(UserId user) {
  return Read([&]() -> Result<std::vector<Member>> {
    return Values<Member>(members_, [&](const Member& m) { return m.user_id == user; });
  });
}

}  // namespace gophercron::sim
