// What one row of the timeline shows: runs, ticks that ended without one, and ticks to come.
import type { LedgerRow, Run, TickSpan } from '../api/types';
import { family, markOf } from '../look/outcome';
import type { Family } from '../look/outcome';

export interface Mark {
  from: number;
  to: number | null; // null: it goes
  mark: string; // of OutcomeIcon
  family: Family;
  count: number;
  runId: string | null;
  tick: string | null; // the planned instant, for "why"
  run: Run | null;
  span: TickSpan | null;
}

export function ofRun(run: Run): Mark | null {
  const at = run.started_at ?? run.claimed_at ?? run.ended_at ?? run.tick;
  if (!at) return null;
  const mark = markOf(run);
  const ended = run.outcome !== null || run.state === 'ended';
  return { from: Date.parse(at), to: ended ? Date.parse(run.ended_at ?? at) : null, mark, family: family(mark), count: 1, runId: run.run_id, tick: run.tick, run, span: null };
}

export function ofSpan(span: TickSpan): Mark {
  return { from: Date.parse(span.first), to: Date.parse(span.last), mark: span.outcome, family: family(span.outcome), count: span.count, runId: null, tick: span.last, run: null, span };
}

export function ofRow(row: LedgerRow): Mark[] {
  if (row.runs.length === 0) return [ofSpan(row)];
  return row.runs.map(ofRun).filter((mark): mark is Mark => mark !== null);
}

// The one nearest to an instant, among those that begin before and end after it give or take `slack`; what went wrong
// wins over what went well.
const WORST: Family[] = ['bad', 'gap', 'stop', 'live', 'ok', 'plan'];
export function nearest(marks: Mark[], at: number, slack: number, now: number): Mark | null {
  let best: Mark | null = null;
  for (const mark of marks) {
    if (mark.from - slack > at || (mark.to ?? now) + slack < at) continue;
    if (!best || WORST.indexOf(mark.family) < WORST.indexOf(best.family)) best = mark;
  }
  return best;
}
