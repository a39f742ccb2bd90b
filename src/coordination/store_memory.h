// StoreMemory: which store this machine worked with, and how far that store was. A store that was
// restored from a backup, wiped, or replaced by another one has forgotten marks; running by it
// would run ticks twice. Whoever keeps this on its own disk notices.
//
// Threads: externally synchronised. Remember writes and syncs a small file: a few milliseconds.
#ifndef GOPHERCRON_COORDINATION_STORE_MEMORY_H_
#define GOPHERCRON_COORDINATION_STORE_MEMORY_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "coordination/coordinator.h"

namespace gophercron::coordination {

struct StoreIdentity {
  std::string cluster;    // etcd's cluster id, 16 hex digits; empty: none seen yet
  Revision revision = 0;  // the highest that any answer named
  bool operator==(const StoreIdentity&) const = default;
};

// Why `found`, read linearizably, can not be the store that `known` was; nullopt when it can.
std::optional<std::string> WentBack(const StoreIdentity& known, const StoreIdentity& found);

// "<cluster> <revision>\n".
std::string FormatStoreIdentity(const StoreIdentity& identity);
Result<StoreIdentity> ParseStoreIdentity(std::string_view text);

class StoreMemory {
 public:
  // Reads `path`; a file that is not there yet knows nothing. kCorrupt when it can not be read as
  // what was written: guessing would be wrong in either direction.
  static Result<StoreMemory> Open(std::string path);

  const StoreIdentity& known() const { return known_; }
  // Replaces the file as a whole.
  Status Remember(const StoreIdentity& identity);

 private:
  explicit StoreMemory(std::string path) : path_(std::move(path)) {}

  std::string path_;
  StoreIdentity known_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_STORE_MEMORY_H_
