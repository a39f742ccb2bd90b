#include "tests/mysql/severed_link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace gophercron::storage::mysql {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

SeveredLink::SeveredLink(std::uint16_t server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 8);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

SeveredLink::~SeveredLink() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

// One connection after another: a store with one connection needs no more.
void SeveredLink::Serve() {
  while (true) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    Carry(client);
    close(client);
  }
}

void SeveredLink::Carry(int client) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool swallow_answer = false;
  while (open) {
    pollfd ready[3] = {{.fd = client, .events = POLLIN, .revents = 0},
                       {.fd = server, .events = POLLIN, .revents = 0},
                       {.fd = listener_, .events = 0, .revents = 0}};
    poll(ready, 3, -1);
    if (ready[2].revents != 0) break;
    char bytes[65536];
    const bool from_client = ready[0].revents != 0;
    const ssize_t size = recv(from_client ? client : server, bytes, sizeof bytes, 0);
    if (size <= 0) break;
    const std::string_view message(bytes, static_cast<std::size_t>(size));
    if (from_client && message.ends_with("COMMIT")) {
      const Cut cut = cut_.exchange(Cut::kNever);
      if (cut == Cut::kBeforeCommit) break;
      swallow_answer = cut == Cut::kAfterCommit;
    } else if (!from_client && swallow_answer) {
      break;
    }
    open = send(from_client ? server : client, bytes, message.size(), MSG_NOSIGNAL) == size;
  }
  close(server);
}

}  // namespace gophercron::storage::mysql
