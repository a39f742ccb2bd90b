// SqlStore: the Store over any SQL driver. Every query of the program's stands once, in this
// folder.
#ifndef GOPHERCRON_STORAGE_SQL_SQL_STORE_H_
#define GOPHERCRON_STORAGE_SQL_SQL_STORE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/connection.h"
#include "storage/store.h"

namespace gophercron::storage::sql {

class SqlStore final : public Store {
 public:
  explicit SqlStore(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}

  // accounts.cc
  Result<UserId> CreateUser(const User& user) override;
  Result<User> EditUser(UserId id, const std::function<Status(User&)>& edit,
                        const UsersDemand& demand) override;
  Status DeleteUser(UserId id, const UsersDemand& demand) override;
  Result<User> UserById(UserId id) override;
  Result<User> UserByAccount(std::string_view account) override;
  Result<std::vector<User>> ListUsers() override;
  Status PutApiToken(const ApiToken& token) override;
  Result<ApiToken> ApiTokenBySecret(std::string_view secret_sha256) override;
  Result<std::vector<ApiToken>> ListApiTokens(UserId user) override;
  Status DeleteApiToken(std::string_view id) override;
  Status EndSession(const EndedSession& session, Instant now) override;
  Result<User> UserInSession(UserId id, std::string_view session_id) override;
  Status PutSignInCode(const SignInCode& code) override;
  Result<UserId> TakeSignInCode(std::string_view code_sha256, Instant now) override;
  Result<std::string> GetSetting(std::string_view name) override;
  Status PutSetting(std::string_view name, std::string_view value) override;
  Result<std::string> GetOrPutSetting(std::string_view name, std::string_view value) override;

  // projects.cc
  Result<task::ProjectId> CreateProject(const Project& project) override;
  Result<Project> EditProject(task::ProjectId id,
                              const std::function<Status(Project&)>& edit) override;
  Status DeleteProject(task::ProjectId id) override;
  Result<Project> ProjectById(task::ProjectId id) override;
  Result<Project> ProjectByTitle(std::string_view title) override;
  Result<std::vector<Project>> ListProjects() override;
  Status PutMember(const Member& member, const MembersDemand& demand) override;
  Status DeleteMember(task::ProjectId project, UserId user, const MembersDemand& demand) override;
  Result<std::vector<Member>> ListMembers(task::ProjectId project) override;
  Result<std::vector<Member>> MembershipsOf(UserId user) override;

  // ledger_writer.cc
  Status Record(std::span<const task::LedgerRecord> batch) override;

  // ledger_reader.cc
  Result<std::vector<task::RunRecord>> ListRuns(const RunQuery& query) override;
  Result<task::RunRecord> RunById(std::string_view run_id) override;
  Result<std::int64_t> CountRuns(const task::TaskKey& task) override;
  Result<std::vector<RunCount>> CountRunsClaimed(task::ProjectId project, Instant from,
                                                 Instant to) override;
  Result<OutputRange> ReadOutput(std::string_view run_id, std::int64_t from,
                                 std::int64_t limit) override;
  Result<std::vector<LedgerRow>> ListLedger(const LedgerQuery& query) override;
  Result<LedgerRow> LedgerAt(const task::Tick& tick) override;
  Result<std::optional<TickInstant>> LastAccounted(const task::TaskKey& task) override;
  Result<std::vector<OutcomeCount>> CountOutcomes(const task::TaskKey& task, Instant from,
                                                  Instant to) override;
  Result<std::vector<task::RunRecord>> RecentRuns(task::ProjectId project, int per_task) override;

  // ledger_gaps.cc
  Result<std::vector<LedgerGap>> FindGaps(int limit,
                                          const std::optional<LedgerGap>& behind) override;
  Status CloseGap(const LedgerGap& gap) override;

  // ledger_pruner.cc
  Status DeleteTaskHistory(const task::TaskKey& task) override;
  Result<std::int64_t> Prune(const Retention& retention, Instant now,
                             std::int64_t rows_max) override;

  // v1_logs.cc
  Result<std::vector<V1Log>> ListV1Logs(const task::TaskKey& task, std::int64_t before, int limit,
                                        int offset) override;
  Result<std::int64_t> CountV1Logs(const task::TaskKey& task) override;

  Status Ping() override;

 private:
  Result<User> OneUser(std::string_view query, Value key, std::string_view who);
  Result<Project> OneProject(std::string_view query, Value key, std::string_view what);
  Result<std::vector<Member>> MembersWhere(std::string_view query, std::int64_t key);
  Status RemoveDoomed(std::int64_t* budget);
  Status PruneTasks(const Retention& retention, Instant now, std::int64_t* budget);
  Status PruneV1Logs(const Retention& retention, Instant now, std::int64_t* budget);
  Status DeleteV1Logs(const task::TaskKey& task);
  Status DeleteV1LogsOf(task::ProjectId project);
  Status RemoveV1Logs(std::string_view statement, const std::vector<Value>& parameters,
                      std::int64_t* budget);
  Status PruneOutputs(const Retention& retention, std::int64_t* budget);

  const std::unique_ptr<Driver> driver_;
  std::mutex prune_mutex_;  // two at once would only be in each other's way
};

}  // namespace gophercron::storage::sql

#endif  // GOPHERCRON_STORAGE_SQL_SQL_STORE_H_
