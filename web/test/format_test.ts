import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('window', { matchMedia: () => ({ matches: false, addEventListener: () => {} }) });
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
const { bytes, civil, countdown, duration, fullInstant, instant, seconds } = await import('../src/look/format');
const { preferences } = await import('../src/state/preferences');
const { exact, lagOf } = await import('../src/look/outcome');
preferences.language = 'en';

const at = Date.parse('2026-03-29T01:30:00Z');
describe('format', () => {
  it('says durations in two units at most', () => {
    expect([0.3, 240, 4200, 42_000, 185_000, 7_500_000, 273_600_000].map(duration)).toEqual(['0.3 ms', '240 ms', '4.2 s', '42 s', '3 m 05 s', '2 h 05 m', '3 d 4 h']);
    preferences.language = 'zh';
    expect(duration(185_000)).toBe('3 分 05 秒');
    preferences.language = 'en';
    expect([0, 90, 600, 3600, 172_800].map(seconds)).toEqual(['0 s', '90 s', '10 m', '1 h', '2 d']);
  });
  it('counts down without standing still at zero', () => {
    expect([7_500_000, 724_000, 4000, 1, 0].map((left) => countdown(left, 0))).toEqual(['in 2 h 05 m', 'in 12:04', 'in 4 s', 'in 1 s', 'in 0 s']);
  });
  it('shows an instant in the zone that is asked, through a change of the clock', () => {
    expect(civil(at, 'Europe/Berlin')).toMatchObject({ time: '03:30:00', offset: '+02:00', weekday: 'Sun' });
    expect(civil(at - 3_600_000, 'Europe/Berlin')).toMatchObject({ time: '01:30:00', offset: '+01:00' });
    expect(fullInstant(at, 'UTC')).toBe('2026-03-29 01:30:00 +00:00 (UTC)');
    expect(instant(at, at + 3_600_000, 'UTC')).toBe('01:30:00');
    expect(instant(at, at + 90_000_000, 'UTC')).toBe('03-29 01:30:00');
    expect(instant(at, at + 400 * 86_400_000, 'UTC')).toBe('2026-03-29 01:30:00');
  });
  it('keeps what is smaller than a millisecond', () => {
    expect(exact('2026-03-29T01:30:00.000432Z') - at).toBeCloseTo(0.432, 3);
    expect(lagOf({ tick: '2026-03-29T01:30:00Z', started_at: '2026-03-29T01:30:00.000432Z' } as never)).toBeCloseTo(0.432, 3);
  });
  it('says sizes', () => {
    expect([12, 1536, 50 * 1024 * 1024].map(bytes)).toEqual(['12 B', '1.5 KiB', '50 MiB']);
  });
});
