#include "process/posix/output_capture.h"

#include <gtest/gtest.h>

#include <iostream>

#include "base/random.h"
#include "process/posix/runner_harness.h"

namespace gophercron::process {
namespace {

void ExpectKept(const Output& kept, const std::string& all, std::uint64_t limit) {
  const std::uint64_t head = std::min<std::uint64_t>(all.size(), limit / 4);
  const std::uint64_t tail = std::min<std::uint64_t>(all.size() - head, limit - limit / 4);
  EXPECT_EQ(kept.head, all.substr(0, head));
  EXPECT_EQ(kept.tail, all.substr(all.size() - tail));
  EXPECT_EQ(kept.total_bytes, all.size());
  EXPECT_EQ(kept.dropped_bytes, all.size() - head - tail);
}

TEST(OutputCapture, KeepsTheFirstQuarterAndTheLastThreeQuartersOfAnything) {
  const TempFolder folder;
  const std::uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  SeededRandom random(seed);
  for (const std::uint64_t limit :
       {0u, 1u, 3u, 4u, 7u, 1000u, 262144u, 262145u, 300001u, 1048576u}) {
    for (int round = 0; round < 6; ++round) {
      OutputCapture capture(limit, folder.path());
      std::string all;
      const std::uint64_t pieces = random.Below(12);
      for (std::uint64_t i = 0; i < pieces; ++i) {
        std::string piece(random.Below(limit < 100 ? 9 : limit / 3 + 9), '\0');
        if (random.Below(8) == 0) piece.resize(2 * limit + 5);
        for (char& byte : piece) byte = static_cast<char>(random.Next());
        capture.Append(piece);
        all += piece;
        if (random.Below(3) == 0) ExpectKept(capture.Kept(), all, limit);
      }
      ExpectKept(capture.Kept(), all, limit);
    }
  }
}

TEST(OutputCapture, WithoutAFileItKeepsWhatMemoryMayHoldAndTheCountsAddUp) {
  const std::string nowhere = "/nonexistent/folder";
  OutputCapture capture(1 << 20, nowhere);
  std::string all;
  for (int i = 0; i < 40; ++i) {
    const std::string piece(50'000, static_cast<char>('a' + i % 26));
    capture.Append(piece);
    all += piece;
  }
  ExpectKept(capture.Kept(), all, OutputCapture::kMemoryMax);
}

}  // namespace
}  // namespace gophercron::process
