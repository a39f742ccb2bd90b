// What /api/v2 gives and takes; docs/api.md describes it. Times are RFC 3339 texts.

export type Outcome =
  | 'succeeded' | 'failed' | 'failed_to_start' | 'timed_out' | 'killed'
  | 'skipped' | 'missed' | 'lost' | 'superseded';
export type RunState = 'waiting' | 'running' | 'ended';
export type Cause = 'tick' | 'catch_up' | 'queue' | 'manual' | 'retry';
export type Overlap = 'skip' | 'queue' | 'replace' | 'allow';
export type CatchUpMode = 'skip' | 'latest' | 'all';
export type Role = 'viewer' | 'operator' | 'editor' | 'owner';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Me {
  user_id: number;
  account: string;
  name: string;
  administrator: boolean;
  must_change_password: boolean;
}

// An account, for administrators.
export interface User extends Me {
  created_at: string | null;
}

export interface Member {
  user_id: number;
  account: string;
  name: string;
  role: Role;
}

export interface Project {
  project_id: number;
  title: string;
  remark: string;
  owner_id: number;
  created_at: string | null;
}

export interface RecentRun {
  run_id: string;
  outcome: Outcome;
  tick: string | null;
  started_at: string | null;
  ended_at: string | null;
  reason?: string | null;
  detail?: string;
  exit_code?: number | null;
  signal?: number | null;
}

// What people define, and what an edit sends.
export interface TaskBody {
  name: string;
  remark: string;
  command: string;
  argv: string[];
  cron: string;
  zone: string;
  enabled: boolean;
  valid_from: string | null;
  valid_until: string | null;
  jitter_s: number;
  start_deadline_s: number;
  timeout_s: number;
  kill_grace_s: number;
  overlap: Overlap;
  catch_up: { mode: CatchUpMode; max_age_s: number; max_number: number };
  on_lost: 'leave' | 'retry';
  retry: { max_number: number; delay_s: number; backoff: number };
  broadcast: boolean;
  exclusive_group: string;
  agent_selector: Record<string, string>;
  environment: Record<string, string>;
  cwd: string;
  run_as: string;
  output_limit: number;
  labels: Record<string, string>;
}

export interface Task extends TaskBody {
  task_id: string;
  project_id: number;
  revision: number;
  created_by: string;
  updated_by: string;
  created_at: string | null;
  updated_at: string | null;
  scheduled_since: string | null;
  next: string | null;
  recent_runs?: RecentRun[];
  last_span?: TickSpan; // the newest of its ticks that ended without a run
}

export interface Run {
  run_id: string;
  project_id: number;
  task_id: string;
  task_name: string;
  task_revision: number;
  command: string;
  tick: string | null;
  cause: Cause;
  attempt: number;
  node_id: string;
  node_address: string;
  claimed_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  outcome: Outcome | null;
  reason: string | null;
  detail: string;
  exit_code: number | null;
  signal: number | null;
  core_dumped: boolean;
  requested_by: string;
  killed_by: string;
  output_bytes: number;
  dropped_bytes: number;
  cpu_us: number;
  memory_max_kib: number;
  state?: RunState;
  kill_requested?: boolean;
  kill_requested_by?: string;
}

// Ticks that ended alike without a run.
export interface TickSpan {
  project_id: number;
  task_id: string;
  first: string;
  last: string;
  count: number;
  outcome: Outcome;
  reason: string;
  detail: string;
  node_id: string;
}

export interface LedgerRow extends TickSpan {
  runs: Run[];
}

export interface OutcomeCount {
  outcome: Outcome;
  reason: string;
  ticks: number;
}

export interface Why {
  instant: string;
  verdict: string;
  answer: string;
  facts: string[];
  runs: Run[];
  ledger: TickSpan | null;
  tick_before: string | null;
  tick_after: string | null;
}

export interface Node {
  node_id: string;
  address: string;
  hostname: string;
  version: string;
  all_projects: boolean;
  projects: number[];
  weight: number;
  run_limit: number;
  claims: boolean;
  holds_why: string; // why it claims nothing
  started_at: string | null;
  seen_at: string | null;
  running: number;
  runs_started: number;
  runs_failed: number;
  load: number;
  processors: number;
  clock_offset_us: number | null;
}

export interface Preview {
  next: string[];
  zone: string;
  explain: { en: string; zh: string };
}

// What one line of a crontab becomes.
export interface CrontabLine {
  line: number;
  text: string;
  task: (Pick<TaskBody, 'name' | 'cron'> & Partial<TaskBody>) | null;
  setting: boolean;
  problem: string;
  notes: { code: string; text: string }[];
  explain: { en: string; zh: string } | null;
  next: string[];
}

export interface ApiToken {
  token_id: string;
  name: string;
  created_at: string | null;
  expires_at: string | null;
  token?: string;
}

export interface LiveEvent {
  type: 'task_saved' | 'task_deleted' | 'run_started' | 'run_changed' | 'run_ended' | 'ticks_ended' | 'resync';
  project_id: number;
  task_id: string;
  revision?: number;
  run?: Run;
  ticks?: TickSpan;
}

export interface FieldError {
  field: string;
  message: string;
  offset?: number;
  length?: number;
}
