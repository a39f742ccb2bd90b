// The adapter over one real member behind a bad network: what is lost, held, cut and forgotten.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "etcd_client.h"
#include "etcd_cluster.h"
#include "tcp_proxy.h"

namespace gophercron::testing_etcd {
namespace {

using coordination::Absent;
using coordination::Get;
using coordination::Revision;
using coordination::WatchBatch;

constexpr std::uint64_t kSeed = 20'261'123;

class EtcdFaults : public testing::Test {
 protected:
  EtcdFaults() { RecordProperty("seed", std::to_string(kSeed)); }

  std::unique_ptr<EtcdCluster> cluster_ = EtcdCluster::Start();
  TcpProxy proxy_{cluster_->port(0), kSeed};
  EtcdClient near_{EtcdClient::To(cluster_->endpoints())};
};

TEST_F(EtcdFaults, AReplyThatIsLostAfterTheCommitIsAnUnknownOutcomeAndIsNotSentTwice) {
  EtcdClient far(EtcdClient::To({proxy_.endpoint()}));
  ASSERT_TRUE(far.Put("/seed", "1"));
  bool applied = false;
  near_.Watch("/k", "", 0, [&](const WatchBatch& batch) { applied = !batch.events.empty(); });
  ASSERT_TRUE(near_.Put("/before", "1"));
  proxy_.Set({.replies = TcpProxy::Flow::kSwallow});
  std::optional<Result<coordination::TxnResult>> answer;
  far.coordinator().Commit({.when = {}, .then = {coordination::Put("/k", "1")}, .otherwise = {}},
                           [&](auto result) { far.Locked([&] { answer = std::move(result); }); });
  ASSERT_TRUE(near_.Until([&] { return applied; }));
  proxy_.Set({.replies = TcpProxy::Flow::kSwallow, .refuse = true});
  proxy_.Cut();
  proxy_.Set({});
  ASSERT_TRUE(far.Until([&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kOutcomeUnknown) << answer->error().message;
  const auto read = far.Range({.begin = "/k", .end = ""});
  ASSERT_TRUE(read && read->items.size() == 1);
  EXPECT_EQ(read->items[0].create_revision, read->items[0].mod_revision);
  EXPECT_EQ(read->revision, read->items[0].mod_revision) << "nothing was written after it";
}

// Whatever the network does, an answer is true: what was answered is there at its revision, and
// what "did not happen" is not there; and a watch tells everything once, in order.
TEST_F(EtcdFaults, UnderRandomFaultsEveryAnswerIsTrue) {
  EtcdClient far(EtcdClient::To({proxy_.endpoint()}, milliseconds(400)));
  ASSERT_TRUE(far.Put("/seed", "1"));
  std::vector<Revision> heard;
  bool lost = false;
  far.Watch("/h/", "/h0", 0, [&](const WatchBatch& batch) {
    lost = lost || batch.lost;
    for (const auto& event : batch.events) heard.push_back(event.item.mod_revision);
  });
  std::mt19937_64 random(kSeed);
  struct Write {
    std::optional<Result<coordination::TxnResult>> answer;
  };
  std::map<std::string, Write> writes;
  using Flow = TcpProxy::Flow;
  const std::vector<TcpProxy::Faults> kinds = {
      {},
      {.requests = Flow::kHold},
      {.replies = Flow::kHold},
      {.replies = Flow::kSwallow},
      {.requests = Flow::kSwallow},
      {.delay_min = milliseconds(1), .delay_max = milliseconds(30)},
  };
  for (int round = 0; round < 40; ++round) {
    const auto& faults = kinds[random() % kinds.size()];
    const bool before = random() % 2 == 0;
    if (before) proxy_.Set(faults);
    std::vector<std::string> keys;
    for (int i = 0; i < 5; ++i) keys.push_back(fmt::format("/h/{:02}-{}", round, i));
    for (const std::string& key : keys) {
      Write& write = writes[key];
      far.coordinator().Commit(
          {.when = {Absent(key)}, .then = {coordination::Put(key, "v")}, .otherwise = {}},
          [&far, &write](auto result) {
            far.Locked([&] {
              EXPECT_FALSE(write.answer) << "answered twice";
              write.answer = std::move(result);
            });
          });
    }
    if (!before) proxy_.Set(faults);
    const bool swallows = faults.requests == Flow::kSwallow || faults.replies == Flow::kSwallow;
    if (random() % 2 == 0 || swallows) {
      // What was swallowed leaves a stream that makes no sense: it may not go on.
      proxy_.Set({.requests = faults.requests, .replies = faults.replies, .refuse = true});
      proxy_.Cut();
      proxy_.Set({});
    }
    ASSERT_TRUE(far.Until([&] {
      return std::ranges::all_of(keys,
                                 [&](const auto& key) { return writes[key].answer.has_value(); });
    })) << "round "
        << round;
    proxy_.Set({});
  }
  const auto all = near_.Range({.begin = "/h/", .end = "/h0"});
  ASSERT_TRUE(all);
  std::map<std::string, Revision> there;
  std::set<Revision> revisions;
  for (const auto& item : all->items) {
    EXPECT_EQ(item.create_revision, item.mod_revision) << item.key;
    there[item.key] = item.mod_revision;
    revisions.insert(item.mod_revision);
  }
  std::map<ErrorCode, int> counts;
  int done = 0;
  for (const auto& [key, write] : writes) {
    const auto& answer = *write.answer;
    if (answer) {
      ++done;
      ASSERT_TRUE(answer->succeeded) << key << " was sent again after it was applied";
      EXPECT_EQ(there[key], answer->revision) << key;
      continue;
    }
    ++counts[answer.error().code];
    if (answer.error().code == ErrorCode::kUnavailable) {
      EXPECT_FALSE(there.contains(key)) << key << " was said not to have happened";
    } else {
      EXPECT_EQ(answer.error().code, ErrorCode::kOutcomeUnknown) << answer.error().message;
    }
  }
  EXPECT_GT(done, 0);
  EXPECT_GT(counts[ErrorCode::kOutcomeUnknown], 0) << "no fault was felt";
  EXPECT_TRUE(far.Until([&] { return heard.size() >= revisions.size(); }));
  EXPECT_FALSE(lost);
  EXPECT_EQ(heard, std::vector<Revision>(revisions.begin(), revisions.end()));
}

TEST_F(EtcdFaults, AWatchThatMissedCompactedHistoryIsLost) {
  EtcdClient far(EtcdClient::To({proxy_.endpoint()}));
  ASSERT_TRUE(far.Put("/c/seed", "1"));
  int heard = 0;
  bool lost = false;
  far.Watch("/c/", "/c0", 0, [&](const WatchBatch& batch) {
    if (batch.lost) lost = true;
    heard += static_cast<int>(batch.events.size());
  });
  ASSERT_TRUE(far.Put("/c/a", "1"));
  ASSERT_TRUE(far.Until([&] { return heard == 1; }));
  proxy_.Set({.refuse = true});
  proxy_.Cut();
  Revision last = 0;
  for (int i = 0; i < 5; ++i) last = near_.Put("/c/a", std::to_string(i))->revision;
  ASSERT_TRUE(near_.Compact(last));
  ASSERT_TRUE(near_.Compact(last)) << "compacting again is no failure";
  proxy_.Set({});
  EXPECT_TRUE(far.Until([&] { return lost; }));
  EXPECT_EQ(heard, 1);
}

TEST_F(EtcdFaults, ALeaseOfAFrozenClientIsDistrustedBeforeItIsGoneAndLostOnce) {
  const SystemClock clock;
  EtcdClient far(EtcdClient::To({proxy_.endpoint()}, milliseconds(1'000)));
  int lost = 0;
  auto lease = far.Grant(seconds(3), [&] { far.Locked([&] { ++lost; }); });
  ASSERT_TRUE(lease) << lease.error().message;
  ASSERT_TRUE(far.Put("/s", "1", (*lease)->id()));
  bool gone = false;
  near_.Watch("/s", "", 0, [&](const WatchBatch& batch) {
    for (const auto& event : batch.events) {
      gone = gone || event.type == coordination::WatchEvent::Type::kDelete;
    }
  });
  proxy_.Set({.requests = TcpProxy::Flow::kHold, .replies = TcpProxy::Flow::kHold});
  ASSERT_TRUE(near_.Until([&] { return gone; }));
  EXPECT_LT((*lease)->trusted_until(), clock.Boot());
  far.Locked([&] { EXPECT_EQ(lost, 0) << "nobody could have said so"; });
  proxy_.Set({});
  ASSERT_TRUE(far.Until([&] { return lost > 0; }));
  EXPECT_EQ(near_.ValueOf("/s"), "(none)");
  auto next = far.Grant(seconds(3), [] {});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_GT((*next)->trusted_until(), (*lease)->trusted_until());
  far.OnLoop([&] {
    lease->reset();
    next->reset();
  });
  far.Locked([&] { EXPECT_EQ(lost, 1); });
}

TEST_F(EtcdFaults, ASlowAnswerDoesNotStretchALease) {
  const SystemClock clock;
  EtcdClient far(EtcdClient::To({proxy_.endpoint()}));
  ASSERT_TRUE(far.Put("/seed", "1"));
  proxy_.Set({.delay_min = milliseconds(200), .delay_max = milliseconds(300)});
  constexpr seconds kTimeToLive{6};
  // Each answer needs two delays at least: what it promises began before them.
  const auto most = [&] { return clock.Boot() + kTimeToLive - seconds(2) - milliseconds(400); };
  auto lease = far.Grant(kTimeToLive, [] {});
  ASSERT_TRUE(lease) << lease.error().message;
  const BootTime first = (*lease)->trusted_until();
  EXPECT_LE(first, most());
  while ((*lease)->trusted_until() == first) ASSERT_TRUE(far.Range({.begin = "/seed", .end = ""}));
  EXPECT_GT((*lease)->trusted_until(), first);
  EXPECT_LE((*lease)->trusted_until(), most());
  far.OnLoop([&] { lease->reset(); });
}

TEST_F(EtcdFaults, AMuchTooLargeRangeComesInPagesOfOneRevision) {
  const std::string value(30'000, 'v');
  for (int txn = 0; txn < 8; ++txn) {
    coordination::Txn puts;
    for (int i = 0; i < 40; ++i) {
      puts.then.push_back(coordination::Put(fmt::format("/r/{}/{:02}", txn, i), value));
    }
    ASSERT_TRUE(near_.Commit(std::move(puts)));
  }
  std::optional<Result<coordination::RangeResult>> got;
  EtcdClient reader(EtcdClient::To(cluster_->endpoints()));
  reader.coordinator().Range({.begin = "/r/", .end = "/r0"},
                             [&](auto result) { reader.Locked([&] { got = std::move(result); }); });
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(near_.Put(fmt::format("/r/7/{:02}", i % 40), "new"));
  ASSERT_TRUE(reader.Until([&] { return got.has_value(); }));
  ASSERT_TRUE(*got) << got->error().message;
  EXPECT_EQ((*got)->items.size(), 320u);
  EXPECT_FALSE((*got)->more);
  std::size_t changed = 0;
  for (const auto& item : (*got)->items) {
    EXPECT_LE(item.mod_revision, (*got)->revision);
    if (item.value == "new") ++changed;
  }
  const Revision loaded = (*got)->items.front().mod_revision + 7;
  EXPECT_EQ(changed,
            std::min<std::size_t>(40, static_cast<std::size_t>((*got)->revision - loaded)));
}

TEST_F(EtcdFaults, AStoreThatWentBackInTimeIsHeldUntilSomebodyAcceptsIt) {
  cluster_->Kill(0);
  cluster_->SaveData(0);
  cluster_->Restart(0);
  auto options = EtcdClient::To(cluster_->endpoints(), milliseconds(500));
  options.memory_file = cluster_->folder() + "/memory";
  {
    EtcdClient client(options);
    while (!client.Put("/k", "new")) {
    }
    // Far enough ahead that no rounding of what is remembered can hide it.
    coordination::Txn txn{.when = {}, .then = {coordination::Put("/n", "1")}, .otherwise = {}};
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(client.Commit(txn));
  }
  cluster_->Kill(0);
  cluster_->RestoreData(0);
  cluster_->Restart(0);
  EtcdClient client(options);
  const auto refused = client.Range({.begin = "/k", .end = ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(client.coordinator().State().held);
  EXPECT_NE(client.coordinator().State().trouble, "");
  client.coordinator().AcceptStore();
  EXPECT_EQ(client.ValueOf("/k"), "(none)");
  EXPECT_FALSE(client.coordinator().State().held);
}

}  // namespace
}  // namespace gophercron::testing_etcd
