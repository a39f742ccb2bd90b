// The rig itself: a test that leans on a proxy which passes everything proves nothing.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string>

#include "etcd_cluster.h"
#include "tcp_proxy.h"

namespace gophercron::testing_etcd {
namespace {

// A connection of the test's own, blocking.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  explicit Peer(const std::string& endpoint) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    std::uint16_t port = 0;
    const std::string digits = endpoint.substr(endpoint.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void Send(const std::string& bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Up to `size` bytes; fewer when the other side closes.
  std::string Receive(std::size_t size) const {
    std::string got(size, '\0');
    const ssize_t count = ::recv(fd_, got.data(), size, MSG_WAITALL);
    got.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return got;
  }

 private:
  int fd_;
};

class ProxyTest : public testing::Test {
 protected:
  ProxyTest() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~ProxyTest() override { ::close(listener_); }
  int Accept() const { return ::accept(listener_, nullptr, nullptr); }

  int listener_;
  std::uint16_t port_ = 0;
};

TEST_F(ProxyTest, CarriesHoldsSwallowsAndCuts) {
  TcpProxy proxy(port_, 1);
  const Peer client(proxy.endpoint());
  const Peer server(Accept());
  client.Send("ask");
  EXPECT_EQ(server.Receive(3), "ask");
  server.Send("answer");
  EXPECT_EQ(client.Receive(6), "answer");

  // Held: what was sent meanwhile comes once it passes again.
  proxy.Set({.requests = TcpProxy::Flow::kHold});
  client.Send("late");
  server.Send("still");
  EXPECT_EQ(client.Receive(5), "still");
  proxy.Set({});
  EXPECT_EQ(server.Receive(4), "late");

  // Swallowed: the request arrives, its answer never does.
  proxy.Set({.replies = TcpProxy::Flow::kSwallow});
  client.Send("do");
  EXPECT_EQ(server.Receive(2), "do");
  server.Send("done");
  proxy.Cut();
  EXPECT_EQ(client.Receive(1), "");
  EXPECT_EQ(server.Receive(1), "");

  proxy.Set({.refuse = true});
  const Peer refused(proxy.endpoint());
  EXPECT_EQ(refused.Receive(1), "");
  EXPECT_EQ(proxy.connections(), 1u);
}

TEST_F(ProxyTest, ADelayKeepsTheOrder) {
  TcpProxy proxy(port_, 7);
  proxy.Set({.delay_min = std::chrono::milliseconds(1), .delay_max = std::chrono::milliseconds(9)});
  const Peer client(proxy.endpoint());
  const Peer server(Accept());
  std::string sent;
  for (int i = 0; i < 50; ++i) {
    const std::string piece = std::to_string(i) + ",";
    client.Send(piece);
    sent += piece;
  }
  EXPECT_EQ(server.Receive(sent.size()), sent);
}

TEST(EtcdClusterTest, MembersAreKilledRestartedAndPutBack) {
  auto cluster = EtcdCluster::Start();
  cluster->Ctl({"put", "/k", "old"});
  cluster->Kill(0);
  cluster->SaveData(0);
  cluster->Restart(0);
  EXPECT_NE(cluster->Ctl({"get", "/k"}).find("old"), std::string::npos);
  EXPECT_EQ(cluster->Leader(), 0u);
  cluster->Ctl({"put", "/k", "new"});
  cluster->Kill(0);
  cluster->RestoreData(0);
  cluster->Restart(0);
  EXPECT_NE(cluster->Ctl({"get", "/k"}).find("old"), std::string::npos);
  const std::string folder = cluster->folder();
  cluster.reset();
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace gophercron::testing_etcd
