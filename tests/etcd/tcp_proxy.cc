#include "tcp_proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace gophercron::testing_etcd {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// What was read from one side and is not yet written to the other.
struct Pipe {
  struct Piece {
    SteadyTime due;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t waiting = 0;
  static constexpr std::size_t kWaitingMax = 4'000'000;
};

struct Connection {
  int client = -1;
  int server = -1;
  Pipe requests;
  Pipe replies;
  bool over = false;
  ~Connection() {
    if (client >= 0) ::close(client);
    if (server >= 0) ::close(server);
  }
};

}  // namespace

class TcpProxy::Carrier {
 public:
  Carrier(std::uint16_t target_port, std::uint64_t seed)
      : target_port_(target_port), random_(seed) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(listener_ >= 0 && wake_ >= 0);
    sockaddr_in address = Loopback(0);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 64) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Carrier() {
    Do([this] { stop_ = true; });
    thread_.join();
    ::close(listener_);
    ::close(wake_);
  }

  std::uint16_t port() const { return port_; }
  std::uint64_t accepted() const { return accepted_; }
  void Set(const Faults& faults) {
    Do([&] { faults_ = faults; });
  }
  void Cut() {
    Do([this] { connections_.clear(); });
  }

 private:
  // Runs `change` on the carrier's thread and waits for it.
  void Do(std::function<void()> change) {
    std::unique_lock lock(mutex_);
    const std::uint64_t mine = ++asked_;
    changes_.push_back(std::move(change));
    Wake();
    changed_.wait(lock, [&] { return done_ >= mine; });
  }
  void Wake() const {
    const std::uint64_t one = 1;
    CHECK(::write(wake_, &one, sizeof one) == sizeof one);
  }
  void TakeChanges() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
    const std::lock_guard lock(mutex_);
    for (const auto& change : changes_) change();
    done_ += changes_.size();
    changes_.clear();
    changed_.notify_all();
  }

  void Run() {
    while (!stop_) {
      std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN, .revents = 0},
                                    {.fd = listener_, .events = POLLIN, .revents = 0}};
      const SteadyTime now = std::chrono::steady_clock::now();
      int wait = -1;
      for (const Connection& one : connections_) {
        polled.push_back({.fd = one.client,
                          .events = Wanted(one.requests, one.replies, faults_.requests,
                                           faults_.replies, now, wait),
                          .revents = 0});
        polled.push_back({.fd = one.server,
                          .events = Wanted(one.replies, one.requests, faults_.replies,
                                           faults_.requests, now, wait),
                          .revents = 0});
      }
      ::poll(polled.data(), polled.size(), wait);
      Carry();
      if (polled[1].revents != 0) Accept();
      TakeChanges();
    }
    connections_.clear();
  }

  // What to wait for on a socket that `in` is read from and `out` is written to.
  static short Wanted(const Pipe& in, const Pipe& out, Flow in_flow, Flow out_flow, SteadyTime now,
                      int& wait) {
    short events = 0;
    if (in_flow != Flow::kHold && in.waiting < Pipe::kWaitingMax) events |= POLLIN;
    if (!out.pieces.empty() && out_flow != Flow::kHold) {
      const auto due = out.pieces.front().due;
      if (due <= now) {
        events |= POLLOUT;
      } else {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(due - now).count() + 1;
        if (wait < 0 || left < wait) wait = static_cast<int>(left);
      }
    }
    return events;
  }

  void Accept() {
    for (int fd = 0;
         (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      if (faults_.refuse) {
        ::close(fd);
        continue;
      }
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      CHECK(server >= 0);
      const sockaddr_in address = Loopback(target_port_);
      if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(server);
        ::close(fd);
        continue;
      }
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      ++accepted_;
      connections_.emplace_back();
      connections_.back().client = fd;
      connections_.back().server = server;
    }
  }

  void Carry() {
    for (Connection& one : connections_) {
      Read(one, one.client, one.requests, faults_.requests);
      Read(one, one.server, one.replies, faults_.replies);
      Write(one, one.server, one.requests, faults_.requests);
      Write(one, one.client, one.replies, faults_.replies);
    }
    connections_.remove_if([](const Connection& one) { return one.over; });
  }

  void Read(Connection& one, int fd, Pipe& pipe, Flow flow) {
    if (flow == Flow::kHold) return;
    char buffer[65'536];
    while (!one.over && pipe.waiting < Pipe::kWaitingMax) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        one.over = true;
        return;
      }
      if (flow == Flow::kSwallow) continue;
      pipe.pieces.push_back({std::chrono::steady_clock::now() + Delay(),
                             std::string(buffer, static_cast<std::size_t>(got))});
      pipe.waiting += static_cast<std::size_t>(got);
    }
  }

  void Write(Connection& one, int fd, Pipe& pipe, Flow flow) {
    if (flow == Flow::kHold) return;
    while (!one.over && !pipe.pieces.empty()) {
      Pipe::Piece& piece = pipe.pieces.front();
      if (piece.due > std::chrono::steady_clock::now()) return;
      const ssize_t sent =
          ::send(fd, piece.bytes.data(), piece.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) {
        one.over = true;
        return;
      }
      pipe.waiting -= static_cast<std::size_t>(sent);
      piece.bytes.erase(0, static_cast<std::size_t>(sent));
      if (piece.bytes.empty()) pipe.pieces.pop_front();
    }
  }

  std::chrono::milliseconds Delay() {
    if (faults_.delay_max.count() == 0) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(
        faults_.delay_min.count(), faults_.delay_max.count())(random_));
  }

  const std::uint16_t target_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::atomic<std::uint64_t> accepted_ = 0;

  // The carrier's thread.
  std::mt19937_64 random_;
  Faults faults_;
  std::list<Connection> connections_;
  bool stop_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> changes_;
  std::uint64_t asked_ = 0;
  std::uint64_t done_ = 0;

  std::thread thread_;
};

TcpProxy::TcpProxy(std::uint16_t target_port, std::uint64_t seed)
    : carrier_(std::make_unique<Carrier>(target_port, seed)) {}
TcpProxy::~TcpProxy() = default;

std::string TcpProxy::endpoint() const {
  return fmt::format("127.0.0.1:{}", carrier_->port());
}
void TcpProxy::Set(const Faults& faults) {
  carrier_->Set(faults);
}
void TcpProxy::Cut() {
  carrier_->Cut();
}
std::uint64_t TcpProxy::connections() const {
  return carrier_->accepted();
}

}  // namespace gophercron::testing_etcd
