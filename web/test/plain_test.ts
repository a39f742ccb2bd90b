import { describe, expect, it } from 'vitest';
import { EVERY, fromCron, toCron, turned } from '../src/edit/plain';
import type { Plain } from '../src/edit/plain';

const said: [Plain, string][] = [
  [{ kind: 'seconds', every: 10 }, '*/10 * * * * * *'], [{ kind: 'seconds', every: 1 }, '* * * * * * *'], [{ kind: 'minutes', every: 1 }, '* * * * *'], [{ kind: 'minutes', every: 15 }, '*/15 * * * *'],
  [{ kind: 'hours', every: 1, minute: 5 }, '5 * * * *'], [{ kind: 'hours', every: 6, minute: 0 }, '0 */6 * * *'], [{ kind: 'day', hour: 3, minute: 30 }, '30 3 * * *'],
  [{ kind: 'week', days: [1, 2, 3, 4, 5], hour: 9, minute: 0 }, '0 9 * * 1-5'], [{ kind: 'week', days: [0, 6], hour: 9, minute: 0 }, '0 9 * * 0,6'],
  [{ kind: 'month', day: 1, hour: 4, minute: 0 }, '0 4 1 * *'], [{ kind: 'month', day: 0, hour: 23, minute: 0 }, '0 23 L * *'],
];

describe('a schedule in words', () => {
  it('is an expression, and that expression is it', () => {
    for (const [plain, cron] of said) {
      expect(toCron(plain)).toBe(cron);
      expect(fromCron(cron), cron).toEqual(plain);
    }
  });
  it('is read where others wrote it otherwise', () => {
    expect(fromCron(' 0  3 * *  MON-fri ')).toEqual({ kind: 'week', days: [1, 2, 3, 4, 5], hour: 3, minute: 0 });
    expect(fromCron('0 3 * * 5-7')).toEqual({ kind: 'week', days: [0, 5, 6], hour: 3, minute: 0 });
    expect(fromCron('0 0 3 * * * *')).toEqual({ kind: 'day', hour: 3, minute: 0 });
    expect(fromCron('@daily')).toEqual({ kind: 'day', hour: 0, minute: 0 });
  });
  it('is not made of what says more', () => {
    for (const cron of ['', '0 3 * * * 2030', '*/7 * * * *', '0 3 1 * 1', '0,30 3 * * *', '0 3 * 2 *', '0 25 * * *', 'H 3 * * *', '*/5 3 * * *', '5 0 3 * * * *', '0 9 * * 5L', '0 9 * * 5-1', '@reboot', '* * * * * *']) expect(fromCron(cron), cron).toBe(null);
  });
  it('keeps its time when it is turned into another', () => {
    expect(turned({ kind: 'day', hour: 7, minute: 45 }, 'week')).toEqual({ kind: 'week', days: [1], hour: 7, minute: 45 });
    for (const kind of Object.keys(EVERY) as (keyof typeof EVERY)[]) expect(fromCron(toCron(turned(null, kind)))?.kind).toBe(kind);
  });
});
