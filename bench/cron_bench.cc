// USES: cron cctz
//
// What the engine costs, as a multiple of one conversion of an instant to wall time by cctz (New
// York, the same random instants), measured in the same run. Machines differ, the ratios hardly do.
//   next/utc    Next in UTC, 22 kinds of expression mixed, random starts       target 1.5
//   next/zone   the same in America/New_York                                   target 2.5
//   parse       Parse, the same 22 texts mixed                                 target 8
//   and, without a target: each kind alone, ticks counted over a year, and the worst of 20,000
//   random texts.
// Each figure is the best of several rounds: what the work costs when nobody disturbs it.
#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace {

using gophercron::TickInstant;
using gophercron::cron::Count;
using gophercron::cron::Expression;
using gophercron::cron::Next;
using gophercron::cron::Parse;
using gophercron::cron::Zone;
using std::chrono::seconds;

struct Kind {
  std::string_view name;
  std::string_view text;
};
constexpr Kind kKinds[] = {
    {"every_sec", "* * * * * * *"},    {"every_5s", "*/5 * * * * * *"},
    {"every_min", "* * * * *"},        {"every_5min", "*/5 * * * *"},
    {"hourly", "0 * * * *"},           {"work_hours", "*/10 9-17 * * 1-5"},
    {"daily_3am", "0 3 * * *"},        {"weekdays_930", "30 9 * * 1-5"},
    {"weekly", "0 0 * * 0"},           {"monthly_1st", "0 0 1 * *"},
    {"dom_or_dow", "0 0 13 * 5"},      {"day31", "0 0 31 * *"},
    {"quarterly", "0 0 1 1,4,7,10 *"}, {"yearly", "0 0 1 1 *"},
    {"dec31", "59 23 31 12 *"},        {"leap_day", "0 0 29 2 *"},
    {"last_dom", "0 0 L * *"},         {"last_workday", "0 0 LW * *"},
    {"near_15W", "0 0 15W * *"},       {"last_fri", "0 0 * * 5L"},
    {"2nd_wed", "0 0 * * 3#2"},        {"year_2040", "0 0 1 1 * 2040"},
};

constexpr std::size_t kCalls = 1 << 16;
constexpr int kRounds = 15;

volatile std::int64_t sink;

// Nanoseconds of one call of work(i), i = 0 .. kCalls - 1, in the best round.
template <class Work>
double Nanoseconds(const Work& work) {
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    std::int64_t sum = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kCalls; ++i) sum += work(i);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    sink = sum;
    best = std::min(best, took.count() / static_cast<double>(kCalls));
  }
  return best;
}

std::int64_t ValueOf(std::optional<TickInstant> tick) {
  return tick ? tick->time_since_epoch().count() : 0;
}

void Print(std::string_view name, double ns, double conversion, double target = 0) {
  fmt::print("{:<24}{:>10.1f} ns{:>9.2f} x", name, ns, ns / conversion);
  if (target > 0)
    fmt::print("   target {:.1f}  {}", target, ns / conversion <= target ? "met" : "NOT MET");
  fmt::print("\n");
}

std::string RandomText(std::mt19937_64& random) {
  constexpr std::string_view kAlphabet = "0123456789*/-,?LW#  ,,HAFRISUN@()";
  std::string text;
  const auto length = random() % 256 + 1;
  while (text.size() < length) text += kAlphabet[random() % kAlphabet.size()];
  return text;
}

// Expressions with as many list items as fit: what a person who means harm would send.
std::string HeavyText(std::mt19937_64& random) {
  std::string text = "* * ";
  const auto day = [&] { return std::to_string(random() % 3 + 29); };
  text += day() + "W";
  while (text.size() < 220) text += "," + day() + "W";
  return text + " 2,4,6,9,11 5#5";
}

double WorstMicroseconds(Zone zone, std::mt19937_64& random) {
  double worst = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = i % 4 == 0 ? HeavyText(random) : RandomText(random);
    double best = std::numeric_limits<double>::max();
    for (int again = 0; again < 3; ++again) {
      const auto begin = std::chrono::steady_clock::now();
      const auto expression = Parse(text, "id");
      if (expression) sink = ValueOf(Next(*expression, zone, TickInstant(seconds(0))));
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      best = std::min(best, took.count());
    }
    worst = std::max(worst, best);
  }
  return worst;
}

}  // namespace

int main() {
  constexpr std::uint64_t kSeed = 20240229;
  std::mt19937_64 random(kSeed);
  const Zone utc;
  const Zone new_york = *Zone::Load("America/New_York");
  cctz::time_zone cctz_new_york;
  cctz::load_time_zone("America/New_York", &cctz_new_york);

  std::vector<Expression> expressions;
  for (const Kind& kind : kKinds) expressions.push_back(*Parse(kind.text));
  std::vector<TickInstant> starts;
  std::vector<std::size_t> kinds;
  for (std::size_t i = 0; i < kCalls; ++i) {
    starts.emplace_back(seconds(946'684'800 + static_cast<std::int64_t>(random() % 1'100'000'000)));
    kinds.push_back(random() % std::size(kKinds));
  }

  const double conversion = Nanoseconds([&](std::size_t i) {
    const TickInstant in_summer(seconds(1'750'000'000 + static_cast<std::int64_t>(i * 97)));
    return cctz_new_york.lookup(in_summer).cs.second();
  });
  fmt::print("seed {}; an Expression is {} bytes\n", kSeed, sizeof(Expression));
  Print("cctz conversion", conversion, conversion);
  Print("next/utc mixed", Nanoseconds([&](std::size_t i) {
          return ValueOf(Next(expressions[kinds[i]], utc, starts[i]));
        }),
        conversion, 1.5);
  Print("next/zone mixed", Nanoseconds([&](std::size_t i) {
          return ValueOf(Next(expressions[kinds[i]], new_york, starts[i]));
        }),
        conversion, 2.5);
  Print("parse mixed", Nanoseconds([&](std::size_t i) {
          return static_cast<std::int64_t>(Parse(kKinds[kinds[i]].text)->fields().minutes);
        }),
        conversion, 8);

  for (std::size_t k = 0; k < expressions.size(); ++k) {
    Print(fmt::format("next/utc {}", kKinds[k].name),
          Nanoseconds([&](std::size_t i) { return ValueOf(Next(expressions[k], utc, starts[i])); }),
          conversion);
    Print(fmt::format("next/zone {}", kKinds[k].name), Nanoseconds([&](std::size_t i) {
            return ValueOf(Next(expressions[k], new_york, starts[i]));
          }),
          conversion);
    Print(fmt::format("parse {}", kKinds[k].name), Nanoseconds([&](std::size_t) {
            return static_cast<std::int64_t>(Parse(kKinds[k].text)->fields().minutes);
          }),
          conversion);
  }

  const Expression never = *Parse("0 0 30 2 *");
  Print("next/zone never",
        Nanoseconds([&](std::size_t i) { return ValueOf(Next(never, new_york, starts[i])); }),
        conversion);
  Print("count a year, zone", Nanoseconds([&](std::size_t i) {
          return static_cast<std::int64_t>(Count(expressions[kinds[i]], new_york, starts[i],
                                                 starts[i] + std::chrono::days(365)));
        }),
        conversion);
  fmt::print("worst random text, parse and next: {:.1f} us\n", WorstMicroseconds(new_york, random));
  return 0;
}
