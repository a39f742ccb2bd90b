// The parts of the adapter that decide without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordination/etcd/answer_order.h"
#include "coordination/etcd/endpoint.h"
#include "coordination/etcd/revision_joiner.h"
#include "coordination/etcd/wire.h"

namespace gophercron::coordination::etcd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr BootTime At(int ms) {
  return BootTime(milliseconds(ms));
}

std::vector<std::string> Take(AnswerOrder<std::string>& order, int ms) {
  std::vector<std::string> taken;
  for (auto& [answer, late] : order.Take(At(ms))) taken.push_back(late ? answer + " late" : answer);
  return taken;
}

TEST(AnswerOrder, AnAnswerWaitsForThoseThatMayStandBeforeIt) {
  AnswerOrder<std::string> order(milliseconds(100));
  const auto a = order.Sent();
  const auto b = order.Sent();
  order.Answered(b, 12, true, At(0), "b");
  EXPECT_THAT(Take(order, 1), IsEmpty());
  EXPECT_EQ(order.Next(), At(100));
  const auto c = order.Sent();  // after b was answered: it comes after b
  order.Answered(a, 10, true, At(2), "a");
  EXPECT_THAT(Take(order, 2), ElementsAre("a", "b"));
  order.Answered(c, 13, true, At(3), "c");
  EXPECT_THAT(Take(order, 3), ElementsAre("c"));
  EXPECT_EQ(order.Next(), std::nullopt);
}

TEST(AnswerOrder, NothingWaitsWhenNoRevisionIsFreeBefore) {
  AnswerOrder<std::string> order(milliseconds(100));
  order.Answered(order.Sent(), 10, true, At(0), "first");
  EXPECT_THAT(Take(order, 0), ElementsAre("first"));
  const auto slow = order.Sent();
  order.Answered(order.Sent(), 11, true, At(1), "next");
  EXPECT_THAT(Take(order, 1), ElementsAre("next"));
  order.Answered(order.Sent(), 13, true, At(2), "a gap");
  EXPECT_THAT(Take(order, 2), IsEmpty());
  order.Gone(slow);
  EXPECT_THAT(Take(order, 2), ElementsAre("a gap"));
}

TEST(AnswerOrder, WhoeverReadARevisionComesAfterWhoWroteIt) {
  AnswerOrder<std::string> order(milliseconds(100));
  order.Answered(order.Sent(), 9, true, At(0), "first");
  EXPECT_THAT(Take(order, 0), ElementsAre("first"));
  const auto write = order.Sent();
  order.Answered(order.Sent(), 10, false, At(1), "refused");
  EXPECT_THAT(Take(order, 1), IsEmpty());
  order.Answered(write, 10, true, At(2), "won");
  EXPECT_THAT(Take(order, 2), ElementsAre("won", "refused"));
  order.Answered(order.Sent(), 10, false, At(3), "refused again");
  EXPECT_THAT(Take(order, 3), ElementsAre("refused again"));
}

TEST(AnswerOrder, WhoComesTooLateIsTold) {
  AnswerOrder<std::string> order(milliseconds(100));
  const auto slow = order.Sent();
  order.Answered(order.Sent(), 20, true, At(0), "b");
  EXPECT_THAT(Take(order, 99), IsEmpty());
  EXPECT_THAT(Take(order, 100), ElementsAre("b"));
  order.Answered(slow, 19, true, At(101), "a");
  EXPECT_THAT(Take(order, 101), ElementsAre("a late"));
  // Another history begins at lower revisions.
  order.Forget();
  order.Answered(order.Sent(), 5, true, At(102), "anew");
  EXPECT_THAT(Take(order, 102), ElementsAre("anew"));
}

WatchEvent EventAt(Revision revision) {
  WatchEvent event;
  event.item.key = "/k";
  event.item.mod_revision = revision;
  return event;
}

std::vector<std::pair<Revision, std::size_t>> Sizes(const std::vector<WatchBatch>& batches) {
  std::vector<std::pair<Revision, std::size_t>> sizes;
  for (const WatchBatch& batch : batches) sizes.emplace_back(batch.revision, batch.events.size());
  return sizes;
}

TEST(RevisionJoiner, RevisionsAreWholeHoweverTheyAreCutAndNoneComesTwice) {
  using testing::Pair;
  RevisionJoiner joiner(4);
  EXPECT_THAT(Sizes(joiner.Add({EventAt(4), EventAt(5), EventAt(5), EventAt(6)}, true)),
              ElementsAre(Pair(5, 2)));
  EXPECT_EQ(joiner.told(), 5);
  EXPECT_THAT(Sizes(joiner.Add({EventAt(6)}, true)), IsEmpty());
  EXPECT_THAT(Sizes(joiner.Add({EventAt(6), EventAt(7)}, false)),
              ElementsAre(Pair(6, 3), Pair(7, 1)));
  // A connection that breaks inside a revision: all of it is sent again.
  EXPECT_THAT(Sizes(joiner.Add({EventAt(8)}, true)), IsEmpty());
  joiner.Break();
  EXPECT_THAT(Sizes(joiner.Add({EventAt(7), EventAt(8), EventAt(8)}, false)),
              ElementsAre(Pair(8, 2)));
}

TEST(Endpoint, AsPeopleWriteThem) {
  EXPECT_EQ(ParseEndpoint("10.0.0.1:2379"), (Endpoint{.host_port = "10.0.0.1:2379", .tls = false}));
  EXPECT_EQ(ParseEndpoint("http://etcd-1:23790/")->host_port, "etcd-1:23790");
  EXPECT_EQ(ParseEndpoint("https://etcd-1"), (Endpoint{.host_port = "etcd-1:2379", .tls = true}));
  EXPECT_EQ(ParseEndpoint("[::1]:2379")->host_port, "[::1]:2379");
  EXPECT_EQ(ParseEndpoint("[::1]")->host_port, "[::1]:2379");
  for (const char* wrong : {"", "http://", ":2379", "a:b", "a:0", "a:65536", "a:2379/path",
                            "a:1,b:2", "::1:2379", "user@host:1", "a b:1"}) {
    const auto refused = ParseEndpoint(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Endpoint, OthersAreTriedAtOnceAndThenWithGrowingJitteredDelays) {
  SeededRandom random(20'261'123);
  EXPECT_EQ(ReconnectDelay(1, 3, random), milliseconds(0));
  EXPECT_EQ(ReconnectDelay(2, 3, random), milliseconds(0));
  for (int i = 0; i < 50; ++i) {
    EXPECT_GE(ReconnectDelay(3, 3, random), milliseconds(50));
    EXPECT_LE(ReconnectDelay(3, 3, random), milliseconds(100));
    EXPECT_GE(ReconnectDelay(1'000'000, 3, random), milliseconds(2'500));
    EXPECT_LE(ReconnectDelay(1'000'000, 3, random), milliseconds(5'000));
  }
}

TEST(Verdict, AWriteIsUnknownUnlessEtcdSaysThatItIsNot) {
  using Did = Verdict::Did;
  const auto judge = [](grpc::StatusCode code, const char* text) {
    return Judge(grpc::Status(code, text), "a transaction");
  };
  for (const auto& unknown :
       {judge(grpc::UNAVAILABLE, "Socket closed"), judge(grpc::DEADLINE_EXCEEDED, ""),
        judge(grpc::CANCELLED, ""), judge(grpc::UNKNOWN, "something new"),
        judge(grpc::UNAVAILABLE, "etcdserver: request timed out"),
        judge(grpc::UNAVAILABLE, "etcdserver: server stopped")}) {
    EXPECT_EQ(unknown.did, Did::kUnknown) << unknown.error.message;
    EXPECT_EQ(unknown.error.code, ErrorCode::kOutcomeUnknown);
  }
  EXPECT_EQ(judge(grpc::NOT_FOUND, "etcdserver: requested lease not found").error.code,
            ErrorCode::kNotFound);
  EXPECT_EQ(judge(grpc::OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted")
                .error.code,
            ErrorCode::kNotFound);
  const Verdict leaderless = judge(grpc::UNAVAILABLE, "etcdserver: no leader");
  EXPECT_EQ(leaderless.did, Did::kNothing);
  EXPECT_TRUE(leaderless.leave);
  EXPECT_TRUE(judge(grpc::UNAUTHENTICATED, "etcdserver: invalid auth token").new_token);
}

}  // namespace
}  // namespace gophercron::coordination::etcd
