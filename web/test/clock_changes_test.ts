import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('window', { matchMedia: () => ({ matches: false, addEventListener: () => {} }) });
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
const { affected, changesAfter, effectOf } = await import('../src/edit/clock_changes');
const { instantOf, offsetOf } = await import('../src/look/format');
const { delays } = await import('../src/edit/policies');

const HOUR = 3_600_000;
const utc = (text: string): number => Date.parse(text + 'Z');
const [spring, autumn] = changesAfter(utc('2026-01-01T00:00:00'), 'Europe/Berlin', 2);

describe('changes of the clock', () => {
  it('are found to the minute, and none where there is none', () => {
    expect(spring).toEqual({ at: utc('2026-03-29T01:00:00'), before: HOUR, after: 2 * HOUR });
    expect(autumn).toEqual({ at: utc('2026-10-25T01:00:00'), before: 2 * HOUR, after: HOUR });
    expect(changesAfter(utc('2026-01-01T00:00:00'), 'Asia/Shanghai', 2)).toEqual([]);
    expect(changesAfter(utc('2026-01-01T00:00:00'), 'Australia/Lord_Howe', 1)[0]).toMatchObject({ before: 11 * HOUR, after: 10.5 * HOUR });
  });
  it('touch the hour that does not exist or comes twice', () => {
    for (const change of [spring, autumn]) expect(change && affected(change).to - affected(change).from).toBe(HOUR);
    expect(spring && affected(spring).from).toBe(utc('2026-03-29T02:00:00'));
    expect(autumn && affected(autumn).from).toBe(utc('2026-10-25T02:00:00'));
  });
  it('do to a schedule what the instants of the service say', () => {
    if (!spring || !autumn) throw new Error('no change');
    // 30 2 * * *
    expect(effectOf(spring, [utc('2026-03-29T02:30:00')], [spring.at])).toBe('after');
    expect(effectOf(autumn, [utc('2026-10-25T02:30:00')], [utc('2026-10-26T01:30:00')])).toBe('first');
    // */30 * * * *
    expect(effectOf(spring, [utc('2026-03-29T02:00:00'), utc('2026-03-29T03:00:00')], [spring.at])).toBe('pace');
    expect(effectOf(autumn, [utc('2026-10-25T02:00:00')], [autumn.at, autumn.at + HOUR / 2])).toBe('both');
    // 0 12 * * *
    expect(effectOf(spring, [utc('2026-03-29T12:00:00')], [utc('2026-03-29T10:00:00')])).toBe('none');
  });
});

describe('the wall clock', () => {
  it('becomes the instant that it shows, on both sides of a change', () => {
    expect(instantOf('2026-03-29T01:59', 'Europe/Berlin')).toBe('2026-03-29T00:59:00.000Z');
    expect(instantOf('2026-03-29T03:00:00', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
    expect(instantOf('2026-10-25T12:00', 'Asia/Shanghai')).toBe('2026-10-25T04:00:00.000Z');
    expect(instantOf('', 'UTC')).toBe(null);
    expect(offsetOf(utc('2026-07-01T00:00:00'), 'America/New_York')).toBe(-4 * HOUR);
  });
});

describe('further attempts', () => {
  it('come after growing delays, a day at most', () => {
    expect(delays({ max_number: 3, delay_s: 10, backoff: 2 })).toEqual([10, 20, 40]);
    expect(delays({ max_number: 3, delay_s: 80_000, backoff: 2 })).toEqual([80_000, 86_400, 86_400]);
    expect(delays({ max_number: 0, delay_s: 10, backoff: 2 })).toEqual([]);
  });
});
