// Store: what has to outlive everything and be searched: users, projects, the ledger, output.
//
// Definitions of tasks, marks and claims are the coordinator's. The store is never asked whether a
// tick may run, so a store that is down delays results and screens, not commands.
//
// Threads: any thread; every call blocks until it is answered, so none belongs on a loop. A write
// is durable when it returns. Reads see every write that returned before they began. Times are wall
// instants in UTC; a range of time is [from, to). `created_at` of users, projects and members is
// kept to the second, as GopherCron v1's columns hold it.
//
// Failure: kNotFound, kConflict (a unique name is taken), kUnavailable (nothing happened; try
// again), kOutcomeUnknown (a write may have happened; Record may simply be sent again),
// kResourceExhausted (disk full; nothing happened), kCorrupt.
#ifndef GOPHERCRON_STORAGE_STORE_H_
#define GOPHERCRON_STORAGE_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "storage/result_sink.h"
#include "task/run.h"
#include "task/task.h"

namespace gophercron::storage {

using UserId = std::int64_t;

struct User {
  UserId id = 0;
  std::string account;
  std::string name;
  // As GopherCron v1's column: a comma list; "admin" in it makes an administrator.
  std::string permission;
  std::string password_hash;  // argon2id in its standard encoding, or v1's MD5 until the next login
  std::string salt;           // v1's; empty otherwise
  Instant created_at{};
  // Every session of the user carries the epoch it was made in; raising it ends them all.
  std::int64_t session_epoch = 0;
  bool must_change_password = false;
};

enum class Role { kViewer, kOperator, kEditor, kOwner };

std::string_view Name(Role role);
std::optional<Role> ParseRole(std::string_view name);

// What a token is good for: at most this role, and only in these projects.
struct TokenScope {
  Role role = Role::kOwner;
  // Ascending. None: all that its account may see.
  std::optional<std::vector<task::ProjectId>> projects;

  bool operator==(const TokenScope&) const = default;
};

// A program's way in. Shown once when made; only its SHA-256 is stored.
struct ApiToken {
  std::string id;
  std::string secret_sha256;  // hex
  UserId user_id = 0;
  std::string name;
  Instant created_at{};
  std::optional<Instant> expires_at;
  std::optional<TokenScope> scope{};  // none: all that its account may
};

// A session that was signed out of before its token expires.
struct EndedSession {
  std::string session_id;
  UserId user_id = 0;
  Instant expires_at{};
};

// A code that signs its user in once.
struct SignInCode {
  std::string code_sha256;  // hex
  UserId user_id = 0;
  Instant expires_at{};
};

struct Project {
  task::ProjectId id = 0;
  std::string title;  // unique
  std::string remark;
  UserId owner_id = 0;
  Instant created_at{};
};

struct Member {
  task::ProjectId project_id = 0;
  UserId user_id = 0;
  Role role = Role::kEditor;
  Instant created_at{};  // kept when the role changes
};

// Newest first. Of one task: by planned instant (a manual run by the second it was claimed), then
// attempt, then run id. Of several: by run id, which sorts by the time it was made. `before` is the
// last run id of the page before; when that run is gone by now, so is everything older, and the
// page is empty.
struct RunQuery {
  std::optional<std::vector<task::ProjectId>> projects;  // none: all
  std::optional<task::TaskKey> task;
  std::optional<task::Outcome> outcome;
  std::string before;
  int limit = 50;
  int offset = 0;  // rows left out at the begin, for pages by number; of one task only
};

// One row of a task's ledger: a tick with its attempts, or a span of ticks that ended alike without
// a run.
struct LedgerRow {
  std::vector<task::RunRecord> runs;  // ascending attempts; empty for a span
  std::optional<task::OutcomeSpan> span;
};

// Newest first. Spans that reach into [from, to) come whole. `before` is the first instant of the
// last row of the page before.
struct LedgerQuery {
  task::TaskKey task;
  std::optional<Instant> from;
  std::optional<Instant> to;
  std::optional<TickInstant> before;
  int limit = 100;
};

// Ticks in (after, until] of which the ledger says nothing although a later row shows that they
// were passed.
struct LedgerGap {
  task::TaskKey task;
  TickInstant after{};
  TickInstant until{};
  TickInstant shown_by{};  // the tick at which that later row begins
};

struct OutcomeCount {
  task::Outcome outcome;
  task::Reason reason;
  std::int64_t ticks = 0;
};

// How many runs ended how.
struct RunCount {
  task::Outcome outcome;
  std::int64_t runs = 0;
};

// A run as GopherCron v1's agents wrote it to the database: history that is read and in time
// removed, never written.
struct V1Log {
  std::int64_t id = 0;
  task::TaskKey task;
  std::string project_title;
  std::string task_name;
  std::string command;
  // JSON with `result` (the output), `system_error` and `error`, or what was left of it.
  std::string result;
  bool with_error = false;
  Instant started_at{};  // to the second
  Instant ended_at{};
  std::string node_address;
};

struct OutputRange {
  std::string bytes;
  std::int64_t total = 0;         // all that the command wrote
  std::int64_t dropped_from = 0;  // the middle that was not kept: [dropped_from, dropped_to)
  std::int64_t dropped_to = 0;
};

// What is kept. Each bound removes the oldest rows first; 0 means no bound.
struct Retention {
  seconds max_age = std::chrono::days(90);
  std::int64_t max_rows_per_task = 100'000;
  std::int64_t max_output_bytes = 1'000'000'000;  // of all output together
};

class Store : public ResultSink {
 public:
  // Accounts.
  virtual Result<UserId> CreateUser(
      const User& user) = 0;  // ignores `id`; kConflict: account taken
  // `demand`, when there is one, is asked about all accounts as they are, as one with the change.
  // What it fails with is given back and nothing written; it may be asked again.
  using UsersDemand = std::function<Status(const std::vector<User>& now)>;
  // Reads the user, lets `edit` change it (all but its id), and writes it, as one. What `edit`
  // fails with is given back and nothing written; it may be called again, with the user as it is
  // then. kConflict: account taken.
  virtual Result<User> EditUser(UserId id, const std::function<Status(User&)>& edit,
                                const UsersDemand& demand) = 0;
  // With tokens, codes, ended sessions and memberships.
  virtual Status DeleteUser(UserId id, const UsersDemand& demand) = 0;
  virtual Result<User> UserById(UserId id) = 0;
  virtual Result<User> UserByAccount(std::string_view account) = 0;
  virtual Result<std::vector<User>> ListUsers() = 0;

  virtual Status PutApiToken(const ApiToken& token) = 0;
  virtual Result<ApiToken> ApiTokenBySecret(std::string_view secret_sha256) = 0;
  virtual Result<std::vector<ApiToken>> ListApiTokens(UserId user) = 0;
  virtual Status DeleteApiToken(std::string_view id) = 0;

  // Again is the same. Forgets those that have expired at `now`: their tokens count no more.
  virtual Status EndSession(const EndedSession& session, Instant now) = 0;
  // The user, unless this session was ended: then kNotFound, as where there is no such user.
  virtual Result<User> UserInSession(UserId id, std::string_view session_id) = 0;

  virtual Status PutSignInCode(const SignInCode& code) = 0;
  // Removes the code in the same step: of two callers one gets it. kNotFound: unknown, used or
  // expired.
  virtual Result<UserId> TakeSignInCode(std::string_view code_sha256, Instant now) = 0;

  // Named values of the installation (secrets among them).
  virtual Result<std::string> GetSetting(std::string_view name) = 0;
  virtual Status PutSetting(std::string_view name, std::string_view value) = 0;
  // Writes `value` unless there is one, and gives the one in force: of several starters all get the
  // same.
  virtual Result<std::string> GetOrPutSetting(std::string_view name, std::string_view value) = 0;

  // Projects. Creating one makes its owner a member with Role::kOwner.
  virtual Result<task::ProjectId> CreateProject(
      const Project& project) = 0;  // kConflict: title taken
  // Reads the project, lets `edit` change title, remark and owner, and writes it, as one. What
  // `edit` fails with is given back and nothing written; it may be called again, with the project
  // as it is then. kConflict: title taken.
  virtual Result<Project> EditProject(task::ProjectId id,
                                      const std::function<Status(Project&)>& edit) = 0;
  // With members and the whole ledger of its tasks.
  virtual Status DeleteProject(task::ProjectId id) = 0;
  virtual Result<Project> ProjectById(task::ProjectId id) = 0;
  virtual Result<Project> ProjectByTitle(std::string_view title) = 0;
  virtual Result<std::vector<Project>> ListProjects() = 0;
  // `demand`, when there is one, is asked about the project's members as they are, as one with the
  // change. What it fails with is given back and nothing written; it may be asked again.
  using MembersDemand = std::function<Status(const std::vector<Member>& now)>;
  // Adds, or changes the role.
  virtual Status PutMember(const Member& member, const MembersDemand& demand) = 0;
  virtual Status DeleteMember(task::ProjectId project, UserId user,
                              const MembersDemand& demand) = 0;
  virtual Result<std::vector<Member>> ListMembers(task::ProjectId project) = 0;
  virtual Result<std::vector<Member>> MembershipsOf(UserId user) = 0;

  // The ledger. All of a batch or nothing. Sending a record again changes nothing (the same run id;
  // ticks that a span covers already). What an agent wrote replaces what was guessed (span.h) for
  // the same run, for the same task, tick, attempt and node, or for the same ticks, never the
  // reverse; where a guessed span covers more ticks, it is cut around the one that is now known.
  // Two runs of one tick, attempt and node that were both written by an agent are both kept: that
  // must never be, and is not hidden. A span that continues the task's newest row with the same
  // outcome, reason and detail extends that row.
  Status Record(std::span<const task::LedgerRecord> batch) override = 0;
  virtual Result<std::vector<task::RunRecord>> ListRuns(const RunQuery& query) = 0;
  virtual Result<task::RunRecord> RunById(std::string_view run_id) = 0;
  // All runs of a task, whatever made them.
  virtual Result<std::int64_t> CountRuns(const task::TaskKey& task) = 0;
  // Of a project, those that were claimed in [from, to), by outcome; outcomes of none are left out.
  // Costs as much as there are such runs. v1's old rows count as succeeded or failed.
  virtual Result<std::vector<RunCount>> CountRunsClaimed(task::ProjectId project, Instant from,
                                                         Instant to) = 0;
  // Bytes [from, from + limit) of the output, counting the dropped middle, of which nothing comes.
  virtual Result<OutputRange> ReadOutput(std::string_view run_id, std::int64_t from,
                                         std::int64_t limit) = 0;
  virtual Result<std::vector<LedgerRow>> ListLedger(const LedgerQuery& query) = 0;
  // The row that covers this tick; kNotFound when the ledger does not know it.
  virtual Result<LedgerRow> LedgerAt(const task::Tick& tick) = 0;
  // The last tick that the ledger ever knew of this task, also when its row is pruned; nullopt when
  // there was none.
  virtual Result<std::optional<TickInstant>> LastAccounted(const task::TaskKey& task) = 0;
  // Costs as much as there are gaps, not as there are rows. What was pruned is no gap. They come in
  // one order, task by task; with `behind`, the last of an earlier answer, those that follow it, so
  // that gaps which nobody can fill keep nobody from the others. When its task is gone, from the
  // first again.
  virtual Result<std::vector<LedgerGap>> FindGaps(int limit,
                                                  const std::optional<LedgerGap>& behind) = 0;
  // There was no tick to account for in this gap (the schedule says so): it is not found again.
  virtual Status CloseGap(const LedgerGap& gap) = 0;
  // How many ticks of [from, to) ended how.
  virtual Result<std::vector<OutcomeCount>> CountOutcomes(const task::TaskKey& task, Instant from,
                                                          Instant to) = 0;
  // Each task's newest runs, `per_task` at most, newest first, task by task in the order of their
  // ids: for lists of tasks.
  virtual Result<std::vector<task::RunRecord>> RecentRuns(task::ProjectId project,
                                                          int per_task) = 0;
  // Newest first; those with an id less than `before`, without the first `offset` of them. Only a
  // store that took over v1's tables has any. They go with their task's history, their project, and
  // by age.
  virtual Result<std::vector<V1Log>> ListV1Logs(const task::TaskKey& /*task*/,
                                                std::int64_t /*before*/, int /*limit*/,
                                                int /*offset*/ = 0) {
    return std::vector<V1Log>();
  }
  virtual Result<std::int64_t> CountV1Logs(const task::TaskKey& /*task*/) { return 0; }
  virtual Status DeleteTaskHistory(const task::TaskKey& task) = 0;
  // Removes at most `rows_max` rows (a dropped output counts as one) that `retention` does not
  // keep, in short transactions; gives how many went. The newest run of each task always stays.
  // Ended sessions whose tokens have expired go too, uncounted.
  virtual Result<std::int64_t> Prune(const Retention& retention, Instant now,
                                     std::int64_t rows_max) = 0;

  // Proves that the store answers; for readiness.
  virtual Status Ping() = 0;
};

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_STORE_H_
