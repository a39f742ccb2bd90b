// Asks the same thing of an HTTP server over several connections, one request at a time on each.
//   http_load PORT CONNECTIONS SECONDS TARGET [HEADER...]
// prints: requests a second, the median and the 99th percentile of their microseconds, and how many
// were answered with another status than 200.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::string in;
  std::size_t whole = 0;  // bytes of the answer that is coming; 0: not known yet
  Clock::time_point sent;
};

int Connect(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

void Send(Connection* connection, const std::string& request) {
  connection->sent = Clock::now();
  if (::send(connection->fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) std::exit(1);
}

// The length of the answer whose head is in `in`; 0 while it is not whole.
std::size_t LengthOf(const std::string& in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const char* const length = ::strcasestr(in.c_str(), "\r\ncontent-length:");
  return end + 4 + (length != nullptr ? std::strtoull(length + 17, nullptr, 10) : 0);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const int port = std::atoi(arguments[1]);
  std::string request = std::string("GET ") + arguments[4] + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (int i = 5; i < count; ++i) request += std::string(arguments[i]) + "\r\n";
  request += "\r\n";
  std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(arguments[2])));
  const int poll = ::epoll_create1(0);
  for (Connection& connection : connections) {
    connection.fd = Connect(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connection.fd, &event);
    Send(&connection, request);
  }
  std::vector<float> times;
  std::size_t bad = 0;
  std::vector<char> piece(1 << 20);
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds(std::atoi(arguments[3]));
  while (Clock::now() < end) {
    epoll_event events[64];
    const int ready = ::epoll_wait(poll, events, 64, 1'000);
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      const ssize_t got = ::recv(connection.fd, piece.data(), piece.size(), 0);
      if (got <= 0) {
        std::fprintf(stderr, "the server closed a connection\n");
        return 1;
      }
      connection.in.append(piece.data(), static_cast<std::size_t>(got));
      if (connection.whole == 0) connection.whole = LengthOf(connection.in);
      if (connection.whole == 0 || connection.in.size() < connection.whole) continue;
      if (connection.in.compare(0, 12, "HTTP/1.1 200") != 0) ++bad;
      connection.in.erase(0, connection.whole);
      connection.whole = 0;
      times.push_back(
          std::chrono::duration<float, std::micro>(Clock::now() - connection.sent).count());
      Send(&connection, request);
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (times.empty()) return 1;
  std::sort(times.begin(), times.end());
  std::printf("%.0f %.0f %.0f %zu\n", static_cast<double>(times.size()) / seconds,
              static_cast<double>(times[times.size() / 2]),
              static_cast<double>(times[times.size() * 99 / 100]), bad);
  return 0;
}
