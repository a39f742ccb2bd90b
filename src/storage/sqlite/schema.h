// The tables in SQLite, as numbered migrations: never edited once released, only added to.
// docs/data.md says what each column means.
#ifndef GOPHERCRON_STORAGE_SQLITE_SCHEMA_H_
#define GOPHERCRON_STORAGE_SQLITE_SCHEMA_H_

#include <array>
#include <string_view>

namespace gophercron::storage {

inline constexpr std::string_view kSchema1 = R"sql(
CREATE TABLE gc_user (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  permission TEXT NOT NULL,
  account TEXT NOT NULL UNIQUE,
  password TEXT NOT NULL,
  salt TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  session_epoch INTEGER NOT NULL DEFAULT 0,
  must_change_password INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE gc_project (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid INTEGER NOT NULL,
  title TEXT NOT NULL UNIQUE,
  remark TEXT NOT NULL,
  create_time INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX gc_project_uid ON gc_project (uid);

CREATE TABLE gc_project_relevance (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid INTEGER NOT NULL,
  project_id INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  role TEXT NOT NULL DEFAULT 'editor',
  UNIQUE (project_id, uid)
);
CREATE INDEX gc_project_relevance_uid ON gc_project_relevance (uid);

CREATE TABLE gc_api_token (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL UNIQUE,
  uid INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER
) WITHOUT ROWID;
CREATE INDEX gc_api_token_uid ON gc_api_token (uid);

CREATE TABLE gc_sign_in_code (
  code_sha256 TEXT PRIMARY KEY,
  uid INTEGER NOT NULL,
  expires_us INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE gc_setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each task that the ledger knows: what the other tables call `task`.
-- doomed: 0, or its own id once its history is to be removed.
CREATE TABLE gc_ledger_task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project_id INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  doomed INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER,
  oldest_at INTEGER,
  pruned_at INTEGER,
  row_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project_id, task_id, doomed)
);

-- What many runs of a task have in common, once.
CREATE TABLE gc_run_context (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  run_count INTEGER NOT NULL,
  task_name TEXT NOT NULL,
  command TEXT NOT NULL,
  task_revision INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  node_address TEXT NOT NULL,
  UNIQUE (task, digest)
);

CREATE TABLE gc_run (
  run_id TEXT PRIMARY KEY,
  project_id INTEGER NOT NULL,
  task INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  planned INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  after_at INTEGER,
  cause INTEGER NOT NULL,
  context INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  claimed_us INTEGER NOT NULL,
  started_us INTEGER,
  ended_us INTEGER,
  detail TEXT,
  exit_code INTEGER,
  signal INTEGER,
  core_dumped INTEGER,
  requested_by TEXT,
  killed_by TEXT,
  output_bytes INTEGER,
  dropped_bytes INTEGER,
  cpu_us INTEGER,
  memory_max_kib INTEGER
) WITHOUT ROWID;
-- Covers counting and paging of one task.
CREATE INDEX gc_run_task ON gc_run (task, at, attempt, run_id, planned, outcome, reason);
CREATE INDEX gc_run_project ON gc_run (project_id, outcome, run_id);

CREATE TABLE gc_run_output (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL,
  head BLOB,
  tail BLOB
);

CREATE TABLE gc_outcome_span (
  task INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  tick_count INTEGER NOT NULL,
  after_at INTEGER,
  outcome INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  detail TEXT,
  node_id TEXT NOT NULL,
  recorded_us INTEGER NOT NULL,
  PRIMARY KEY (task, first_at)
) WITHOUT ROWID;

-- Rows of the ledger whose predecessor was not there when they came.
CREATE TABLE gc_ledger_gap (
  task INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  after_at INTEGER NOT NULL,
  PRIMARY KEY (task, first_at)
) WITHOUT ROWID;

-- Running totals; name 'output_bytes'.
CREATE TABLE gc_ledger_total (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO gc_ledger_total VALUES ('output_bytes', 0);
)sql";

inline constexpr std::string_view kSchema2 = R"sql(
CREATE TABLE gc_ended_session (
  id TEXT PRIMARY KEY,
  uid INTEGER NOT NULL,
  expires_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX gc_ended_session_expires ON gc_ended_session (expires_us);
)sql";

// What a token is good for: a role and a comma list of projects; null where nothing bounds it.
inline constexpr std::string_view kSchema3 = R"sql(
ALTER TABLE gc_api_token ADD COLUMN role TEXT;
ALTER TABLE gc_api_token ADD COLUMN projects TEXT;
)sql";

inline constexpr std::array<std::string_view, 3> kSchema = {kSchema1, kSchema2, kSchema3};

}  // namespace gophercron::storage

#endif  // GOPHERCRON_STORAGE_SQLITE_SCHEMA_H_
