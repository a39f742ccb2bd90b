#include "storage/mysql/migrator.h"

#include <fmt/format.h>

#include "base/log.h"
#include "storage/mysql/schema.h"

namespace gophercron::storage::mysql {
namespace {

// A log table with many millions of rows is copied once when its columns change.
constexpr seconds kStepMax = std::chrono::hours(6);
constexpr int kNewest = kMigrations.back().version;
// Names of locks are the server's, not the database's, and have 64 characters at most.
constexpr std::string_view kLock = "CONCAT('gophercron.', LEFT(SHA2(DATABASE(), 256), 32))";

struct Versions {
  int applied = 0;
  int oldest_reader = 0;
};

Result<Versions> Read(Session& session) {
  const auto there = session.Number(
      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
      "table_name = 'gc_schema'");
  if (!there) return std::unexpected(there.error());
  Versions versions;
  if (*there == 0) return versions;
  const Status read =
      session.Query("SELECT version, oldest_reader FROM gc_schema ORDER BY version DESC LIMIT 1",
                    {}, [&](const sql::Row& row) {
                      versions = {static_cast<int>(row.Int(0)), static_cast<int>(row.Int(1))};
                    });
  if (!read) return std::unexpected(read.error());
  return versions;
}

Status TakeLock(Session& session) {
  const auto got = session.Number(
      fmt::format("SELECT GET_LOCK({}, {})", kLock, std::chrono::seconds(kStepMax).count()));
  if (!got) return std::unexpected(got.error());
  if (*got == 1) return {};
  return Fail(ErrorCode::kUnavailable, "another program is still changing the tables");
}

// Runs what of `migration` is not done. `steps_left` counts the changes.
Status Apply(Session& session, const Migration& migration, int* steps_left) {
  for (const Step& step : migration.steps) {
    if (!step.unless.empty()) {
      const auto done = session.Number(step.unless);
      if (!done) return std::unexpected(done.error());
      if (*done != 0) continue;
    }
    if ((*steps_left)-- <= 0) {
      return Fail(ErrorCode::kUnavailable, "the migration was stopped before its end");
    }
    sql::Changes changes;
    if (Status ran = session.Execute(step.statement, {}, &changes); !ran) {
      return Fail(ran.error().code, fmt::format("{}: {}", step.what, ran.error().message));
    }
    if (changes.rows > 0) log::Info("database: {}: {} rows", step.what, changes.rows);
  }
  return session.Exec(fmt::format(
      "INSERT IGNORE INTO gc_schema (version, oldest_reader, applied_at) VALUES ({}, {}, "
      "UNIX_TIMESTAMP())",
      migration.version, migration.oldest_reader));
}

Status Check(const Versions& versions) {
  if (versions.oldest_reader > kNewest) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("the database's tables are of version {} and need a gophercron that "
                            "knows version {}; this one knows {}: install the newer one",
                            versions.applied, versions.oldest_reader, kNewest));
  }
  return {};
}

}  // namespace

Status Migrate(const Options& options, int steps_max) {
  Options patient = options;
  patient.read_timeout = kStepMax + seconds(60);
  auto session = Session::Connect(patient);
  if (!session) return std::unexpected(std::move(session).error());
  auto versions = Read(**session);
  if (!versions) return std::unexpected(versions.error());
  if (versions->applied >= kNewest) return Check(*versions);
  if (!options.migrate) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the tables of the database {} are not up to date: a service that "
                            "uses it brings them there when it starts",
                            options.database));
  }
  if (Status locked = TakeLock(**session); !locked) return locked;
  // The lock ends with this connection, whatever happens.
  versions = Read(**session);
  if (!versions) return std::unexpected(versions.error());
  if (versions->applied >= kNewest) return Check(*versions);
  Status status = (*session)->Exec(
      "CREATE TABLE IF NOT EXISTS gc_schema (version INT NOT NULL PRIMARY KEY, oldest_reader INT "
      "NOT NULL, applied_at BIGINT NOT NULL) " GOPHERCRON_TABLE_KIND);
  int steps_left = steps_max;
  for (const Migration& migration : kMigrations) {
    if (!status) break;
    if (migration.version > versions->applied) {
      status = Apply(**session, migration, &steps_left);
    }
  }
  return status;
}

}  // namespace gophercron::storage::mysql
