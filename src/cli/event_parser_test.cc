#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/api_client.h"

namespace gophercron::cli {
namespace {

std::vector<StreamEvent> Parse(const std::vector<std::string>& pieces) {
  EventParser parser;
  std::vector<StreamEvent> events;
  for (const std::string& piece : pieces) {
    parser.Feed(piece, [&](const StreamEvent& event) {
      events.push_back(event);
      return true;
    });
  }
  return events;
}

TEST(EventParser, ReadsNamesIdsAndLinesOfData) {
  const auto events =
      Parse({"id: 7\nevent: output\ndata: a\ndata: b\n\n: still here\n\ndata:c\n\n"});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].id, "7");
  EXPECT_EQ(events[0].name, "output");
  EXPECT_EQ(events[0].data, "a\nb");
  EXPECT_EQ(events[1].id, "7");  // stays until another comes
  EXPECT_EQ(events[1].name, "message");
  EXPECT_EQ(events[1].data, "c");
}

TEST(EventParser, IsTheSameHoweverTheBytesAreCut) {
  const std::string text = "event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\r";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto events = Parse({text.substr(0, cut), text.substr(cut)});
    ASSERT_EQ(events.size(), 2U) << "cut at " << cut;
    EXPECT_EQ(events[0].data, "1");
    EXPECT_EQ(events[1].name, "b");
    EXPECT_EQ(events[1].data, "2");
  }
}

TEST(EventParser, StopsWhenToldTo) {
  EventParser parser;
  int seen = 0;
  EXPECT_FALSE(parser.Feed("data: 1\n\ndata: 2\n\n", [&](const StreamEvent&) {
    ++seen;
    return false;
  }));
  EXPECT_EQ(seen, 1);
}

TEST(EventParser, BoundsALineWithoutEnd) {
  EventParser parser;
  const std::string piece(1 << 20, 'x');
  const auto never = [](const StreamEvent&) { return true; };
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(parser.Feed(piece, never));
}

TEST(UrlEncode, LeavesNothingThatAPathWouldRead) {
  EXPECT_EQ(UrlEncode("a/b?c=d&e#f 备%"), "a%2Fb%3Fc%3Dd%26e%23f%20%E5%A4%87%25");
  EXPECT_EQ(UrlEncode("A-z.0_9~"), "A-z.0_9~");
}

}  // namespace
}  // namespace gophercron::cli
