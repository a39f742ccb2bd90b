// Any bytes as an expression: reading never fails badly, errors point inside the text, and what is
// read fires at strictly later times that it matches.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "cron/explain.h"
#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace {

using gophercron::TickInstant;
using gophercron::cron::Count;
using gophercron::cron::Explain;
using gophercron::cron::Expression;
using gophercron::cron::Language;
using gophercron::cron::Latest;
using gophercron::cron::Next;
using gophercron::cron::Parse;
using gophercron::cron::WallTime;
using gophercron::cron::Zone;

void CheckTicks(const Expression& expression, Zone zone, TickInstant after) {
  const TickInstant start = after;
  for (int i = 0; i < 5; ++i) {
    const auto next = Next(expression, zone, after);
    if (!next) break;
    CHECK(*next > after);
    CHECK(Latest(expression, zone, *next, after) == next);
    CHECK(Latest(expression, zone, *next - std::chrono::seconds(1),
                 after + std::chrono::seconds(1)) == std::nullopt);
    CHECK(Count(expression, zone, start, *next) == static_cast<std::uint64_t>(i) + 1);
    const WallTime wall = zone.ToWall(*next);
    const auto change = zone.NextChange(*next - std::chrono::seconds(1));
    // A tick matches, unless it stands for times that the clocks skipped.
    const bool after_gap = change && change->at == *next && change->IsGap();
    CHECK(after_gap || expression.AtOrAfter(wall) == wall);
    after = *next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 6) return 0;
  static const Zone zones[] = {Zone(), *Zone::Load("America/New_York"),
                               *Zone::Load("Australia/Lord_Howe"), *Zone::Load("Pacific/Apia")};
  std::uint32_t start = 0;
  for (int i = 0; i < 4; ++i) start = start << 8 | data[i];
  const Zone zone = zones[data[4] % std::size(zones)];
  const std::string_view id = data[5] % 2 == 0 ? "" : "4711";
  const std::string_view text(reinterpret_cast<const char*>(data) + 6, size - 6);

  const auto expression = Parse(text, id);
  if (!expression) {
    const auto& field = expression.error().fields.at(0);
    CHECK(field.offset.value() + field.length.value() <= text.size());
    CHECK(!field.message.empty());
    return 0;
  }
  CHECK(!Explain(*expression, Language::kEnglish).empty());
  CHECK(!Explain(*expression, Language::kChinese).empty());
  CheckTicks(*expression, zone, TickInstant(std::chrono::seconds(start)));
  return 0;
}
