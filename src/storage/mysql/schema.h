// The tables in MySQL and MariaDB, as numbered migrations of steps: never edited once released,
// only added to. docs/data.md says what each column means.
//
// MySQL commits every DDL statement by itself, so a migration may stop after any step and is begun
// anew: a step is skipped when its `unless` finds a row, or may run any number of times. One ALTER
// TABLE happens as a whole or not at all, so one of its columns or indexes tells about all of it.
#ifndef GOPHERCRON_STORAGE_MYSQL_SCHEMA_H_
#define GOPHERCRON_STORAGE_MYSQL_SCHEMA_H_

#include <array>
#include <span>
#include <string_view>

namespace gophercron::storage::mysql {

struct Step {
  std::string_view what;    // for the log, in the present participle
  std::string_view unless;  // a query; empty: the statement does no harm a second time
  std::string_view statement;
};

struct Migration {
  int version;
  // Programs whose newest migration is this one or later can work with the tables afterwards.
  int oldest_reader;
  std::span<const Step> steps;
};

#define GOPHERCRON_HAS_COLUMN(table, column)                                      \
  "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND " \
  "table_name = '" table "' AND column_name = '" column "'"
#define GOPHERCRON_HAS_INDEX(table, index)                                           \
  "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND " \
  "table_name = '" table "' AND index_name = '" index "' LIMIT 1"
// An old table may be of another engine, row format and character set. Texts compare as bytes, in
// every store alike.
#define GOPHERCRON_TABLE_KIND \
  "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
#define GOPHERCRON_NAME "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"
#define GOPHERCRON_LONG_TEXT "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL"

inline constexpr std::array kMigration1 = {
    // GopherCron v1's tables, as it makes them. Where they are there already nothing happens.
    Step{"making gc_user", "",
         "CREATE TABLE IF NOT EXISTS gc_user (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
         "name VARCHAR(100) NOT NULL, permission VARCHAR(100) NOT NULL, account VARCHAR(100) NOT "
         "NULL, password VARCHAR(255) NOT NULL, salt VARCHAR(6) NOT NULL, create_time BIGINT NOT "
         "NULL, KEY name (name), KEY account (account)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_project", "",
         "CREATE TABLE IF NOT EXISTS gc_project (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
         "uid BIGINT NOT NULL, title VARCHAR(100) NOT NULL, remark VARCHAR(255) NOT NULL, KEY uid "
         "(uid), KEY title (title)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_project_relevance", "",
         "CREATE TABLE IF NOT EXISTS gc_project_relevance (id BIGINT NOT NULL AUTO_INCREMENT "
         "PRIMARY KEY, uid BIGINT NOT NULL, project_id BIGINT NOT NULL, create_time BIGINT NOT "
         "NULL, KEY uid (uid), KEY project_id (project_id)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_task_log", "",
         "CREATE TABLE IF NOT EXISTS gc_task_log (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
         "project_id BIGINT NOT NULL, task_id BIGINT NOT NULL, project VARCHAR(100) NOT NULL, name "
         "VARCHAR(100) NOT NULL, result VARCHAR(20) NOT NULL, start_time BIGINT NOT NULL, end_time "
         "BIGINT NOT NULL, command VARCHAR(255) NOT NULL, with_error INT NOT NULL, client_ip "
         "VARCHAR(20) NOT NULL, KEY project_id (project_id), KEY task_id (task_id), KEY name "
         "(name), KEY client_ip (client_ip)) " GOPHERCRON_TABLE_KIND},

    Step{"widening gc_user", GOPHERCRON_HAS_COLUMN("gc_user", "session_epoch"),
         "ALTER TABLE gc_user " GOPHERCRON_TABLE_KIND ", MODIFY name " GOPHERCRON_NAME
         ", MODIFY permission " GOPHERCRON_NAME ", MODIFY account " GOPHERCRON_NAME
         ", MODIFY password " GOPHERCRON_NAME ", MODIFY salt " GOPHERCRON_NAME
         ", ADD session_epoch BIGINT NOT NULL DEFAULT 0, ADD must_change_password TINYINT NOT NULL "
         "DEFAULT 0"},
    // v1 checks names by reading before it writes, so there are doubles. Of two users with one
    // account only the first could ever log in.
    Step{"renaming users whose account is another's too", "",
         "UPDATE gc_user u JOIN (SELECT account, MIN(id) AS first_id FROM gc_user GROUP BY account "
         "HAVING COUNT(*) > 1) d ON u.account = d.account AND u.id <> d.first_id SET u.account = "
         "CONCAT(u.account, '#', u.id)"},
    Step{"making accounts unique", GOPHERCRON_HAS_INDEX("gc_user", "gc_user_account"),
         "ALTER TABLE gc_user ADD UNIQUE KEY gc_user_account (account)"},

    Step{"widening gc_project", GOPHERCRON_HAS_COLUMN("gc_project", "create_time"),
         "ALTER TABLE gc_project " GOPHERCRON_TABLE_KIND ", MODIFY title " GOPHERCRON_NAME
         ", MODIFY remark " GOPHERCRON_LONG_TEXT ", ADD create_time BIGINT NOT NULL DEFAULT 0"},
    Step{"renaming projects whose title is another's too", "",
         "UPDATE gc_project p JOIN (SELECT title, MIN(id) AS first_id FROM gc_project GROUP BY "
         "title HAVING COUNT(*) > 1) d ON p.title = d.title AND p.id <> d.first_id SET p.title = "
         "CONCAT(p.title, ' #', p.id)"},
    Step{"making titles unique", GOPHERCRON_HAS_INDEX("gc_project", "gc_project_title"),
         "ALTER TABLE gc_project ADD UNIQUE KEY gc_project_title (title)"},

    Step{"widening gc_project_relevance", GOPHERCRON_HAS_COLUMN("gc_project_relevance", "role"),
         "ALTER TABLE gc_project_relevance " GOPHERCRON_TABLE_KIND ", ADD role " GOPHERCRON_NAME
         " DEFAULT 'editor'"},
    // Ids can come again after a server's restart, and nobody may inherit a membership.
    Step{"removing memberships of projects and users that are gone", "",
         "DELETE r FROM gc_project_relevance r LEFT JOIN gc_project p ON p.id = r.project_id LEFT "
         "JOIN gc_user u ON u.id = r.uid WHERE p.id IS NULL OR u.id IS NULL"},
    Step{"removing second memberships of one user in one project", "",
         "DELETE r FROM gc_project_relevance r JOIN gc_project_relevance k ON k.uid = r.uid AND "
         "k.project_id = r.project_id AND k.id < r.id"},
    Step{"making memberships unique",
         GOPHERCRON_HAS_INDEX("gc_project_relevance", "gc_project_relevance_member"),
         "ALTER TABLE gc_project_relevance ADD UNIQUE KEY gc_project_relevance_member (project_id, "
         "uid)"},
    Step{"making creators owners", "",
         "UPDATE gc_project_relevance r JOIN gc_project p ON p.id = r.project_id AND p.uid = r.uid "
         "SET r.role = 'owner'"},

    // v1's agents go on writing here while they are there: in a column that is wide enough now.
    Step{"widening gc_task_log", GOPHERCRON_HAS_INDEX("gc_task_log", "gc_task_log_start"),
         "ALTER TABLE gc_task_log " GOPHERCRON_TABLE_KIND ", MODIFY task_id " GOPHERCRON_NAME
         ", MODIFY project " GOPHERCRON_NAME ", MODIFY name " GOPHERCRON_NAME
         ", MODIFY result " GOPHERCRON_LONG_TEXT ", MODIFY command " GOPHERCRON_LONG_TEXT
         ", MODIFY client_ip " GOPHERCRON_NAME
         ", ADD KEY gc_task_log_task (project_id, task_id, id), ADD KEY gc_task_log_start "
         "(start_time)"},

    Step{"making gc_api_token", "",
         "CREATE TABLE IF NOT EXISTS gc_api_token (id VARBINARY(64) NOT NULL PRIMARY KEY, "
         "secret_sha256 VARBINARY(64) NOT NULL, uid BIGINT NOT NULL, name VARCHAR(255) NOT NULL, "
         "created_us BIGINT NOT NULL, expires_us BIGINT NULL, UNIQUE KEY gc_api_token_secret "
         "(secret_sha256), KEY gc_api_token_uid (uid)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_sign_in_code", "",
         "CREATE TABLE IF NOT EXISTS gc_sign_in_code (code_sha256 VARBINARY(64) NOT NULL PRIMARY "
         "KEY, uid BIGINT NOT NULL, expires_us BIGINT NOT NULL) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_setting", "",
         "CREATE TABLE IF NOT EXISTS gc_setting (name VARBINARY(255) NOT NULL PRIMARY KEY, value "
         "MEDIUMTEXT NOT NULL) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_ledger_task", "",
         "CREATE TABLE IF NOT EXISTS gc_ledger_task (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY "
         "KEY, project_id BIGINT NOT NULL, task_id VARBINARY(255) NOT NULL, doomed BIGINT NOT NULL "
         "DEFAULT 0, last_at BIGINT NULL, oldest_at BIGINT NULL, pruned_at BIGINT NULL, row_count "
         "BIGINT NOT NULL DEFAULT 0, UNIQUE KEY gc_ledger_task_key (project_id, task_id, "
         "doomed)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_run_context", "",
         "CREATE TABLE IF NOT EXISTS gc_run_context (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY "
         "KEY, task BIGINT NOT NULL, digest BIGINT NOT NULL, run_count BIGINT NOT NULL, task_name "
         "TEXT NOT NULL, command MEDIUMTEXT NOT NULL, task_revision BIGINT NOT NULL, node_id "
         "VARBINARY(255) NOT NULL, node_address VARCHAR(255) NOT NULL, UNIQUE KEY "
         "gc_run_context_digest (task, digest)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_run", "",
         "CREATE TABLE IF NOT EXISTS gc_run (run_id VARBINARY(64) NOT NULL PRIMARY KEY, project_id "
         "BIGINT NOT NULL, task BIGINT NOT NULL, at BIGINT NOT NULL, attempt INT NOT NULL, planned "
         "TINYINT NOT NULL, outcome TINYINT NOT NULL, reason TINYINT NOT NULL, after_at BIGINT "
         "NULL, cause TINYINT NOT NULL, context BIGINT NOT NULL, fence BIGINT NOT NULL, claimed_us "
         "BIGINT NOT NULL, started_us BIGINT NULL, ended_us BIGINT NULL, detail MEDIUMTEXT NULL, "
         "exit_code INT NULL, \"signal\" INT NULL, core_dumped TINYINT NULL, requested_by "
         "VARCHAR(255) NULL, killed_by VARCHAR(255) NULL, output_bytes BIGINT NULL, dropped_bytes "
         "BIGINT NULL, cpu_us BIGINT NULL, memory_max_kib BIGINT NULL, KEY gc_run_task (task, at, "
         "attempt, run_id, planned, outcome, reason), KEY gc_run_project (project_id, outcome, "
         "run_id)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_run_output", "",
         "CREATE TABLE IF NOT EXISTS gc_run_output (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
         "run_id VARBINARY(64) NOT NULL, bytes BIGINT NOT NULL, head LONGBLOB NULL, tail LONGBLOB "
         "NULL, UNIQUE KEY gc_run_output_run (run_id)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_outcome_span", "",
         "CREATE TABLE IF NOT EXISTS gc_outcome_span (task BIGINT NOT NULL, first_at BIGINT NOT "
         "NULL, last_at BIGINT NOT NULL, tick_count BIGINT NOT NULL, after_at BIGINT NULL, outcome "
         "TINYINT NOT NULL, reason TINYINT NOT NULL, detail MEDIUMTEXT NULL, node_id "
         "VARBINARY(255) NOT NULL, recorded_us BIGINT NOT NULL, PRIMARY KEY (task, "
         "first_at)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_ledger_gap", "",
         "CREATE TABLE IF NOT EXISTS gc_ledger_gap (task BIGINT NOT NULL, first_at BIGINT NOT "
         "NULL, after_at BIGINT NOT NULL, PRIMARY KEY (task, first_at)) " GOPHERCRON_TABLE_KIND},
    Step{"making gc_ledger_total", "",
         "CREATE TABLE IF NOT EXISTS gc_ledger_total (name VARBINARY(64) NOT NULL PRIMARY KEY, "
         "value BIGINT NOT NULL) " GOPHERCRON_TABLE_KIND},
    Step{"filling gc_ledger_total", "",
         "INSERT IGNORE INTO gc_ledger_total (name, value) VALUES ('output_bytes', 0)"},
};

inline constexpr std::array kMigration2 = {
    Step{"making gc_ended_session", "",
         "CREATE TABLE IF NOT EXISTS gc_ended_session (id VARBINARY(64) NOT NULL PRIMARY KEY, uid "
         "BIGINT NOT NULL, expires_us BIGINT NOT NULL, KEY expires_us "
         "(expires_us)) " GOPHERCRON_TABLE_KIND},
};

inline constexpr std::array kMigration3 = {
    Step{"giving tokens a role", GOPHERCRON_HAS_COLUMN("gc_api_token", "role"),
         "ALTER TABLE gc_api_token ADD COLUMN role VARBINARY(16) NULL"},
    Step{"giving tokens projects", GOPHERCRON_HAS_COLUMN("gc_api_token", "projects"),
         "ALTER TABLE gc_api_token ADD COLUMN projects TEXT NULL"},
};

inline constexpr std::array kMigrations = {
    Migration{.version = 1, .oldest_reader = 1, .steps = kMigration1},
    // A program before it would let a session go on that was signed out of here.
    Migration{.version = 2, .oldest_reader = 2, .steps = kMigration2},
    // A program before it would let a token do more than it was made for.
    Migration{.version = 3, .oldest_reader = 3, .steps = kMigration3},
};

}  // namespace gophercron::storage::mysql

#endif  // GOPHERCRON_STORAGE_MYSQL_SCHEMA_H_
