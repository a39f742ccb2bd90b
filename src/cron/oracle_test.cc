// The recorded behaviour of the engine that GopherCron v1 uses, row by row: testdata/cron.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/time.h"
#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace gophercron::cron {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string Unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text.at(++i) == 'x') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : text[i];
    }
  }
  return out;
}

std::vector<std::vector<std::string>> Rows(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) rows.push_back(Split(line, '\t'));
  return rows;
}

// The next ticks as the corpus writes them: as many as `like` has, "ZERO" for none, "ERR" for no
// expression.
std::string Ticks(const std::string& text, const std::string& zone_name, const std::string& start,
                  std::size_t most) {
  const auto expression = Parse(text);
  if (!expression) return "ERR";
  const auto zone = Zone::Load(zone_name);
  if (!zone) return zone.error().message;
  auto after = ParseRfc3339(start);
  if (!after) return after.error().message;
  std::string ticks;
  for (std::size_t i = 0; i < most; ++i) {
    const auto next = Next(*expression, *zone, *after);
    if (!ticks.empty()) ticks += ',';
    if (!next) return ticks + "ZERO";
    ticks += FormatRfc3339(*next, zone->OffsetAt(*next));
    after = *next;
  }
  return ticks;
}

enum Column { kExpr, kZone, kStart, kStatus, kNexts, kComment, kInstant, kOnce, kOnceGapEnd };

TEST(Oracle, EveryPublicRow) {
  const auto rows = Rows("testdata/cron/cron-oracle-public.tsv");
  ASSERT_EQ(rows.size(), 4631u);
  int exact = 0;
  int refused = 0;
  int by_policy = 0;
  int lenient = 0;
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 9u);
    const std::string text = Unescape(row[kExpr]);
    const std::string where =
        fmt::format("\"{}\" in {} from {}", row[kExpr], row[kZone], row[kStart]);
    const std::string& comment = row[kComment];
    if (row[kStatus] == "ERR") {
      EXPECT_FALSE(Parse(text)) << where;
      ++refused;
      continue;
    }
    const std::string expected = row[kOnceGapEnd] == "=" ? row[kNexts] : row[kOnceGapEnd];
    const std::string actual = Ticks(text, row[kZone], row[kStart], Split(expected, ',').size());
    const bool quirk_only = comment.find("QUIRK") != std::string::npos;
    if (quirk_only && actual == "ERR" && expected != "ERR") {
      ++lenient;
      continue;
    }
    EXPECT_EQ(actual, expected) << where << " (" << comment << ")";
    ++(comment.empty() ? exact : by_policy);
  }
  RecordProperty("exact", exact);
  EXPECT_EQ(exact, 3610);
  EXPECT_GT(refused, 400);
  EXPECT_GT(by_policy, 400);
  // Only the letter that no keyboard types: U+0130 in "FRİ".
  EXPECT_EQ(lenient, 6);
}

TEST(Oracle, EveryUpstreamRow) {
  const auto rows = Rows("testdata/cron/cron-oracle-upstream.tsv");
  ASSERT_EQ(rows.size(), 72u);
  for (const auto& row : rows) {
    const std::string& kind = row[0];
    const std::string where = row[0] + " " + row[1] + " " + row[2];
    if (kind == "parse-error") {
      EXPECT_FALSE(Parse(row[1])) << where;
    } else if (row[2] == "ZERO-TIME-INPUT") {
      // The zero time of Go is the year 1, from where this engine finds 2099; nobody asks it that.
      EXPECT_TRUE(Parse(row[1])) << where;
    } else if (row[3] == "NONZERO") {
      EXPECT_NE(Ticks(row[1], "UTC", row[2], 1), "ZERO") << where;
    } else {
      EXPECT_EQ(Ticks(row[1], "UTC", row[2], Split(row[3], ',').size()), row[3]) << where;
    }
  }
}

}  // namespace
}  // namespace gophercron::cron
