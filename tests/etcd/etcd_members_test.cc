// The adapter over several members, over TLS, with passwords, and over a store that is full.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "etcd_client.h"
#include "etcd_cluster.h"

namespace gophercron::testing_etcd {
namespace {

using coordination::Absent;
using coordination::Get;
using coordination::WatchBatch;

// Writes a key that nobody else writes, as the protocol does: an unknown outcome is read back by
// the transaction itself.
void WriteOnce(EtcdClient& client, const std::string& key) {
  while (true) {
    const auto answer = client.Commit(
        {.when = {Absent(key)}, .then = {coordination::Put(key, "v")}, .otherwise = {Get(key)}});
    if (answer) return;
    ASSERT_TRUE(answer.error().code == ErrorCode::kOutcomeUnknown ||
                answer.error().code == ErrorCode::kUnavailable)
        << answer.error().message;
  }
}

TEST(EtcdMembers, LosingMembersAndQuorumLosesNothing) {
  auto cluster = EtcdCluster::Start({.members = 3});
  EtcdClient client(EtcdClient::To(cluster->endpoints(), milliseconds(1'500)));
  ASSERT_TRUE(client.coordinator().WaitUntilConnected(seconds(60)));
  std::map<std::string, int> heard;
  bool lost_watch = false;
  client.Watch("/w/", "/w0", 0, [&](const WatchBatch& batch) {
    lost_watch = lost_watch || batch.lost;
    for (const auto& event : batch.events) ++heard[event.item.key];
  });
  int lost = 0;
  auto lease = client.Grant(seconds(60), [&] { client.Locked([&] { ++lost; }); });
  ASSERT_TRUE(lease) << lease.error().message;
  ASSERT_TRUE(client.Put("/session", "1", (*lease)->id()));
  int written = 0;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) WriteOnce(client, fmt::format("/w/{:03}", written++));
  };
  const auto connected_to = [&] {
    const std::string endpoint = client.coordinator().State().endpoint;
    for (std::size_t i = 0; i < 3; ++i) {
      if (cluster->endpoint(i) == endpoint) return i;
    }
    ADD_FAILURE() << endpoint << " is no member";
    return std::size_t{0};
  };

  write(20);
  // The member we talk to stands still: no connection breaks, nothing answers.
  const std::size_t frozen = connected_to();
  cluster->Freeze(frozen);
  write(10);
  cluster->Thaw(frozen);
  const std::size_t leader = cluster->Leader();
  cluster->Kill(leader);
  write(10);
  // Without quorum nothing is answered, and nothing is said to have happened.
  const std::size_t second = connected_to();
  cluster->Kill(second);
  const auto read = client.Range({.begin = "/session", .end = ""});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable) << read.error().message;
  const auto put = client.Put("/x", "1");
  ASSERT_FALSE(put);
  EXPECT_TRUE(put.error().code == ErrorCode::kUnavailable ||
              put.error().code == ErrorCode::kOutcomeUnknown)
      << put.error().message;
  cluster->Restart(leader, false);
  cluster->Restart(second, true);
  write(10);

  EXPECT_TRUE(client.Until([&] { return heard.size() == static_cast<std::size_t>(written); }));
  client.Locked([&] {
    for (const auto& [key, times] : heard) EXPECT_EQ(times, 1) << key;
    EXPECT_FALSE(lost_watch);
    EXPECT_EQ(lost, 0);
  });
  EXPECT_EQ(client.ValueOf("/session"), "1");
  client.OnLoop([&] { lease->reset(); });
}

TEST(EtcdMembers, TlsTakesTheRightCertificatesOnly) {
  auto cluster = EtcdCluster::Start({.tls = true});
  const auto connect = [&](const std::string& authority, bool certificate) {
    auto options = EtcdClient::To(cluster->endpoints(), milliseconds(1'000));
    options.ca_file = cluster->folder() + "/" + authority;
    if (certificate) {
      options.cert_file = cluster->folder() + "/client.pem";
      options.key_file = cluster->folder() + "/client.key";
    }
    EtcdClient client(options);
    auto put = client.Put("/k", "1");
    if (!put) {
      EXPECT_NE(client.coordinator().State().trouble, "");
    }
    return put;
  };
  while (!connect("ca.pem", true)) {
  }
  for (const auto& refused : {connect("other-ca.pem", true), connect("ca.pem", false)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().message;
  }
  Loop loop;
  EtcdClient::Options missing = EtcdClient::To(cluster->endpoints());
  missing.ca_file = cluster->folder() + "/no-such-file.pem";
  const auto opened = coordination::EtcdCoordinator::Open(loop, missing);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(opened.error().message.find("no-such-file.pem"), std::string::npos);
}

TEST(EtcdMembers, APasswordIsAskedForAndATokenThatIsOverIsRenewed) {
  auto cluster = EtcdCluster::Start();
  cluster->Ctl({"user", "add", "root:right"});
  cluster->Ctl({"user", "grant-role", "root", "root"});
  cluster->Ctl({"auth", "enable"});
  auto options = EtcdClient::To(cluster->endpoints(), milliseconds(2'000));
  options.username = "root";
  options.password = "wrong";
  {
    EtcdClient client(options);
    const auto refused = client.Put("/k", "1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().message;
    EXPECT_EQ(client.coordinator().State().trouble.find("wrong"), std::string::npos)
        << "a password is not shown";
  }
  options.password = "right";
  EtcdClient client(options);
  int heard = 0;
  client.Watch("/k", "", 0, [&](const WatchBatch& batch) {
    EXPECT_FALSE(batch.lost);
    heard += static_cast<int>(batch.events.size());
  });
  ASSERT_TRUE(client.Put("/k", "1"));
  // Every token is forgotten.
  cluster->Ctl({"--user=root:right", "auth", "disable"});
  cluster->Ctl({"auth", "enable"});
  const auto again = client.Put("/k", "2");
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_TRUE(client.Until([&] { return heard == 2; }));
}

TEST(EtcdMembers, AFullStoreSaysSoAndIsStillRead) {
  auto cluster = EtcdCluster::Start({.quota_bytes = 4'000'000});
  EtcdClient client(EtcdClient::To(cluster->endpoints()));
  const std::string value(300'000, 'v');
  std::map<std::string, bool> acknowledged;
  std::optional<Error> refused;
  for (int i = 0; i < 100 && !refused; ++i) {
    const std::string key = fmt::format("/f/{:02}", i);
    const auto put = client.Put(key, value);
    if (put) {
      acknowledged[key] = true;
    } else if (put.error().code != ErrorCode::kOutcomeUnknown) {
      refused = put.error();
      EXPECT_EQ(client.ValueOf(key), "(none)") << "it was said that nothing happened";
    }
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ErrorCode::kResourceExhausted) << refused->message;
  for (const auto& [key, there] : acknowledged) EXPECT_EQ(client.ValueOf(key), value);
}

}  // namespace
}  // namespace gophercron::testing_etcd
