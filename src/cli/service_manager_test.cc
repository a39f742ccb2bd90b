#include "cli/service_manager.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace gophercron::cli {
namespace {

TEST(SendState, IsOneDatagram) {
  const std::string name = fmt::format("@gophercron-test-{}", ::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
            0);
  EXPECT_TRUE(SendState(name, kReady));
  char bytes[64];
  const ssize_t read = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  ASSERT_GT(read, 0);
  EXPECT_EQ(std::string_view(bytes, static_cast<std::size_t>(read)), "READY=1");
  ::close(fd);
  EXPECT_FALSE(SendState(name, kReady));
  EXPECT_FALSE(SendState("", kReady));
  EXPECT_FALSE(SendState(std::string(200, 'x'), kReady));
}

}  // namespace
}  // namespace gophercron::cli
