// Made by tools/openapi from src/http/openapi; `./dev types` makes it anew. Times are RFC 3339 texts.

export interface ApiToken {
  token_id: string;
  name: string;
  created_at: string | null;
  expires_at: string | null; // Null is never.
  role: Role | null; // The strongest it is good for. Null is all that its owner may.
  projects: number[] | null; // The only ones it is good for. Null is all that its owner sees.
}

export interface CatchUp {
  mode: CatchUpMode;
  max_age_s: number;
  max_number: number;
}

export interface CatchUpChange {
  mode?: CatchUpMode | null;
  max_age_s?: number | null;
  max_number?: number | null;
}

// Which ticks are run late, after an outage.
export type CatchUpMode = 'skip' | 'latest' | 'all';

// Why it ran.
export type Cause = 'tick' | 'catch_up' | 'queue' | 'manual' | 'retry';

// A task that it becomes, a setting for the lines below, or a problem. Comments and empty lines are no lines.
export interface CrontabLine {
  line: number; // From 1.
  text: string;
  task: CrontabTask | null;
  setting: boolean;
  problem: string; // Why it can not be carried over; empty when it can.
  notes: CrontabNote[];
  explain: Words | null;
  next: string[]; // The next three.
}

// What is not quite as it was.
export interface CrontabNote {
  code: string; // For programs and other languages.
  text: string; // A sentence.
}

// The members with which the task is made.
export interface CrontabTask {
  name: string;
  remark: string;
  cron: string;
  zone: string;
  command?: string;
  argv?: string[];
  cwd: string;
  jitter_s: number;
  environment: Record<string, string>;
}

// What is wrong with one member or parameter.
export interface FieldError {
  field: string; // Its name; that of a nested one with dots.
  message: string;
  offset?: number; // In bytes, where in the text the fault begins.
  length?: number;
}

// One tick with its runs, one for each attempt; or several ticks without.
export interface LedgerRow {
  project_id: number;
  task_id: string;
  first: string;
  last: string;
  count: number;
  outcome: Outcome;
  reason: Reason;
  detail: string;
  node_id: string; // Who wrote it down.
  recorded_at?: string | null;
  runs: Run[];
}

export interface LiveEvent {
  type: 'task_saved' | 'task_deleted' | 'run_started' | 'run_changed' | 'run_ended' | 'ticks_ended' | 'resync';
  project_id?: number; // Missing in `resync` alone.
  task_id?: string;
  revision?: number;
  run?: Run;
  ticks?: TickSpan;
}

export interface Me {
  user_id: number;
  account: string;
  name: string;
  administrator: boolean; // May do everything everywhere.
  must_change_password: boolean;
}

export interface Member {
  user_id: number;
  account: string;
  name: string;
  role: Role;
}

export interface NewApiToken {
  token_id: string;
  name: string;
  created_at: string | null;
  expires_at: string | null; // Null is never.
  role: Role | null; // The strongest it is good for. Null is all that its owner may.
  projects: number[] | null; // The only ones it is good for. Null is all that its owner sees.
  token: string; // Shown this once.
}

// The members of a new task; what is missing or null is the default.
export interface NewTask {
  name: string;
  remark?: string | null;
  command?: string | null; // A line for the shell. Either this or `argv`; the other is empty.
  argv?: string[] | null; // A program and its arguments, without a shell.
  cron: string; // Five fields; six with the year last; seven with seconds first; or a word, as @daily.
  zone?: string | null; // As Europe/Berlin; empty is the cluster's.
  enabled?: boolean | null;
  valid_from?: string | null; // No tick before it.
  valid_until?: string | null; // No tick at it or after.
  jitter_s?: number | null; // Every tick is moved by the same part of this.
  start_deadline_s?: number | null; // A tick that can not start in this time is missed.
  timeout_s?: number | null; // 0 is none.
  kill_grace_s?: number | null; // Between TERM and KILL.
  overlap?: Overlap | null;
  catch_up?: CatchUpChange | null;
  on_lost?: 'leave' | 'retry' | null; // What becomes of a run whose node died.
  retry?: RetryChange | null;
  broadcast?: boolean | null; // Every node of the project runs it.
  exclusive_group?: string | null; // Not acted on yet; refused unless empty.
  agent_selector?: Record<string, string> | null; // Not acted on yet; refused unless empty.
  environment?: Record<string, string> | null;
  cwd?: string | null;
  run_as?: string | null; // Not acted on yet; refused unless empty.
  output_limit?: number | null; // Bytes of output that are kept; 0 is the node's own limit.
  labels?: Record<string, string> | null;
}

export interface Node {
  node_id: string;
  address: string;
  hostname: string;
  version: string;
  all_projects: boolean;
  projects: number[]; // Those of mine that it serves.
  weight: number; // Its share of the work, beside those of the others.
  run_limit: number; // How many runs at once; 0 is no limit.
  claims: boolean;
  holds_why: string; // Why it claims nothing.
  started_at: string | null;
  seen_at: string | null;
  running: number;
  runs_started: number;
  runs_failed: number;
  load: number; // Over the last minute.
  processors: number;
  clock_offset_us: number | null; // How far its clock is ahead of the others'; null when nobody could be asked.
}

// How a tick or a run ended.
export type Outcome = 'succeeded' | 'failed' | 'failed_to_start' | 'timed_out' | 'killed' | 'skipped' | 'missed' | 'lost' | 'superseded';

export interface OutcomeCount {
  outcome: Outcome;
  reason: Reason;
  ticks: number;
}

// What was not kept.
export interface OutputGap {
  from: number;
  to: number;
}

export interface OutputPiece {
  offset: number; // In bytes of all that was written.
  bytes: number; // How many the text stands for.
  text: string;
}

// What happens to a tick while the run before it still goes.
export type Overlap = 'skip' | 'queue' | 'replace' | 'allow';

export interface Preview {
  next: string[];
  zone: string;
  explain: Words;
}

// What went wrong. Its media type is `application/problem+json`.
export interface Problem {
  type: 'about:blank';
  title: string; // The status in words.
  status: number;
  code: 'invalid_argument' | 'unauthenticated' | 'permission_denied' | 'not_found' | 'conflict' | 'resource_exhausted' | 'unavailable' | 'outcome_unknown' | 'corrupt' | 'unsupported' | 'internal'; // The kind of error, for programs.
  detail: string; // One sentence for people. What was wrong, where, and what would be right.
  request_id: string; // Under which the service's log says more.
  errors?: FieldError[];
}

export interface Project {
  project_id: number;
  title: string;
  remark: string;
  owner_id: number; // The account that made it.
  created_at: string | null;
}

// Why it ended so; empty where the outcome says it all.
export type Reason = '' | 'overlap' | 'queued' | 'run_limit' | 'deadline' | 'catch_up' | 'overtaken' | 'no_agent' | 'not_recorded' | 'agent_died' | 'edited' | 'paused' | 'store_held';

// One of a task's newest runs, in short. What is behind `ended_at` is missing for a run that succeeded.
export interface RecentRun {
  run_id: string;
  outcome: Outcome;
  tick: string | null;
  started_at: string | null;
  ended_at: string | null;
  reason?: Reason | null;
  detail?: string;
  exit_code?: number | null;
  signal?: number | null;
}

// Further attempts of a tick that failed.
export interface Retry {
  max_number: number;
  delay_s: number;
  backoff: number; // By which each delay is longer than the one before.
}

export interface RetryChange {
  max_number?: number | null;
  delay_s?: number | null;
  backoff?: number | null; // By which each delay is longer than the one before.
}

// What one may do in a project. Each may also do what those before it may.
export type Role = 'viewer' | 'operator' | 'editor' | 'owner';

export interface Run {
  run_id: string;
  project_id: number;
  task_id: string;
  task_name: string; // As it was then,
  task_revision: number;
  command: string; // and what was run.
  tick: string | null; // The planned instant; null for one that a person asked for.
  cause: Cause;
  attempt: number; // From 1.
  node_id: string;
  node_address: string;
  fence: number; // Grows with every claim of the task; the command has it in GOPHERCRON_FENCE.
  claimed_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  retry_at: string | null; // When the next attempt begins, if there will be one.
  outcome: Outcome | null; // Null until it has ended.
  reason: Reason | null;
  detail: string;
  exit_code: number | null;
  signal: number | null;
  core_dumped: boolean;
  requested_by: string;
  killed_by: string;
  output_bytes: number;
  dropped_bytes: number; // Of the output, those in the middle that were not kept.
  cpu_us: number;
  memory_max_kib: number;
  state?: RunState; // Missing in the ledger and in `why`.
  kill_requested?: boolean;
  kill_requested_by?: string;
}

export type RunState = 'waiting' | 'running' | 'ended';

export interface Session {
  expires_at: string;
  user: Me;
  token?: string; // For `Authorization`. Missing when it came as a cookie.
}

export interface Task {
  name: string;
  remark: string;
  command: string; // A line for the shell. Either this or `argv`; the other is empty.
  argv: string[]; // A program and its arguments, without a shell.
  cron: string; // Five fields; six with the year last; seven with seconds first; or a word, as @daily.
  zone: string; // As Europe/Berlin; empty is the cluster's.
  enabled: boolean;
  valid_from: string | null; // No tick before it.
  valid_until: string | null; // No tick at it or after.
  jitter_s: number; // Every tick is moved by the same part of this.
  start_deadline_s: number; // A tick that can not start in this time is missed.
  timeout_s: number; // 0 is none.
  kill_grace_s: number; // Between TERM and KILL.
  overlap: Overlap;
  catch_up: CatchUp;
  on_lost: 'leave' | 'retry'; // What becomes of a run whose node died.
  retry: Retry;
  broadcast: boolean; // Every node of the project runs it.
  exclusive_group: string; // Not acted on yet; refused unless empty.
  agent_selector: Record<string, string>; // Not acted on yet; refused unless empty.
  environment: Record<string, string>;
  cwd: string;
  run_as: string; // Not acted on yet; refused unless empty.
  output_limit: number; // Bytes of output that are kept; 0 is the node's own limit.
  labels: Record<string, string>;
  task_id: string;
  project_id: number;
  revision: number; // Another one with every edit; also its ETag.
  created_by: string;
  updated_by: string;
  created_at: string | null;
  updated_at: string | null;
  scheduled_since: string | null; // No tick before it is caught up.
  next: string | null; // The next tick.
  recent_runs?: RecentRun[]; // Newest first, when asked for.
  last_span?: TickSpan; // The newest of as many ticks that ended without a run.
}

// The members to change; null gives one its default.
export interface TaskChange {
  name?: string | null;
  remark?: string | null;
  command?: string | null; // A line for the shell. Either this or `argv`; the other is empty.
  argv?: string[] | null; // A program and its arguments, without a shell.
  cron?: string | null; // Five fields; six with the year last; seven with seconds first; or a word, as @daily.
  zone?: string | null; // As Europe/Berlin; empty is the cluster's.
  enabled?: boolean | null;
  valid_from?: string | null; // No tick before it.
  valid_until?: string | null; // No tick at it or after.
  jitter_s?: number | null; // Every tick is moved by the same part of this.
  start_deadline_s?: number | null; // A tick that can not start in this time is missed.
  timeout_s?: number | null; // 0 is none.
  kill_grace_s?: number | null; // Between TERM and KILL.
  overlap?: Overlap | null;
  catch_up?: CatchUpChange | null;
  on_lost?: 'leave' | 'retry' | null; // What becomes of a run whose node died.
  retry?: RetryChange | null;
  broadcast?: boolean | null; // Every node of the project runs it.
  exclusive_group?: string | null; // Not acted on yet; refused unless empty.
  agent_selector?: Record<string, string> | null; // Not acted on yet; refused unless empty.
  environment?: Record<string, string> | null;
  cwd?: string | null;
  run_as?: string | null; // Not acted on yet; refused unless empty.
  output_limit?: number | null; // Bytes of output that are kept; 0 is the node's own limit.
  labels?: Record<string, string> | null;
}

// What people define, and an edit sends.
export interface TaskDefinition {
  name: string;
  remark: string;
  command: string; // A line for the shell. Either this or `argv`; the other is empty.
  argv: string[]; // A program and its arguments, without a shell.
  cron: string; // Five fields; six with the year last; seven with seconds first; or a word, as @daily.
  zone: string; // As Europe/Berlin; empty is the cluster's.
  enabled: boolean;
  valid_from: string | null; // No tick before it.
  valid_until: string | null; // No tick at it or after.
  jitter_s: number; // Every tick is moved by the same part of this.
  start_deadline_s: number; // A tick that can not start in this time is missed.
  timeout_s: number; // 0 is none.
  kill_grace_s: number; // Between TERM and KILL.
  overlap: Overlap;
  catch_up: CatchUp;
  on_lost: 'leave' | 'retry'; // What becomes of a run whose node died.
  retry: Retry;
  broadcast: boolean; // Every node of the project runs it.
  exclusive_group: string; // Not acted on yet; refused unless empty.
  agent_selector: Record<string, string>; // Not acted on yet; refused unless empty.
  environment: Record<string, string>;
  cwd: string;
  run_as: string; // Not acted on yet; refused unless empty.
  output_limit: number; // Bytes of output that are kept; 0 is the node's own limit.
  labels: Record<string, string>;
}

// Ticks that ended alike without a run.
export interface TickSpan {
  project_id: number;
  task_id: string;
  first: string;
  last: string;
  count: number;
  outcome: Outcome;
  reason: Reason;
  detail: string;
  node_id: string; // Who wrote it down.
  recorded_at?: string | null;
}

export interface User {
  user_id: number;
  account: string;
  name: string;
  administrator: boolean;
  must_change_password: boolean;
  created_at: string;
}

export type Verdict = 'ran' | 'running' | 'skipped' | 'missed' | 'lost' | 'superseded' | 'queued' | 'unrecorded' | 'due' | 'overdue' | 'not_due' | 'not_a_tick' | 'paused' | 'not_valid' | 'before_schedule';

export interface Why {
  instant: string;
  verdict: Verdict;
  answer: string; // One sentence.
  facts: string[]; // What it rests on.
  runs: Run[];
  ledger: TickSpan | null;
  tick_before: string | null;
  tick_after: string | null;
}

// One sentence in each language.
export interface Words {
  en: string;
  zh: string;
}
