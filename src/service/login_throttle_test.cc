#include "service/login_throttle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gophercron::service {
namespace {

const BootTime kStart = BootTime(std::chrono::hours(5));

TEST(LoginThrottle, TenFailuresOfAnAddressAreEnoughForAMinute) {
  LoginThrottle throttle;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(throttle.Begin(fmt::format("account{}", i), "10.0.0.1", kStart), std::nullopt);
  }
  EXPECT_EQ(throttle.Begin("another", "10.0.0.1", kStart + seconds(20)), seconds(40));
  EXPECT_EQ(throttle.Begin("another", "10.0.0.1", kStart + seconds(60)), std::nullopt);
}

TEST(LoginThrottle, StrangersDoNotLockAnOwnerOut) {
  LoginThrottle throttle;
  for (int i = 0; i < 500; ++i) {
    throttle.Begin("ann", fmt::format("10.0.{}.{}", i / 250, i % 250), kStart);
  }
  EXPECT_EQ(throttle.Begin("ann", "192.0.2.7", kStart), std::nullopt) << "her own address";
  throttle.Succeeded("ann", "192.0.2.7");
  EXPECT_EQ(throttle.Begin("ann", "192.0.2.7", kStart), std::nullopt);
  EXPECT_NE(throttle.Begin("ann", "10.0.0.1", kStart), std::nullopt) << "one that failed there";
}

TEST(LoginThrottle, RightPasswordsAreNotCounted) {
  LoginThrottle throttle;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(throttle.Begin("ann", "10.0.0.1", kStart), std::nullopt);
    throttle.Succeeded("ann", "10.0.0.1");
  }
}

TEST(LoginThrottle, OneNetworkOfIpv6IsOneAddress) {
  LoginThrottle throttle;
  for (int i = 0; i < 10; ++i) throttle.Begin("a", fmt::format("2001:db8:1:2:{}::1", i), kStart);
  EXPECT_NE(throttle.Begin("a", "2001:db8:1:2:ffff::9", kStart), std::nullopt);
  EXPECT_EQ(throttle.Begin("b", "2001:db8:1:3::1", kStart), std::nullopt);
}

}  // namespace
}  // namespace gophercron::service
