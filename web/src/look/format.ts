// Times, durations and sizes as people read them. Instants keep the same order in both languages.
import { preferences } from '../state/preferences';

const UNITS = {
  en: { ms: ' ms', s: ' s', m: ' m', h: ' h', d: ' d', ago: (t: string) => `${t} ago`, ahead: (t: string) => `in ${t}`, now: 'just now' },
  zh: { ms: ' 毫秒', s: ' 秒', m: ' 分', h: ' 小时', d: ' 天', ago: (t: string) => `${t}前`, ahead: (t: string) => `${t}后`, now: '刚刚' },
} as const;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const pad = (n: number): string => String(n).padStart(2, '0');

export function duration(ms: number): string {
  const u = UNITS[preferences.language];
  const t = Math.max(0, ms);
  if (t < 10) return `${t < 0.1 && t > 0 ? '<0.1' : t.toFixed(1)}${u.ms}`;
  if (t < SECOND) return `${Math.round(t)}${u.ms}`;
  if (t < 10 * SECOND) return `${(t / SECOND).toFixed(1)}${u.s}`;
  if (t < MINUTE) return `${Math.floor(t / SECOND)}${u.s}`;
  if (t < HOUR) return `${Math.floor(t / MINUTE)}${u.m} ${pad(Math.floor((t % MINUTE) / SECOND))}${u.s}`;
  if (t < DAY) return `${Math.floor(t / HOUR)}${u.h} ${pad(Math.floor((t % HOUR) / MINUTE))}${u.m}`;
  return `${Math.floor(t / DAY)}${u.d} ${Math.floor((t % DAY) / HOUR)}${u.h}`;
}

// A setting in whole seconds: "90 s", "10 m", "1 h".
export function seconds(s: number): string {
  const u = UNITS[preferences.language];
  if (s !== 0 && s % 86400 === 0) return `${s / 86400}${u.d}`;
  if (s !== 0 && s % 3600 === 0) return `${s / 3600}${u.h}`;
  if (s !== 0 && s % 60 === 0) return `${s / 60}${u.m}`;
  return `${s}${u.s}`;
}

function coarse(ms: number): string {
  const u = UNITS[preferences.language];
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${u.s}`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}${u.m}`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}${u.h} ${pad(Math.floor((ms % HOUR) / MINUTE))}${u.m}`;
  return `${Math.floor(ms / DAY)}${u.d}`;
}

export function ago(at: number, now: number): string {
  const u = UNITS[preferences.language];
  const gone = now - at;
  return gone < 5 * SECOND ? u.now : u.ago(coarse(gone));
}

// Minutes and seconds below an hour: "12:04"; above it "2 h 05 m".
export function countdown(at: number, now: number): string {
  const left = Math.max(0, Math.ceil((at - now) / SECOND) * SECOND);
  if (left < MINUTE) return UNITS[preferences.language].ahead(coarse(left));
  if (left < HOUR) return UNITS[preferences.language].ahead(`${Math.floor(left / MINUTE)}:${pad((left % MINUTE) / SECOND)}`);
  return UNITS[preferences.language].ahead(coarse(left));
}

export const myZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export function shownZone(): string {
  return preferences.zone === 'utc' ? 'UTC' : myZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
      hour: '2-digit', minute: '2-digit', second: '2-digit', weekday: 'short', timeZoneName: 'longOffset',
    });
    formats.set(zone, found);
  }
  return found;
}

export interface Civil { date: string; time: string; ms: string; offset: string; weekday: string }
export function civil(at: number, zone: string): Civil {
  const part: Record<string, string> = {};
  for (const { type, value } of format(zone).formatToParts(at)) part[type] = value;
  const offset = (part.timeZoneName ?? '').replace('GMT', '') || '+00:00';
  return {
    date: `${part.year}-${part.month}-${part.day}`,
    time: `${part.hour}:${part.minute}:${part.second}`,
    ms: String(((at % 1000) + 1000) % 1000 | 0).padStart(3, '0'),
    offset,
    weekday: part.weekday ?? '',
  };
}

// How far the wall clock of a zone is ahead of UTC, in milliseconds.
export function offsetOf(at: number, zone: string): number {
  const match = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(civil(at, zone).offset);
  if (!match) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 * MINUTE + Number(match[3]) * MINUTE + Number(match[4] ?? 0) * SECOND);
}

// What the wall clock of a zone shows ("2026-03-29T02:30", with or without seconds), as an instant. The offset is that
// of the instant itself, so that a time on the other side of a change of the clock is right too.
export function instantOf(wall: string, zone: string): string | null {
  const naive = Date.parse(wall + 'Z');
  if (Number.isNaN(naive)) return null;
  const first = naive - offsetOf(naive, zone);
  return new Date(naive - offsetOf(first, zone)).toISOString();
}

// As short as it can be said: today's without the date, this year's without the year.
export function instant(at: number, now: number, zone = shownZone()): string {
  const c = civil(at, zone);
  const today = civil(now, zone);
  if (c.date === today.date) return c.time;
  return c.date.slice(0, 4) === today.date.slice(0, 4) ? `${c.date.slice(5)} ${c.time}` : `${c.date} ${c.time}`;
}

// With date, offset and the zone's name; for the hover, and what is copied.
export function fullInstant(at: number, zone = shownZone()): string {
  const c = civil(at, zone);
  return `${c.date} ${c.time} ${c.offset} (${zone})`;
}

const WEEKDAYS: Record<string, string> = { Mon: '周一', Tue: '周二', Wed: '周三', Thu: '周四', Fri: '周五', Sat: '周六', Sun: '周日' };
export function weekday(name: string): string {
  return preferences.language === 'zh' ? (WEEKDAYS[name] ?? name) : name;
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  const names = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = n;
  let name = 'B';
  for (const next of names) {
    if (value < 1024) break;
    value /= 1024;
    name = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

// The order of names. A collator that is kept is many times as fast as localeCompare.
const collator = new Intl.Collator();
export const byText = (a: string, b: string): number => (a === b ? 0 : collator.compare(a, b));
// The order of instants as the API writes them, and of ids.
export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function count(n: number): string {
  return n.toLocaleString('en-US');
}
