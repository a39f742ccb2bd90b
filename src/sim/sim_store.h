// SimStore: a Store of plain vectors and maps, for simulated worlds and as the yardstick that real
// stores are compared with. Every rule is written the simplest way, at whatever cost.
//
// Threads: any.
#ifndef GOPHERCRON_SIM_SIM_STORE_H_
#define GOPHERCRON_SIM_SIM_STORE_H_

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace gophercron::sim {

enum class Outage {
  kNone,
  kUnavailable,  // every call fails and does nothing
  kUnanswered,   // writes are done and nevertheless fail with kOutcomeUnknown; reads fail
};

class SimStore final : public storage::Store {
 public:
  void SetOutage(Outage outage);

  Result<storage::UserId> CreateUser(const storage::User& user) override;
  Result<storage::User> EditUser(storage::UserId id,
                                 const std::function<Status(storage::User&)>& edit,
                                 const UsersDemand& demand) override;
  Status DeleteUser(storage::UserId id, const UsersDemand& demand) override;
  Result<storage::User> UserById(storage::UserId id) override;
  Result<storage::User> UserByAccount(std::string_view account) override;
  Result<std::vector<storage::User>> ListUsers() override;
  Status PutApiToken(const storage::ApiToken& token) override;
  Result<storage::ApiToken> ApiTokenBySecret(std::string_view secret_sha256) override;
  Result<std::vector<storage::ApiToken>> ListApiTokens(storage::UserId user) override;
  Status DeleteApiToken(std::string_view id) override;
  Status EndSession(const storage::EndedSession& session, Instant now) override;
  Result<storage::User> UserInSession(storage::UserId id, std::string_view session_id) override;
  Status PutSignInCode(const storage::SignInCode& code) override;
  Result<storage::UserId> TakeSignInCode(std::string_view code_sha256, Instant now) override;
  Result<std::string> GetSetting(std::string_view name) override;
  Status PutSetting(std::string_view name, std::string_view value) override;
  Result<std::string> GetOrPutSetting(std::string_view name, std::string_view value) override;

  Result<task::ProjectId> CreateProject(const storage::Project& project) override;
  Result<storage::Project> EditProject(
      task::ProjectId id, const std::function<Status(storage::Project&)>& edit) override;
  Status DeleteProject(task::ProjectId id) override;
  Result<storage::Project> ProjectById(task::ProjectId id) override;
  Result<storage::Project> ProjectByTitle(std::string_view title) override;
  Result<std::vector<storage::Project>> ListProjects() override;
  Status PutMember(const storage::Member& member, const MembersDemand& demand) override;
  Status DeleteMember(task::ProjectId project, storage::UserId user,
                      const MembersDemand& demand) override;
  Result<std::vector<storage::Member>> ListMembers(task::ProjectId project) override;
  Result<std::vector<storage::Member>> MembershipsOf(storage::UserId user) override;

  Status Record(std::span<const task::LedgerRecord> batch) override;
  Result<std::vector<task::RunRecord>> ListRuns(const storage::RunQuery& query) override;
  Result<task::RunRecord> RunById(std::string_view run_id) override;
  Result<std::int64_t> CountRuns(const task::TaskKey& task) override;
  Result<std::vector<storage::RunCount>> CountRunsClaimed(task::ProjectId project, Instant from,
                                                          Instant to) override;
  Result<storage::OutputRange> ReadOutput(std::string_view run_id, std::int64_t from,
                                          std::int64_t limit) override;
  Result<std::vector<storage::LedgerRow>> ListLedger(const storage::LedgerQuery& query) override;
  Result<storage::LedgerRow> LedgerAt(const task::Tick& tick) override;
  Result<std::optional<TickInstant>> LastAccounted(const task::TaskKey& task) override;
  Result<std::vector<storage::LedgerGap>> FindGaps(
      int limit, const std::optional<storage::LedgerGap>& behind) override;
  Status CloseGap(const storage::LedgerGap& gap) override;
  Result<std::vector<storage::OutcomeCount>> CountOutcomes(const task::TaskKey& task, Instant from,
                                                           Instant to) override;
  Result<std::vector<task::RunRecord>> RecentRuns(task::ProjectId project, int per_task) override;
  Status DeleteTaskHistory(const task::TaskKey& task) override;
  Result<std::int64_t> Prune(const storage::Retention& retention, Instant now,
                             std::int64_t rows_max) override;
  Status Ping() override;

 private:
  struct StoredRun {
    task::RunRecord run;
    task::RunOutput output;
    std::int64_t sequence = 0;  // order of arrival
  };
  struct History {
    std::vector<StoredRun> runs;                           // by (at, attempt, run id)
    std::vector<task::OutcomeSpan> spans;                  // ascending, without overlap
    std::optional<TickInstant> last;                       // ever accounted for
    std::optional<TickInstant> pruned;                     // the last tick that Prune took
    std::set<std::pair<TickInstant, TickInstant>> closed;  // gaps (after, until] that are none
  };

  template <class F>
  auto Read(F&& use) -> std::invoke_result_t<F>;
  template <class F>
  auto Write(F&& use) -> std::invoke_result_t<F>;

  Status Meets(const UsersDemand& demand) const;
  static TickInstant At(const task::RunRecord& run);
  const StoredRun* FindRun(std::string_view run_id) const;
  void AddRun(const task::LedgerRecord& record);
  void AddSpan(const task::OutcomeSpan& span);
  static std::vector<task::RunRecord> RunsAt(const History& history, TickInstant at);

  std::mutex mutex_;
  Outage outage_ = Outage::kNone;
  std::int64_t next_id_ = 1;
  std::int64_t next_sequence_ = 1;
  std::map<storage::UserId, storage::User> users_;
  std::map<std::string, storage::ApiToken, std::less<>> tokens_;
  std::map<std::string, storage::SignInCode, std::less<>> codes_;
  std::map<std::string, storage::EndedSession, std::less<>> ended_sessions_;
  std::map<std::string, std::string, std::less<>> settings_;
  std::map<task::ProjectId, storage::Project> projects_;
  std::map<std::pair<task::ProjectId, storage::UserId>, storage::Member> members_;
  std::map<task::TaskKey, History> ledger_;
};

}  // namespace gophercron::sim

#endif  // GOPHERCRON_SIM_SIM_STORE_H_
