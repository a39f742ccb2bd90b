#include "sim/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gophercron::sim {

namespace {

std::string Listed(const std::set<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return text.empty() ? "*" : text;
}

}  // namespace

std::string Pattern::Cron() const {
  return fmt::format("{} {} * * * * *", Listed(seconds), Listed(minutes));
}

bool Pattern::Matches(TickInstant at) const {
  const std::int64_t unix_seconds = at.time_since_epoch().count();
  return seconds.contains(static_cast<int>(unix_seconds % 60)) &&
         (minutes.empty() || minutes.contains(static_cast<int>(unix_seconds / 60 % 60)));
}

void Evidence::Trace(std::string_view line) {
  for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

bool Evidence::Happened(Happening::What what, std::string_view node, Instant from,
                        Instant to) const {
  return std::ranges::any_of(happenings, [&](const Happening& one) {
    return one.what == what && one.node == node && one.at >= from && one.at <= to;
  });
}

bool Evidence::AnyHappened(Happening::What what) const {
  return std::ranges::any_of(happenings, [&](const Happening& one) { return one.what == what; });
}

}  // namespace gophercron::sim
