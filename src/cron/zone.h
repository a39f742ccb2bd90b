// Zone: a time zone by its IANA name, with every change of its clocks from 1970 to 2099 laid out in
// a table, so that a conversion costs a few nanoseconds.
//
// A Zone is a handle to a table that lives as long as the process: copy it freely, use it from any
// thread. The rules are those of the machine's tzdata when the zone was first loaded.
#ifndef GOPHERCRON_CRON_ZONE_H_
#define GOPHERCRON_CRON_ZONE_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "cron/expression.h"

namespace gophercron::cron {

struct ZoneTable;

// One change of a zone's clocks: of their offset from UTC, or only of its name.
struct ClockChange {
  TickInstant at;
  seconds offset_before;
  seconds offset_after;

  // Wall times that do not happen (clocks go forward) or happen twice (clocks go back).
  bool IsGap() const { return offset_after > offset_before; }
  bool IsRepeat() const { return offset_after < offset_before; }
};

class Zone {
 public:
  // UTC, which needs no tzdata.
  Zone();

  // The zone named `name`, such as "Europe/Berlin" or "UTC". Reads tzdata at the first call for a
  // name, and keeps what it read. kInvalidArgument when there is no such zone. An empty name and
  // "Local" are refused: they would mean another zone on another machine. Whoever has a default
  // puts its name here.
  static Result<Zone> Load(std::string_view name);

  std::string_view name() const;

  seconds OffsetAt(TickInstant instant) const;
  // "CEST", "+0330".
  std::string AbbreviationAt(TickInstant instant) const;
  // Dates and times as a clock on the wall shows them.
  WallTime ToWall(TickInstant instant) const;
  // The instant at which the wall shows `wall`: the first one where it shows it twice, and the
  // first instant after the gap where it never does.
  TickInstant FromWall(WallTime wall) const;
  // The first change after `after`, to the end of 2099.
  std::optional<ClockChange> NextChange(TickInstant after) const;

  const ZoneTable& table() const { return *table_; }

  // By name: "UTC" and "Etc/UTC" differ.
  friend bool operator==(Zone a, Zone b) { return a.table_ == b.table_; }

 private:
  explicit Zone(const ZoneTable* table) : table_(table) {}

  const ZoneTable* table_;
};

// The IANA name of this machine's zone: from the environment variable TZ, else from /etc/localtime,
// else /etc/timezone; "UTC" when they name none that loads.
std::string MachineZoneName();

}  // namespace gophercron::cron

#endif  // GOPHERCRON_CRON_ZONE_H_
