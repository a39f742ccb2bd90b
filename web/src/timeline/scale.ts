// The time axis of the timeline: what it spans, where its rules stand, and where starts pile up.
import { civil, offsetOf } from '../look/format';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface View { from: number; to: number }
export const SPANS: Record<string, number> = { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY };
export const SPAN_MIN = 5 * MINUTE;
export const SPAN_MAX = 14 * DAY;
// Two thirds of what is seen has been, one is to come.
const PAST = 2 / 3;

export function around(now: number, span: number): View {
  return { from: now - span * PAST, to: now + span * (1 - PAST) };
}

// Wider or narrower by `factor`, with the instant at `share` of the width staying where it is.
export function zoomed(view: View, factor: number, share: number): View {
  const span = Math.min(SPAN_MAX, Math.max(SPAN_MIN, (view.to - view.from) * factor));
  const at = view.from + (view.to - view.from) * share;
  return { from: at - span * share, to: at + span * (1 - share) };
}

const STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY];
export interface Rule { at: number; label: string; day: boolean }

// Rules at whole steps of the wall clock, no closer than `gap` shares of the width; through a change of the clock too.
export function rules(view: View, zone: string, gap: number): Rule[] {
  const step = STEPS.find((s) => s >= (view.to - view.from) * gap) ?? DAY;
  const out: Rule[] = [];
  let wall = Math.ceil((view.from + offsetOf(view.from, zone)) / step) * step;
  let last = -Infinity;
  for (;;) {
    const at = wall - offsetOf(wall - offsetOf(wall, zone), zone);
    wall += step;
    if (at > view.to) return out;
    if (at < view.from || at - last < step / 2) continue;
    last = at;
    const c = civil(at, zone);
    const day = c.time === '00:00:00';
    out.push({ at, label: day ? c.date.slice(5) : c.time.slice(0, 5), day });
  }
}

// A minute in which several tasks start at one second.
export interface Pile { at: number; tasks: string[] } // keys, without repeats
export interface Minute { at: number; starts: number; pile: Pile | null }

// How many starts each of `minutes` minutes from `from` on has, and the largest pile in each.
export function herd(starts: Iterable<[string, number[]]>, from: number, minutes: number): Minute[] {
  const first = Math.floor(from / MINUTE) * MINUTE;
  const out: Minute[] = Array.from({ length: minutes }, (_, i) => ({ at: first + i * MINUTE, starts: 0, pile: null }));
  const bySecond = new Map<number, Set<string>>();
  for (const [key, instants] of starts) {
    for (const at of instants) {
      const minute = out[Math.floor((at - first) / MINUTE)];
      if (!minute) continue;
      minute.starts += 1;
      const second = Math.floor(at / 1000) * 1000;
      const keys = bySecond.get(second) ?? new Set();
      bySecond.set(second, keys.add(key));
    }
  }
  for (const [at, keys] of bySecond) {
    const minute = out[Math.floor((at - first) / MINUTE)];
    if (minute && keys.size > (minute.pile?.tasks.length ?? 1)) minute.pile = { at, tasks: [...keys] };
  }
  return out;
}
