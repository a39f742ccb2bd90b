#include "cli/run_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/terminal_text.h"

namespace gophercron::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Instant kStart = Instant(seconds(1'780'000'000));

RunLine Succeeded() {
  return {.at = kStart,
          .project = "demo",
          .task = "every second",
          .duration = microseconds(12'000),
          .lag = microseconds(410),
          .output = "\n  hello\nworld\n"};
}

TEST(RunDigest, ShowsOneLineForARun) {
  RunDigest digest({});
  EXPECT_THAT(digest.Add(Succeeded(), kStart),
              ElementsAre(AllOf(HasSubstr("✓ succeeded"), HasSubstr("demo / every second"),
                                HasSubstr("12 ms"), HasSubstr("+410 µs"), HasSubstr("hello"),
                                Not(HasSubstr("world")))));
}

TEST(RunDigest, SaysHowAFailureEndedAndWhyATickWasSkipped) {
  RunDigest digest({});
  RunLine failed = Succeeded();
  failed.outcome = task::Outcome::kFailed;
  failed.exit_code = 3;
  EXPECT_THAT(digest.Add(failed, kStart), ElementsAre(HasSubstr("exit 3")));
  RunLine skipped = Succeeded();
  skipped.outcome = task::Outcome::kSkipped;
  skipped.reason = task::Reason::kOverlap;
  skipped.ticks = 4;
  EXPECT_THAT(digest.Add(skipped, kStart),
              ElementsAre(AllOf(HasSubstr("4 ticks"), HasSubstr("overlap"))));
}

TEST(RunDigest, NamesAndOutputCannotForgeALine) {
  RunDigest digest({});
  RunLine line = Succeeded();
  line.task = "a\nb\x1b[2J";
  line.output = "x\x1b]0;title\x07";
  const auto lines = digest.Add(line, kStart);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], Not(HasSubstr("\n")));
  EXPECT_THAT(lines[0], Not(HasSubstr("\x1b")));
}

TEST(RunDigest, SumsUpWhatDoesNotFitIntoOneSecond) {
  RunDigest digest({.lines_max = 10});
  std::size_t shown = 0;
  for (int i = 0; i < 1000; ++i) shown += digest.Add(Succeeded(), kStart).size();
  EXPECT_EQ(shown, 10U);
  EXPECT_THAT(digest.Advance(kStart + seconds(1)),
              ElementsAre(AllOf(HasSubstr("and 990 more"), HasSubstr("990 succeeded"),
                                HasSubstr("410 µs"))));
}

TEST(RunDigest, StaysCalmWhileSecondsAreFullAndReturnsToLines) {
  RunDigest digest({.lines_max = 10});
  for (int i = 0; i < 100; ++i) digest.Add(Succeeded(), kStart);
  const Instant second = kStart + seconds(1);
  EXPECT_THAT(digest.Add(Succeeded(), second), SizeIs(1));  // only the sum of the one before
  for (int i = 1; i < 5; ++i) EXPECT_THAT(digest.Add(Succeeded(), second), IsEmpty());
  const Instant third = kStart + seconds(2);
  EXPECT_THAT(digest.Add(Succeeded(), third),
              ElementsAre(HasSubstr("5 in this second"), HasSubstr("✓ succeeded")));
}

TEST(RunDigest, ShowsWhatWentWrongEvenInAFullSecond) {
  RunDigest digest({.lines_max = 10, .alarms_max = 2});
  for (int i = 0; i < 100; ++i) digest.Add(Succeeded(), kStart);
  RunLine lost = Succeeded();
  lost.outcome = task::Outcome::kLost;
  EXPECT_THAT(digest.Add(lost, kStart), ElementsAre(HasSubstr("lost")));
  EXPECT_THAT(digest.Add(lost, kStart), SizeIs(1));
  EXPECT_THAT(digest.Add(lost, kStart), IsEmpty());
  EXPECT_THAT(digest.Advance(kStart + seconds(1)), ElementsAre(HasSubstr("1 lost")));
}

TEST(RunDigest, CutsToTheTerminal) {
  RunDigest digest({.columns = 60});
  RunLine line = Succeeded();
  line.output = std::string(500, 'x');
  const auto lines = digest.Add(line, kStart);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_LE(DisplayWidth(lines[0]), 60);
}

}  // namespace
}  // namespace gophercron::cli
