// Spool: results on the agent's own disk, from the end of a run until the store has them.
//
// A record is durable when Append returns, whatever happens to the process or the machine
// afterwards, and stays until Remove. The file has a quota: over it, the oldest output goes first
// (the record then says so in `dropped_bytes`), and whole records only when there is no output left
// to drop. A record that can not be read back is set aside with its reason and blocks no other.
//
// Threads: any. Calls are short but wait for the disk, so none belongs on a loop.
#ifndef GOPHERCRON_AGENT_SPOOL_H_
#define GOPHERCRON_AGENT_SPOOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "task/run.h"

namespace gophercron::agent {

using SpoolId = std::int64_t;

struct SpooledRecord {
  SpoolId id = 0;  // grows with every record, never used again
  task::LedgerRecord record;
};

struct SpoolState {
  std::int64_t count = 0;         // waiting for delivery
  std::int64_t bytes = 0;         // of everything in the spool, what is set aside included
  std::optional<Instant> oldest;  // when the oldest waiting record was appended
  std::int64_t set_aside = 0;     // refused or unreadable: kept for a person, never delivered
  // Since the spool was opened: given up because of the quota.
  std::int64_t dropped_outputs = 0;
  std::int64_t dropped_records = 0;
};

class Spool {
 public:
  struct Options {
    std::int64_t quota_bytes = 256'000'000;
    // The file never grows beyond this; 0: twice the quota.
    std::int64_t file_bytes_max = 0;
  };

  // Opens or creates the file. A file that is no longer a database is moved aside (its name and
  // ".corrupt") and an empty one begun, with a warning in the log: results that are lost are found
  // as gaps, results that can not be written would stop everything.
  static Result<std::unique_ptr<Spool>> Open(const std::string& path, Options options);
  static Result<std::unique_ptr<Spool>> Open(const std::string& path) { return Open(path, {}); }

  virtual ~Spool() = default;

  // All of them or none, in one synchronous commit: callers append what ended together, together.
  // kResourceExhausted: the disk is full and nothing was written.
  virtual Status Append(std::span<const task::LedgerRecord> records, Instant now) = 0;

  // The oldest waiting records with ids above `after`, ascending: at most `max_records`, and as
  // many as fit `max_bytes`, but always one when there is one.
  virtual Result<std::vector<SpooledRecord>> Peek(std::int64_t max_records, std::int64_t max_bytes,
                                                  SpoolId after = 0) = 0;
  // Delivered. Ids that are not there are no error.
  virtual Status Remove(std::span<const SpoolId> ids) = 0;
  // The store refuses this record for ever: it is no longer waiting.
  virtual Status SetAside(SpoolId id, std::string_view why) = 0;

  virtual SpoolState State() const = 0;
  std::int64_t Bytes() const { return State().bytes; }
  std::int64_t Count() const { return State().count; }
};

}  // namespace gophercron::agent

#endif  // GOPHERCRON_AGENT_SPOOL_H_
