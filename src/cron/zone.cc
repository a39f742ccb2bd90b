#include "cron/zone.h"

#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "cron/zone_table.h"

namespace gophercron::cron {

namespace {

struct LoadedZone : ZoneTable {
  cctz::time_zone rules;
};

constexpr std::int64_t kNever = std::int64_t{1} << 60;

std::int64_t OffsetOf(const cctz::time_zone& rules, std::int64_t instant) {
  return rules.lookup(TickInstant(seconds(instant))).offset;
}

void FillBuckets(ZoneTable* table) {
  table->buckets.reserve(ZoneTable::kBuckets);
  std::size_t segment = 0;
  for (std::size_t bucket = 0; bucket < ZoneTable::kBuckets; ++bucket) {
    const auto begin =
        ZoneTable::kStart + static_cast<std::int64_t>(bucket << ZoneTable::kBucketBits);
    while (table->segments[segment + 1].start <= begin) ++segment;
    table->buckets.push_back(static_cast<std::uint16_t>(segment));
  }
}

std::unique_ptr<const LoadedZone> MakeZone(std::string name, const cctz::time_zone& rules) {
  auto zone = std::make_unique<LoadedZone>();
  zone->name = std::move(name);
  zone->rules = rules;

  auto& segments = zone->segments;
  std::int64_t instant = ZoneTable::kStart;
  segments.push_back({.start = instant,
                      .first_wall = instant - ZoneTable::kOffsetMax,
                      .offset = OffsetOf(rules, instant)});
  cctz::time_zone::civil_transition transition;
  while (rules.next_transition(TickInstant(seconds(instant)), &transition)) {
    // Only `post` is the instant of the change whichever way the clocks go: `trans` of a repeated
    // hour's beginning is not.
    instant = rules.lookup(transition.to).post.time_since_epoch().count();
    if (instant >= ZoneTable::kEnd) break;
    const ZoneSegment& before = segments.back();
    segments.push_back({.start = instant,
                        .first_wall = std::max(before.first_wall, instant + before.offset),
                        .offset = OffsetOf(rules, instant)});
  }
  segments.push_back({.start = kNever, .first_wall = kNever, .offset = segments.back().offset});
  zone->is_utc = segments.size() == 2 && segments[0].offset == 0;
  FillBuckets(zone.get());
  return zone;
}

// Never destroyed: handles may be used until the process ends.
const LoadedZone* Utc() {
  static const LoadedZone* const utc = MakeZone("UTC", cctz::utc_time_zone()).release();
  return utc;
}

using Cache = std::map<std::string, std::unique_ptr<const LoadedZone>, std::less<>>;
Guarded<Cache>& LoadedZones() {
  static auto* const zones = new Guarded<Cache>;
  return *zones;
}

// Letters, digits and the few signs of zone names: no way out of the folder of zones.
bool IsWellFormed(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '_' || c == '-' || c == '+';
    if (!good) return false;
  }
  return true;
}

// Files beside the zones that are no zones, or count leap seconds.
bool IsPlace(std::string_view name) {
  return name != "localtime" && name != "posixrules" && name != "Factory" &&
         !name.starts_with("posix/") && !name.starts_with("right/");
}

std::filesystem::path ZoneFolder() {
  const char* const folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

// Asked before cctz, which remembers every name that it does not find.
bool HasFile(std::string_view name) {
  std::error_code error;
  return std::filesystem::is_regular_file(ZoneFolder() / name, error);
}

// "europe/berlin" as the tables spell it.
std::string InTitleCase(std::string_view name) {
  std::string title;
  bool first = true;
  for (char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (first && lower) c = static_cast<char>(c - 'a' + 'A');
    if (!first && upper) c = static_cast<char>(c - 'A' + 'a');
    first = !(upper || lower);
    title += c;
  }
  return title;
}

std::unexpected<Error> NoZone(std::string_view name) {
  std::string message;
  if (name.empty() || name == "Local") {
    message = fmt::format(
        "\"{}\" would be another time zone on every machine; name one, such as "
        "Asia/Shanghai or UTC",
        name);
  } else if (!IsWellFormed(name)) {
    message =
        "the time zone's name has characters that no zone has; write a name such as Europe/Berlin";
  } else {
    const std::string title = name == "Asia/Beijing" ? "Asia/Shanghai" : InTitleCase(name);
    message = fmt::format("there is no time zone \"{}\"; ", name);
    message += title != name && IsPlace(title) && HasFile(title)
                   ? fmt::format("write {}", title)
                   : "write the name of a place, such as Asia/Shanghai, America/New_York or UTC";
  }
  return std::unexpected(Error{.code = ErrorCode::kInvalidArgument,
                               .message = message,
                               .fields = {{.field = "zone", .message = message}}});
}

}  // namespace

Zone::Zone() : table_(Utc()) {}

Result<Zone> Zone::Load(std::string_view name) {
  if (name == "UTC") return Zone();
  if (!IsWellFormed(name) || !IsPlace(name)) return NoZone(name);
  return LoadedZones().With([name](Cache& zones) -> Result<Zone> {
    if (const auto known = zones.find(name); known != zones.end()) return Zone(known->second.get());
    cctz::time_zone rules;
    if (!HasFile(name) || !cctz::load_time_zone(std::string(name), &rules)) return NoZone(name);
    const auto added = zones.emplace(std::string(name), MakeZone(std::string(name), rules)).first;
    return Zone(added->second.get());
  });
}

std::string_view Zone::name() const {
  return table_->name;
}

seconds Zone::OffsetAt(TickInstant instant) const {
  const auto count = instant.time_since_epoch().count();
  if (count < ZoneTable::kStart || count >= ZoneTable::kEnd) {
    return seconds(OffsetOf(static_cast<const LoadedZone*>(table_)->rules, count));
  }
  return seconds(table_->At(count)->offset);
}

std::string Zone::AbbreviationAt(TickInstant instant) const {
  return static_cast<const LoadedZone*>(table_)->rules.lookup(instant).abbr;
}

WallTime Zone::ToWall(TickInstant instant) const {
  return WallTime(instant.time_since_epoch() + OffsetAt(instant));
}

TickInstant Zone::FromWall(WallTime wall) const {
  const auto count = wall.time_since_epoch().count();
  if (count - ZoneTable::kOffsetMax < ZoneTable::kStart ||
      count + ZoneTable::kOffsetMax >= ZoneTable::kEnd) {
    const cctz::civil_second civil = cctz::civil_second() + count;
    return cctz::convert(civil, static_cast<const LoadedZone*>(table_)->rules);
  }
  return TickInstant(seconds(table_->AtWall(count)->InstantOf(count)));
}

std::optional<ClockChange> Zone::NextChange(TickInstant after) const {
  const auto count = after.time_since_epoch().count();
  const ZoneSegment* segment =
      count < ZoneTable::kStart ? table_->segments.data() : table_->At(count);
  if (segment[1].start == kNever) return std::nullopt;
  return ClockChange{.at = TickInstant(seconds(segment[1].start)),
                     .offset_before = seconds(segment[0].offset),
                     .offset_after = seconds(segment[1].offset)};
}

std::string MachineZoneName() {
  std::string name;
  if (const char* const tz = std::getenv("TZ"); tz != nullptr && *tz != '\0') {
    name = *tz == ':' ? tz + 1 : tz;
  }
  if (name.empty()) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink("/etc/localtime", error).string();
    constexpr std::string_view kFolder = "zoneinfo/";
    if (const auto at = target.find(kFolder); at != std::string::npos)
      name = target.substr(at + kFolder.size());
  }
  if (name.empty()) std::getline(std::ifstream("/etc/timezone") >> std::ws, name);
  return Zone::Load(name) ? name : "UTC";
}

}  // namespace gophercron::cron
