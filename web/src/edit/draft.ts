// A task while it is edited, and what was changed in it.
import type { Task, TaskBody } from '../api/types';

export const EMPTY: TaskBody = {
  name: '', remark: '', command: '', argv: [], cron: '', zone: '', enabled: true, valid_from: null, valid_until: null, jitter_s: 0,
  start_deadline_s: 30, timeout_s: 0, kill_grace_s: 10, overlap: 'skip', catch_up: { mode: 'latest', max_age_s: 3600, max_number: 100 },
  on_lost: 'leave', retry: { max_number: 0, delay_s: 10, backoff: 1 }, broadcast: false, exclusive_group: '', agent_selector: {},
  environment: {}, cwd: '', run_as: '', output_limit: 0, labels: {},
};

export function draftOf(task: Task | TaskBody): TaskBody {
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(EMPTY) as (keyof TaskBody)[]) out[name] = structuredClone(task[name]);
  return out as unknown as TaskBody;
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

// The members of `now` that differ from `was`.
export function changes(was: TaskBody, now: TaskBody): Partial<TaskBody> {
  const out: Partial<Record<keyof TaskBody, unknown>> = {};
  for (const name of Object.keys(EMPTY) as (keyof TaskBody)[]) if (!same(was[name], now[name])) out[name] = now[name];
  // The API takes a line or a vector, and the one takes the place of the other.
  if ('command' in out && now.command !== '') delete out.argv;
  if ('argv' in out && now.argv.length > 0) delete out.command;
  return out as Partial<TaskBody>;
}

export interface Clash { field: keyof TaskBody; was: unknown; theirs: unknown; yours: unknown }
// What somebody else saved meanwhile, beside what is here.
export function clashes(was: TaskBody, theirs: TaskBody, yours: TaskBody): Clash[] {
  return (Object.keys(EMPTY) as (keyof TaskBody)[]).filter((field) => !same(was[field], theirs[field]))
    .map((field) => ({ field, was: was[field], theirs: theirs[field], yours: yours[field] }));
}
// Theirs, with what was changed here on top.
export function onTop(was: TaskBody, theirs: TaskBody, yours: TaskBody): TaskBody {
  return { ...draftOf(theirs), ...changes(was, yours) };
}

// "NAME=value" lines.
export function toLines(map: Record<string, string>): string {
  return Object.entries(map).map(([name, value]) => `${name}=${value}`).join('\n');
}
export function fromLines(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) out[line.slice(0, at).trim()] = line.slice(at + 1);
  }
  return out;
}
