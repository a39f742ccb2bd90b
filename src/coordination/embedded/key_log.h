// KeyLog: the keys of the embedded coordinator on disk, one SQLite file. What was written here and
// only that is true; memory follows.
//
// Threads: one at a time.
#ifndef GOPHERCRON_COORDINATION_EMBEDDED_KEY_LOG_H_
#define GOPHERCRON_COORDINATION_EMBEDDED_KEY_LOG_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/sqlite/sqlite.h"
#include "coordination/key_space.h"

namespace gophercron::coordination {

class KeyLog {
 public:
  // `quota_bytes`: how large the file may grow; 0: as the disk allows.
  static Result<std::unique_ptr<KeyLog>> Open(const std::string& path, std::int64_t quota_bytes);

  // Fills an empty `space` with what is stored. Fails with kCorrupt when it contradicts itself.
  Status Load(KeySpace& space);

  // How often the file was opened for work, this time included: Load counts.
  std::int64_t life() const { return life_; }

  // Makes what `revised` changed durable, as `space` has it now, in one synchronous transaction.
  // Errors: kOutcomeUnknown when the commit itself failed; kResourceExhausted, kUnavailable and
  // kCorrupt when nothing happened.
  Status Write(const KeySpace& space,
               std::span<const std::shared_ptr<const KeySpace::Revised>> revised);

 private:
  explicit KeyLog(std::unique_ptr<SQLite::Database> database);

  std::unique_ptr<SQLite::Database> database_;
  std::int64_t life_ = 0;
  SQLite::Statement put_;
  SQLite::Statement delete_;
  SQLite::Statement set_meta_;
};

}  // namespace gophercron::coordination

#endif  // GOPHERCRON_COORDINATION_EMBEDDED_KEY_LOG_H_
