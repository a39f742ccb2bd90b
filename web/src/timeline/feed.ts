// Reads what the rows on the screen need, few requests at a time, and remembers it while the view moves within it.
import { get, post, query, taskPath } from '../api/client';
import type { LedgerRow, OutcomeCount, Page, Preview, Task } from '../api/types';
import { ofRow } from './marks';
import type { Mark } from './marks';
import type { View } from './scale';

export interface RowData {
  window: View;
  revision: number;
  marks: Mark[];
  // Ticks before the oldest mark that are only counted, when there are more than are read.
  older: { to: number; counts: OutcomeCount[] } | null;
  future: number[];
  futureDense: boolean; // it goes on behind the last of them
}

const ROWS_MAX = 1000;
const FUTURE_MAX = 300;
const AT_ONCE = 5;

// A view's window: wider than the view, and the same for views near to each other.
export function windowOf(view: View): View {
  const half = (view.to - view.from) / 2;
  // Spans differ by a hair while somebody zooms; the grid does not.
  const grid = 2 ** Math.ceil(Math.log2(half));
  const from = Math.floor(view.from / grid) * grid;
  return { from, to: from + 3 * grid };
}

export async function readRow(task: Task, window: View, now: number): Promise<RowData> {
  const path = taskPath(task.project_id, task.task_id);
  const iso = (at: number): string => new Date(at).toISOString();
  const past = window.from < now;
  const [page, preview] = await Promise.all([
    past ? get<Page<LedgerRow>>(path + '/ledger' + query({ from: iso(window.from), to: iso(Math.min(window.to, now + 1000)), limit: ROWS_MAX })) : null,
    task.enabled && window.to > now
      ? post<Preview>('/cron/preview', { cron: task.cron, zone: task.zone, task_id: task.task_id, jitter_s: task.jitter_s, valid_from: task.valid_from, valid_until: task.valid_until, from: iso(Math.max(window.from, now)), count: FUTURE_MAX }) : null,
  ]);
  const marks = (page?.items ?? []).flatMap(ofRow);
  let older: RowData['older'] = null;
  if (page?.next) {
    const to = Math.min(...marks.map((mark) => mark.from));
    const counted = await get<{ items: OutcomeCount[] }>(path + '/ledger/counts' + query({ from: iso(window.from), to: iso(to) }));
    if (counted.items.some((item) => item.ticks > 0)) older = { to, counts: counted.items };
  }
  const future = (preview?.next ?? []).map((at) => Date.parse(at));
  return { window, revision: task.revision, marks, older, future, futureDense: future.length === FUTURE_MAX };
}

// A few at a time, the newest wish first: what scrolled away meanwhile is not asked for any more.
export class Queue {
  private waiting: { key: string; act: () => Promise<void> }[] = [];
  private going = 0;
  private readonly wanted = new Set<string>();

  add(key: string, act: () => Promise<void>): void {
    if (this.wanted.has(key)) return;
    this.wanted.add(key);
    this.waiting.push({ key, act });
    this.next();
  }
  // Forgets what has not begun, unless it is still wanted.
  keep(keys: Set<string>): void {
    this.waiting = this.waiting.filter((wish) => keys.has(wish.key) || !this.wanted.delete(wish.key));
  }
  private next(): void {
    while (this.going < AT_ONCE) {
      const wish = this.waiting.pop();
      if (!wish) return;
      ++this.going;
      void wish.act().catch(() => {}).finally(() => {
        --this.going;
        this.wanted.delete(wish.key);
        this.next();
      });
    }
  }
}
