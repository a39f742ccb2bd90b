#include "outbound/http_date.h"

#include <gtest/gtest.h>

#include "outbound/http_receiver.h"

namespace gophercron::outbound {
namespace {

TEST(AskDate, IsTheMiddleOfTheSecondThatTheAnswerNames) {
  HttpReceiver server([](const HttpReceiver::Request&) { return 404; });
  server.SetHeader("Date: Sun, 29 Mar 2026 01:00:00 GMT");
  const auto date = AskDate({.url = server.url()});
  ASSERT_TRUE(date.has_value()) << date.error().message;
  EXPECT_EQ(*date, *ParseRfc3339("2026-03-29T01:00:00.5Z"));
  EXPECT_TRUE(server.requests().front().head.starts_with("GET "));
}

TEST(AskDate, SaysWhatIsMissing) {
  HttpReceiver server([](const HttpReceiver::Request&) { return 200; });
  const auto none = AskDate({.url = server.url()});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(none.error().message.find("without a date"), std::string::npos);
  server.SetHeader("Date: soon");
  EXPECT_EQ(AskDate({.url = server.url()}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(AskDate({.url = "http://127.0.0.1:1/"}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gophercron::outbound
