// What an outcome looks like: six families of colour, and which way its mark points in a strip.
import type { Outcome, RecentRun, Run } from '../api/types';

export type Mark = Outcome | 'running' | 'waiting' | 'paused' | 'due';
export type Family = 'ok' | 'bad' | 'stop' | 'plan' | 'gap' | 'live';

const FAMILIES: Record<Mark, Family> = {
  succeeded: 'ok',
  failed: 'bad',
  failed_to_start: 'bad',
  timed_out: 'bad',
  killed: 'stop',
  skipped: 'plan',
  superseded: 'plan',
  missed: 'gap',
  lost: 'gap',
  running: 'live',
  waiting: 'live',
  paused: 'plan',
  due: 'plan',
};

export function family(mark: Mark | string): Family {
  return FAMILIES[mark as Mark] ?? 'plan';
}

// Not the plan of anybody: worth a look.
export function isBad(outcome: Outcome | null): boolean {
  return outcome !== null && (family(outcome) === 'bad' || family(outcome) === 'gap');
}

export function markOf(run: Run): Mark {
  return run.outcome ?? (run.state === 'waiting' ? 'waiting' : 'running');
}

// An RFC 3339 instant in milliseconds, with the fractions that Date drops.
export function exact(at: string): number {
  const fraction = /\.(\d+)/.exec(at)?.[1] ?? '';
  return Math.floor(Date.parse(at) / 1000) * 1000 + (fraction ? Number(`0.${fraction}`) * 1000 : 0);
}

export function durationOf(run: Run | RecentRun): number | null {
  if (!run.started_at || !run.ended_at) return null;
  return Math.max(0, exact(run.ended_at) - exact(run.started_at));
}

// How long after its planned instant it began; null for what nobody planned.
export function lagOf(run: Run): number | null {
  if (!run.tick || !run.started_at) return null;
  return exact(run.started_at) - exact(run.tick);
}

// Signals by name, for those whose number people meet.
const SIGNALS: Record<number, string> = {
  1: 'HUP', 2: 'INT', 3: 'QUIT', 4: 'ILL', 6: 'ABRT', 7: 'BUS', 8: 'FPE', 9: 'KILL', 11: 'SEGV', 13: 'PIPE', 14: 'ALRM', 15: 'TERM', 24: 'XCPU', 25: 'XFSZ',
};
export function signalName(signal: number): string {
  return SIGNALS[signal] ? `SIG${SIGNALS[signal]}` : String(signal);
}
