// Every task that the person may see, kept up to date by events; and when each is due next.
//
// The service alone knows what an expression means. Once a task's next instant has passed, the following ones are
// asked for in one go, so that a task of every second costs one request in a minute.
import { ref, shallowRef, triggerRef } from 'vue';
import { ApiError, get, post, taskPath } from '../api/client';
import type { LiveEvent, Outcome, Page, Preview, RecentRun, Run, Task, TickSpan } from '../api/types';
import { listen } from './live';
import { projects, readProjects } from './projects';
import { present } from './clock';

export type TaskKey = string;
export const keyOf = (project: number, task: string): TaskKey => `${project}/${task}`;

// Replaced at most every FLUSH_MS, whatever happens in between.
export const tasks = shallowRef(new Map<TaskKey, Task>());
export const loading = ref(false);
export const loadProblem = shallowRef<unknown>(null);
// The newest ticks that ended without a run, as far as events told.
export const lastSpans = new Map<TaskKey, TickSpan>();
// Runs that wait or go.
export const liveRuns = shallowRef(new Map<string, Run>());

const RECENT = 20;
const PAGE = 500;
const FIRST_PAGE = 100; // so that something is on the screen soon
const FLUSH_MS = 400;

let flushing: number | undefined;
function flush(): void {
  window.clearTimeout(flushing);
  flushing = undefined;
  triggerRef(tasks);
  triggerRef(liveRuns);
}
function changed(): void {
  flushing ??= window.setTimeout(flush, FLUSH_MS);
}

let generation = 0;
async function readAll(): Promise<void> {
  const mine = ++generation;
  loading.value = true;
  loadProblem.value = null;
  try {
    const seen = new Set<TaskKey>();
    const live = get<Page<Run>>('/runs?live=true&limit=500');
    for (const project of await readProjects()) {
      let cursor = '';
      do {
        const page = await get<Page<Task>>(
          `/projects/${project.project_id}/tasks?limit=${cursor === '' ? FIRST_PAGE : PAGE}&recent_runs=${RECENT}&cursor=${encodeURIComponent(cursor)}`);
        if (mine !== generation) return;
        for (const task of page.items) {
          const key = keyOf(task.project_id, task.task_id);
          seen.add(key);
          tasks.value.set(key, task);
        }
        // The first are shown at once.
        if (tasks.value.size === page.items.length) flush();
        else changed();
        cursor = page.next ?? '';
      } while (cursor);
    }
    for (const key of [...tasks.value.keys()]) if (!seen.has(key)) tasks.value.delete(key);
    liveRuns.value = new Map((await live).items.map((run) => [run.run_id, run]));
  } catch (failure) {
    if (mine === generation) loadProblem.value = failure;
  } finally {
    if (mine === generation) {
      flush(); // before it says that all is read: nothing is empty for a moment
      loading.value = false;
    }
  }
}

let started = false;
export function startTasks(): void {
  if (started) return;
  started = true;
  listen(hear);
  void readAll();
}
export function reload(): void {
  void readAll();
}

function recentOf(run: Run): RecentRun {
  const { run_id, tick, started_at, ended_at, reason, detail, exit_code, signal } = run;
  return { run_id, outcome: run.outcome as Outcome, tick, started_at, ended_at, reason, detail, exit_code, signal };
}

function hear(event: LiveEvent): void {
  if (event.type === 'resync') return void readAll();
  const key = keyOf(event.project_id, event.task_id);
  switch (event.type) {
    case 'task_saved':
      readSaved(event.project_id, event.task_id);
      break;
    case 'task_deleted':
      tasks.value.delete(key);
      changed();
      break;
    case 'ticks_ended':
      if (event.ticks) lastSpans.set(key, event.ticks);
      changed();
      break;
    default:
      if (event.run) noteRun(key, event.run);
  }
}

function noteRun(key: TaskKey, run: Run): void {
  if (run.state !== 'ended') {
    liveRuns.value.set(run.run_id, { ...liveRuns.value.get(run.run_id), ...run });
    return changed();
  }
  liveRuns.value.delete(run.run_id);
  const task = tasks.value.get(key);
  if (task) {
    const recent = (task.recent_runs ?? []).filter((r) => r.run_id !== run.run_id);
    tasks.value.set(key, { ...task, recent_runs: [recentOf(run), ...recent].slice(0, RECENT) });
  }
  changed();
}

// Puts what an answer of the service said in place of what is known.
export function noteTask(task: Task): void {
  const key = keyOf(task.project_id, task.task_id);
  upcoming.delete(key);
  const recent = task.recent_runs ?? tasks.value.get(key)?.recent_runs;
  tasks.value.set(key, { ...task, recent_runs: recent });
  changed();
  if (!projects.value?.some((p) => p.project_id === task.project_id)) void readProjects();
}

// One by one while people edit; all of them once when a program saves many.
const saved = new Map<TaskKey, [number, string]>();
let savedSoon: number | undefined;
const SAVED_MS = 200;
const SAVED_FEW = 20;
const SAVED_MANY_MS = 3000;
function readSaved(project: number, id: string): void {
  saved.set(keyOf(project, id), [project, id]);
  if (savedSoon !== undefined && saved.size !== SAVED_FEW + 1) return;
  window.clearTimeout(savedSoon);
  savedSoon = window.setTimeout(() => {
    savedSoon = undefined;
    const these = [...saved.values()];
    saved.clear();
    if (these.length > SAVED_FEW) void readAll();
    else for (const [of, task] of these) void readOne(of, task);
  }, saved.size > SAVED_FEW ? SAVED_MANY_MS : SAVED_MS);
}

async function readOne(project: number, id: string): Promise<void> {
  try {
    noteTask(await get<Task>(taskPath(project, id)));
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 404) {
      tasks.value.delete(keyOf(project, id));
      changed();
    }
  }
}

const AHEAD = 60;
const ASKING_MAX = 4;
const upcoming = new Map<TaskKey, string[]>();
const asking = new Set<TaskKey>();

// Moves `next` on for those of these tasks whose instant has passed. For what is on the screen, once a second.
export function moveOn(keys: Iterable<TaskKey>): void {
  const at = present();
  for (const key of keys) {
    const task = tasks.value.get(key);
    if (!task?.next || !task.enabled || Date.parse(task.next) > at) continue;
    const ahead = upcoming.get(key) ?? [];
    while (ahead[0] !== undefined && Date.parse(ahead[0]) <= at) ahead.shift();
    if (ahead[0] !== undefined) {
      tasks.value.set(key, { ...task, next: ahead[0] });
      changed();
    } else if (!asking.has(key) && asking.size < ASKING_MAX) {
      asking.add(key);
      void ask(key, task).finally(() => asking.delete(key));
    }
  }
}

async function ask(key: TaskKey, task: Task): Promise<void> {
  try {
    const { cron, zone, task_id, jitter_s, valid_from, valid_until } = task;
    const preview = await post<Preview>('/cron/preview', { cron, zone, task_id, jitter_s, valid_from, valid_until, count: AHEAD });
    const known = tasks.value.get(key);
    if (!known || known.revision !== task.revision) return;
    upcoming.set(key, preview.next);
    if (preview.next.length === 0) tasks.value.set(key, { ...known, next: null });
    changed();
  } catch {
    // The next second asks again.
  }
}

// What a task is in, worst first, and since when.
export interface Standing {
  mark: string; // of OutcomeIcon
  inRow: number; // how many runs ended badly one after another
  more: boolean; // the row may be longer than what is known
  since: string | null;
  last: RecentRun | null;
}
export function standing(task: Task): Standing {
  const recent = task.recent_runs ?? [];
  const last = recent[0] ?? null;
  let inRow = 0;
  while (inRow < recent.length && BAD.has(recent[inRow]?.outcome ?? 'succeeded')) ++inRow;
  const oldest = inRow > 0 ? recent[inRow - 1] : undefined;
  return {
    mark: !task.enabled ? 'paused' : (last?.outcome ?? 'due'),
    inRow,
    more: inRow === RECENT,
    since: oldest?.tick ?? oldest?.started_at ?? oldest?.ended_at ?? null,
    last,
  };
}
const BAD = new Set<Outcome>(['failed', 'failed_to_start', 'timed_out', 'lost', 'missed']);
