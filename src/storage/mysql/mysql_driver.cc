#include "storage/mysql/mysql_driver.h"

#include <fmt/format.h>

namespace gophercron::storage::mysql {
namespace {

constexpr int kAttempts = 8;

}  // namespace

// One try on one connection. A connection that lay idle and turns out dead before anything was done
// on it is replaced, once.
Result<MysqlConnection::Outcome> MysqlDriver::Once(Isolation isolation, const Work& work) {
  while (true) {
    auto taken = pool_.Take(isolation);
    if (!taken) return std::unexpected(std::move(taken).error());
    MysqlConnection::Outcome outcome = taken->connection->Transact(isolation, work);
    const bool lost = taken->connection->lost();
    pool_.Give(std::move(taken->connection));
    const bool was_dead = lost && !taken->fresh && outcome.stage == MysqlConnection::Stage::kBegin;
    if (!was_dead) return outcome;
  }
}

Status MysqlDriver::Write(const Work& work) {
  for (int attempt = 1;; ++attempt) {
    auto outcome = Once(Isolation::kReadCommitted, work);
    if (!outcome) return std::unexpected(std::move(outcome).error());
    if (outcome->status) return {};
    if (outcome->collided && attempt < kAttempts) {
      pool_.Pause(attempt);
      continue;
    }
    if (outcome->stage == MysqlConnection::Stage::kCommit && !outcome->collided) {
      return Fail(ErrorCode::kOutcomeUnknown,
                  fmt::format("{}; whether the change was made is not known",
                              outcome->status.error().message));
    }
    return outcome->status;
  }
}

Status MysqlDriver::Read(const Work& work) {
  auto outcome = Once(Isolation::kRepeatableRead, work);
  if (!outcome) return std::unexpected(std::move(outcome).error());
  return outcome->status;
}

}  // namespace gophercron::storage::mysql
