// HttpReceiver: a server of a few lines for the tests of what posts: keeps what it was sent and
// answers as it is told.
//
// Threads: its own one answers; everything here from any.
#ifndef GOPHERCRON_OUTBOUND_HTTP_RECEIVER_H_
#define GOPHERCRON_OUTBOUND_HTTP_RECEIVER_H_

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace gophercron::outbound {

class HttpReceiver {
 public:
  struct Request {
    std::string head;  // request line and headers
    std::string body;
  };
  static constexpr int kNever = 0;  // instead of a status: say nothing until the peer gives up

  // `answer` gives the status for a request.
  explicit HttpReceiver(std::function<int(const Request&)> answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(listener_, 16) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~HttpReceiver() {
    ::shutdown(listener_, SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (peer_ >= 0) ::shutdown(peer_, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
  }
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;

  std::string url() const { return fmt::format("http://127.0.0.1:{}/hook", port_); }

  // A line of every later answer's head: "Name: value".
  void SetHeader(std::string line) {
    const std::lock_guard lock(mutex_);
    header_ = std::move(line) + "\r\n";
  }

  // Waits until so many requests have come; gives all of them.
  std::vector<Request> WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
    return requests_;
  }
  std::vector<Request> requests() { return WaitFor(0); }

 private:
  void Run() {
    while (true) {
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      {
        const std::lock_guard lock(mutex_);
        peer_ = peer;
        if (stopping_) ::shutdown(peer, SHUT_RDWR);
      }
      Serve(peer);
      const std::lock_guard lock(mutex_);
      peer_ = -1;
      ::close(peer);
    }
  }

  // One request a connection.
  void Serve(int peer) {
    std::string got;
    std::size_t body_at = std::string::npos;
    std::size_t length = 0;
    char bytes[4096];
    while (body_at == std::string::npos || got.size() < body_at + length) {
      const ssize_t read = ::recv(peer, bytes, sizeof bytes, 0);
      if (read <= 0) return;
      got.append(bytes, static_cast<std::size_t>(read));
      if (body_at != std::string::npos || got.find("\r\n\r\n") == std::string::npos) continue;
      body_at = got.find("\r\n\r\n") + 4;
      const std::size_t at = got.find("Content-Length: ");
      if (at < body_at) length = std::stoul(got.substr(at + 16));
    }
    const Request request{.head = got.substr(0, body_at), .body = got.substr(body_at)};
    const int status = answer_(request);
    std::string header;
    {
      const std::lock_guard lock(mutex_);
      header = header_;
      requests_.push_back(request);
    }
    changed_.notify_all();
    if (status == kNever) {
      while (::recv(peer, bytes, sizeof bytes, 0) > 0) {
      }
      return;
    }
    const std::string answer = fmt::format(
        "HTTP/1.1 {} X\r\n{}Content-Length: 2\r\nConnection: close\r\n\r\nok", status, header);
    ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  const std::function<int(const Request&)> answer_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  int peer_ = -1;
  bool stopping_ = false;
  std::vector<Request> requests_;
  std::string header_;
  std::thread thread_;
};

}  // namespace gophercron::outbound

#endif  // GOPHERCRON_OUTBOUND_HTTP_RECEIVER_H_
