// When the clocks of a zone change next, and what becomes of a schedule there.
//
// The rules of a zone are the browser's; which instants a schedule names is asked from the service, twice: in the
// zone, and in UTC, where the same expression gives the wall clock's times as if no clock had ever been changed.
import { offsetOf } from '../look/format';

export interface ClockChange {
  at: number; // the first instant with the new offset
  before: number; // offsets in milliseconds
  after: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const LOOK_DAYS = 400;

export function changesAfter(from: number, zone: string, wanted: number): ClockChange[] {
  const found: ClockChange[] = [];
  let low = Math.floor(from / MINUTE) * MINUTE;
  let before = offsetOf(low, zone);
  for (let day = 1; day <= LOOK_DAYS && found.length < wanted; ++day) {
    const high = low + DAY;
    const after = offsetOf(high, zone);
    if (after !== before) {
      let a = low;
      let b = high;
      while (b - a > MINUTE) {
        const middle = a + Math.floor((b - a) / 2 / MINUTE) * MINUTE;
        if (offsetOf(middle, zone) === before) a = middle;
        else b = middle;
      }
      found.push({ at: b, before, after });
      before = after;
    }
    low = high;
  }
  return found;
}

// The times of the wall clock that do not exist, or that come twice; as if they were UTC.
export function affected(change: ClockChange): { from: number; to: number } {
  return { from: change.at + Math.min(change.before, change.after), to: change.at + Math.max(change.before, change.after) };
}

// none: it names no time there. after: what was skipped runs once, right after the gap. pace: nothing is added and
// nothing made up for. first: once, the first time. both: both times.
export type Effect = 'none' | 'after' | 'pace' | 'first' | 'both';

// `wall`: the times of the wall clock that it names from `affected().from` on, up to one at or after `affected().to`.
// `real`: the instants that it names from the change on.
export function effectOf(change: ClockChange, wall: number[], real: number[]): Effect {
  const { from, to } = affected(change);
  if (!wall.some((at) => at >= from && at < to)) return 'none';
  if (change.after > change.before) return real.includes(change.at) && !wall.includes(to) ? 'after' : 'pace';
  return real.some((at) => at >= change.at && at < change.at + change.before - change.after) ? 'both' : 'first';
}
