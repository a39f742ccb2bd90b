// The claim protocol, executed against real stores.
#include <fmt/format.h>

#include <vector>

#include "coordination/claim.h"
#include "coordinator_conformance.h"

namespace gophercron::coordination {

std::unique_ptr<Lease> CoordinatorClaims::Session(const std::string& node) {
  auto lease = Grant();
  Node value;
  value.node_id = node;
  MustPut(kKeys.Session(lease->id()), FormatNode(value), lease->id());
  return lease;
}

Revision CoordinatorClaims::Prepare(const task::TaskKey& task) {
  Must(BuildFirstMark(kKeys, task,
                      {.at = kTick - seconds(1), .node_id = "n", .run_id = {}, .claim_id = {}}));
  return MustPut(kKeys.Task(task), "{}");
}

Claim CoordinatorClaims::RunClaim(const task::TaskKey& task, Revision revision,
                                  const Lease& session, const std::string& run_id, TickInstant at) {
  Claim claim;
  claim.task = task;
  claim.session = session.id();
  claim.node_id = "node-of-" + run_id;
  claim.task_revision = revision;
  claim.mark = Claim::MarkMove{.to = at, .from_revision = std::nullopt};
  claim.run = Claim::Run{.run_id = run_id, .value = {}, .take_lock = true, .lock_from = {}};
  claim.run->value.record.run_id = run_id;
  claim.run->value.record.task = task;
  claim.run->value.record.tick = at;
  claim.run->value.session = session.id();
  return claim;
}

ClaimAnswer CoordinatorClaims::Try(const Claim& claim) {
  return ReadClaim(kKeys, claim, Must(BuildClaim(kKeys, claim)));
}

namespace {

using Kind = ClaimAnswer::Kind;

TEST_P(CoordinatorClaims, OfTwoThatClaimOneTickOneWins) {
  const task::TaskKey task{.project_id = 1, .task_id = "t"};
  const Revision revision = Prepare(task);
  auto a = Session("a");
  auto b = Session("b");
  std::vector<ClaimAnswer> answers;
  std::vector<std::string> order;
  const std::vector<Claim> claims = {RunClaim(task, revision, *a, "ra"),
                                     RunClaim(task, revision, *b, "rb")};
  for (const Claim& claim : claims) {
    coordinator().Commit(BuildClaim(kKeys, claim), [&](Result<TxnResult> result) {
      store_->Locked([&] {
        answers.push_back(ReadClaim(kKeys, claim, *result));
        order.push_back(claim.run->run_id);
      });
    });
  }
  ASSERT_TRUE(store_->Until([&] { return answers.size() == 2; }));
  // Which of the two arrives first is the network's; they are answered as they were decided.
  const std::string& winner = order[0];
  EXPECT_EQ(answers[0].kind, Kind::kWon);
  EXPECT_EQ(answers[0].mark->at, kTick - seconds(1));
  EXPECT_EQ(answers[1].kind, Kind::kOvertaken);
  EXPECT_EQ(answers[1].mark->run_id, winner);
  EXPECT_EQ(answers[1].mark_revision, answers[0].fence);
  EXPECT_EQ(ValueOf(kKeys.Lock(task)), winner);
  EXPECT_EQ(Read(kKeys.Run(task, winner))->create_revision, answers[0].fence);
  EXPECT_EQ(ValueOf(kKeys.Run(task, order[1])), "(none)");
  End(a);
  End(b);
}

TEST_P(CoordinatorClaims, SentAgainItIsRecognisedAndTheMarkBeforeIsStillReadable) {
  const task::TaskKey task{.project_id = 1, .task_id = "t"};
  const Revision revision = Prepare(task);
  auto session = Session("a");
  const Claim claim = RunClaim(task, revision, *session, "ra");
  const ClaimAnswer first = Try(claim);  // imagine that this answer was lost
  const ClaimAnswer second = Try(claim);
  EXPECT_EQ(second.kind, Kind::kWon);
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(second.fence, first.fence);
  const auto before =
      Range({.begin = kKeys.Mark(task), .end = "", .limit = 0, .revision = second.fence - 1});
  ASSERT_TRUE(before && before->items.size() == 1);
  EXPECT_EQ(ParseMark(before->items[0].value)->at, first.mark->at);
  End(session);
}

TEST_P(CoordinatorClaims, ASessionThatIsOverClaimsNothingAndLosesItsLocks) {
  const task::TaskKey task{.project_id = 1, .task_id = "t"};
  const Revision revision = Prepare(task);
  auto former = Session("a");
  ASSERT_EQ(Try(RunClaim(task, revision, *former, "r1")).kind, Kind::kWon);
  Claim late = RunClaim(task, revision, *former, "r2", kTick + seconds(1));
  late.run->lock_from = "r1";
  End(former);
  // The lock is on the lease: it is not given up before that is gone.
  EXPECT_EQ(Try(late).kind, Kind::kSessionGone);
  auto present = Session("a");
  EXPECT_EQ(Try(RunClaim(task, revision, *present, "r3", kTick + seconds(1))).kind, Kind::kWon);
  // Its run's key stays, and says whose it was.
  EXPECT_NE(ValueOf(kKeys.Run(task, "r1")), "(none)");
  End(present);
}

TEST_P(CoordinatorClaims, ABatchIsDecidedOneByOne) {
  auto session = Session("a");
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < kClaimsPerTxnMax; ++i) {
    const task::TaskKey task{.project_id = 1, .task_id = fmt::format("t{}", i)};
    const Revision revision = Prepare(task);
    claims.push_back(RunClaim(task, revision, *session, fmt::format("run-{}", i)));
    if (i % 3 == 1) MustPut(kKeys.Task(task), "{\"edited\":true}");
    if (i % 3 == 2) MustPut(kKeys.Lock(task), "someone");
  }
  const auto answers = ReadClaims(kKeys, claims, Must(BuildClaims(kKeys, claims)));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Kind expected = i % 3 == 0 ? Kind::kWon : i % 3 == 1 ? Kind::kEdited : Kind::kLocked;
    EXPECT_EQ(answers[i].kind, expected) << i;
    EXPECT_EQ(answers[i].lock_holder, expected == Kind::kLocked ? "someone" : "");
    EXPECT_EQ(ValueOf(kKeys.Run(claims[i].task, claims[i].run->run_id)) != "(none)", i % 3 == 0);
  }
  End(session);
}

}  // namespace
}  // namespace gophercron::coordination
