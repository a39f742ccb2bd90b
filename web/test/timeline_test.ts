import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('window', { matchMedia: () => ({ matches: false, addEventListener: () => {} }) });
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
const { around, herd, rules, zoomed } = await import('../src/timeline/scale');
const { nearest, ofRow } = await import('../src/timeline/marks');
const { windowOf } = await import('../src/timeline/feed');

const HOUR = 3_600_000;
const utc = (text: string): number => Date.parse(text + 'Z');

describe('the axis', () => {
  it('has its rules at whole steps of the wall clock, through a change of it', () => {
    const view = { from: utc('2026-03-28T22:30:00'), to: utc('2026-03-29T04:30:00') };
    expect(rules(view, 'Europe/Berlin', 1 / 8).map((rule) => rule.label)).toEqual(['03-29', '01:00', '03:00', '04:00', '05:00', '06:00']);
    expect(rules(view, 'UTC', 1 / 3).map((rule) => rule.label)).toEqual(['03-29', '02:00', '04:00']);
  });
  it('keeps what is under the pointer while it zooms', () => {
    const view = around(utc('2026-01-01T12:00:00'), 6 * HOUR);
    expect(view.to - view.from).toBe(6 * HOUR);
    const at = view.from + 0.25 * 6 * HOUR;
    const closer = zoomed(view, 0.5, 0.25);
    expect(closer.to - closer.from).toBe(3 * HOUR);
    expect(closer.from + 0.25 * 3 * HOUR).toBe(at);
    expect(zoomed(view, 1e-9, 0).to - view.from).toBe(5 * 60_000);
  });
  it('reads windows that hold each view in them and do not move with each second', () => {
    const view = around(utc('2026-01-01T12:00:00'), 6 * HOUR);
    const window = windowOf(view);
    expect(window.from <= view.from && window.to >= view.to).toBe(true);
    expect(windowOf({ from: view.from + 1000, to: view.to + 1000 })).toEqual(window);
  });
});

describe('the herd', () => {
  it('is counted by the minute, and piles by the second', () => {
    const at = utc('2026-01-01T12:00:00');
    const minutes = herd([['a', [at + 60_000, at + 90_000]], ['b', [at + 60_400]], ['c', [at + 60_000, at + 3 * HOUR]]], at + 500, 3);
    expect(minutes.map((m) => m.starts)).toEqual([0, 4, 0]);
    expect(minutes[1]?.pile).toEqual({ at: at + 60_000, tasks: ['a', 'b', 'c'] });
    expect(minutes[0]?.pile).toBe(null);
  });
});

describe('marks', () => {
  const span = { first: '2026-01-01T12:00:00Z', last: '2026-01-01T12:10:00Z', count: 11, outcome: 'missed', reason: 'catch_up', detail: '', node_id: '', project_id: 1, task_id: 'a' };
  it('are one for each run, or one for ticks that ended alike without any', () => {
    const run = { run_id: 'r', tick: span.first, started_at: span.first, ended_at: span.last, outcome: 'failed', claimed_at: null };
    expect(ofRow({ ...span, runs: [] } as never)).toMatchObject([{ family: 'gap', count: 11, runId: null }]);
    expect(ofRow({ ...span, runs: [run, { ...run, outcome: 'succeeded' }] } as never).map((m) => m.family)).toEqual(['bad', 'ok']);
  });
  it('are found under the pointer, the worst first', () => {
    const at = utc('2026-01-01T12:05:00');
    const marks = ofRow({ ...span, runs: [{ run_id: 'r', tick: null, started_at: span.first, ended_at: span.last, outcome: 'succeeded' }, { run_id: 's', tick: null, started_at: span.first, ended_at: span.last, outcome: 'failed' }] } as never);
    expect(nearest(marks, at, 0, at)?.runId).toBe('s');
    expect(nearest(marks, at + HOUR, 1000, at)).toBe(null);
  });
});
