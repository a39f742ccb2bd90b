// Ticks against a reference that shares no code with the engine: random sets of numbers, looked up
// one second of the wall after the other, with cctz asked about each.
#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cron/expression.h"
#include "cron/ticks.h"
#include "cron/zone.h"

namespace gophercron::cron {
namespace {

using std::chrono::days;

struct Spec {
  std::set<int> seconds, minutes, hours, days, near_days, months, weekdays, years;
  std::set<std::pair<int, int>> nth;  // weekday, k; k = 0 for the last
  bool last_day = false;
  bool last_workday = false;
  bool any_day = true;
  bool any_weekday = true;
  bool any_year = true;

  std::string Text() const;
  bool MatchesDay(cctz::civil_day day) const;
};

std::string Listed(const std::set<int>& values) {
  if (values.size() > 6)
    return std::to_string(*values.begin()) + "-" + std::to_string(*values.rbegin());
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text;
}

std::string Spec::Text() const {
  std::string day = any_day ? "*" : Listed(days);
  const auto add = [](std::string* to, const std::string& item) {
    *to += (to->empty() ? "" : ",") + item;
  };
  if (!any_day) {
    for (const int near : near_days) add(&day, std::to_string(near) + "W");
    if (last_day) add(&day, "L");
    if (last_workday) add(&day, "lw");
  }
  std::string weekday = any_weekday ? "*" : Listed(weekdays);
  if (!any_weekday) {
    for (const auto& [d, k] : nth) {
      add(&weekday, std::to_string(d) + (k == 0 ? "L" : "#" + std::to_string(k)));
    }
  }
  return Listed(seconds) + " " + Listed(minutes) + " " + Listed(hours) + " " + day + " " +
         Listed(months) + " " + weekday + " " + (any_year ? "*" : Listed(years));
}

int WeekdayOfCivil(cctz::civil_day day) {
  return (static_cast<int>(cctz::get_weekday(day)) + 1) % 7;  // cctz begins on Monday
}

bool IsWorkday(cctz::civil_day day) {
  return WeekdayOfCivil(day) != 0 && WeekdayOfCivil(day) != 6;
}

bool Spec::MatchesDay(cctz::civil_day day) const {
  if (months.count(day.month()) == 0) return false;
  if (!any_year && years.count(static_cast<int>(day.year())) == 0) return false;
  if (any_day && any_weekday) return true;

  const cctz::civil_month month(day);
  const cctz::civil_day last = cctz::civil_day(month + 1) - 1;
  if (!any_day) {
    if (days.count(day.day()) != 0 || (last_day && day == last)) return true;
    cctz::civil_day workday = last;
    while (!IsWorkday(workday)) --workday;
    if (last_workday && day == workday) return true;
    for (const int near : near_days) {
      if (near > last.day()) continue;
      const cctz::civil_day middle(month.year(), month.month(), near);
      for (const int distance : {0, -1, 1, -2, 2}) {
        const cctz::civil_day candidate = middle + distance;
        if (cctz::civil_month(candidate) != month || !IsWorkday(candidate)) continue;
        if (candidate == day) return true;
        break;
      }
    }
  }
  if (!any_weekday) {
    const int weekday = WeekdayOfCivil(day);
    if (weekdays.count(weekday) != 0) return true;
    if (nth.count({weekday, (day.day() - 1) / 7 + 1}) != 0) return true;
    if (nth.count({weekday, 0}) != 0 && day + 7 > last) return true;
  }
  return false;
}

std::set<int> Pick(std::mt19937_64& random, int first, int last, int most) {
  std::set<int> values;
  const int size = last - first + 1;
  if (random() % 3 == 0) {
    for (int value = first; value <= last; ++value) values.insert(value);
    return values;
  }
  for (int i = 0, n = 1 + static_cast<int>(random() % static_cast<unsigned>(most)); i < n; ++i) {
    values.insert(first + static_cast<int>(random() % static_cast<unsigned>(size)));
  }
  return values;
}

Spec RandomSpec(std::mt19937_64& random) {
  Spec spec;
  spec.seconds = random() % 2 == 0 ? std::set<int>{0} : Pick(random, 0, 59, 3);
  spec.minutes = Pick(random, 0, 59, 4);
  spec.hours = Pick(random, 0, 23, 4);
  spec.months = Pick(random, 1, 12, 3);
  spec.any_day = random() % 2 == 0;
  spec.any_weekday = random() % 2 == 0;
  spec.any_year = random() % 8 != 0;
  if (!spec.any_year) spec.years = Pick(random, 1970, 2099, 3);
  if (!spec.any_day) {
    if (random() % 3 == 0) spec.near_days = Pick(random, 1, 31, 2);
    spec.last_day = random() % 4 == 0;
    spec.last_workday = random() % 4 == 0;
    const bool any = !spec.near_days.empty() || spec.last_day || spec.last_workday;
    if (!any || random() % 2 == 0) spec.days = Pick(random, 1, 31, 2);
  }
  if (!spec.any_weekday) {
    if (random() % 2 == 0)
      spec.nth.insert({static_cast<int>(random() % 7), static_cast<int>(random() % 6)});
    if (spec.nth.empty() || random() % 2 == 0) spec.weekdays = Pick(random, 0, 6, 2);
  }
  return spec;
}

// The first tick after `after`, or nullopt when there is none within `horizon` days.
std::optional<TickInstant> Reference(const Spec& spec, const cctz::time_zone& zone,
                                     TickInstant after, int horizon) {
  const bool elapsed = spec.hours.size() == 24;
  const cctz::civil_day from(cctz::convert(after, zone));
  std::optional<TickInstant> best;
  for (cctz::civil_day day = from - 2; day < from + horizon; ++day) {
    if (day.year() < 1970 || day.year() > 2099 || !spec.MatchesDay(day)) continue;
    for (const int hour : spec.hours) {
      for (const int minute : spec.minutes) {
        for (const int second : spec.seconds) {
          const cctz::civil_second wall(day.year(), day.month(), day.day(), hour, minute, second);
          const auto found = zone.lookup(wall);
          using Civil = cctz::time_zone::civil_lookup;
          std::vector<TickInstant> instants;
          if (found.kind == Civil::UNIQUE) {
            instants = {found.pre};
          } else if (found.kind == Civil::REPEATED) {
            instants = {found.pre};
            if (elapsed) instants.push_back(found.post);
          } else if (!elapsed) {
            instants = {found.trans};
          }
          for (const TickInstant instant : instants) {
            if (instant > after && (!best || instant < *best)) best = instant;
          }
        }
      }
    }
    // A later day can not come before this one by more than a day's change of the clocks.
    if (best && cctz::civil_day(cctz::convert(*best, zone)) + 2 < day) break;
  }
  return best;
}

std::uint64_t Seed() {
  const char* const given = std::getenv("GOPHERCRON_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  std::cout << "GOPHERCRON_TEST_SEED=" << seed << "\n";
  return seed;
}

constexpr const char* kZones[] = {"UTC",
                                  "America/New_York",
                                  "Europe/Berlin",
                                  "Europe/Dublin",
                                  "Australia/Lord_Howe",
                                  "Pacific/Apia",
                                  "America/Sao_Paulo",
                                  "Pacific/Chatham",
                                  "America/Asuncion",
                                  "Asia/Shanghai",
                                  "Africa/Casablanca",
                                  "America/Caracas",
                                  "Antarctica/Troll",
                                  "Asia/Gaza",
                                  "Pacific/Kwajalein"};

// Half of the starts are near a change of the clocks, where engines differ.
TickInstant RandomStart(std::mt19937_64& random, Zone zone) {
  const TickInstant start(seconds(static_cast<std::int64_t>(random() % 4'100'000'000)));
  const auto change = random() % 2 == 0 ? zone.NextChange(start) : std::nullopt;
  if (!change) return start;
  return change->at - days(1) + seconds(static_cast<std::int64_t>(random() % 129'600));
}

TEST(Reference, NextAgrees) {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 3000; ++round) {
    const Spec spec = RandomSpec(random);
    const auto expression = Parse(spec.Text());
    ASSERT_TRUE(expression) << expression.error().message;
    const char* const name = kZones[random() % std::size(kZones)];
    const Zone zone = *Zone::Load(name);
    cctz::time_zone rules;
    ASSERT_TRUE(cctz::load_time_zone(name, &rules));
    const TickInstant start = RandomStart(random, zone);

    constexpr int kHorizon = 40;
    const auto expected = Reference(spec, rules, start, kHorizon);
    const auto actual = Next(*expression, zone, start);
    const std::string where = spec.Text() + " in " + name + " after " + FormatRfc3339(start);
    if (expected) {
      ASSERT_TRUE(actual) << where;
      ASSERT_EQ(FormatRfc3339(*actual), FormatRfc3339(*expected)) << where;
    } else if (actual) {
      ASSERT_GT(*actual, start + days(kHorizon - 2)) << where;
    }
  }
}

TEST(Reference, LatestAndCountAgreeWithStepping) {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 3000; ++round) {
    const Expression expression = *Parse(RandomSpec(random).Text());
    const Zone zone = *Zone::Load(kZones[random() % std::size(kZones)]);
    const TickInstant start = RandomStart(random, zone);
    TickInstant end = start + seconds(static_cast<std::int64_t>(random() % 126'000'000));
    if (Count(expression, zone, start, end) > 50'000) end = start + (end - start) / 10'000;
    const auto ticks = Between(expression, zone, start, end, 60'000);
    const std::string where = std::string(zone.name()) + " " + FormatRfc3339(start) + " to " +
                              FormatRfc3339(end) + " round " + std::to_string(round);
    ASSERT_TRUE(std::ranges::is_sorted(ticks, std::less_equal<>())) << where;
    ASSERT_EQ(Count(expression, zone, start, end), ticks.size()) << where;
    const auto latest = Latest(expression, zone, end, start + seconds(1));
    if (ticks.empty()) {
      ASSERT_FALSE(latest) << where;
    } else {
      ASSERT_EQ(latest, ticks.back()) << where;
    }
  }
}

}  // namespace
}  // namespace gophercron::cron
