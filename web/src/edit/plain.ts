// Schedules that can be said without knowing cron, and the expressions they stand for. What an expression means is the
// service's to say; here only such texts are recognised as this file would write itself.

export type Plain =
  | { kind: 'seconds'; every: number }
  | { kind: 'minutes'; every: number }
  | { kind: 'hours'; every: number; minute: number }
  | { kind: 'day'; hour: number; minute: number }
  | { kind: 'week'; days: number[]; hour: number; minute: number } // 0 is Sunday; at least one, ascending
  | { kind: 'month'; day: number; hour: number; minute: number }; // LAST_DAY: the last one
export type PlainKind = Plain['kind'];
export const LAST_DAY = 0;

// Those that divide their whole, so that the pace never stumbles.
export const EVERY: Record<'seconds' | 'minutes' | 'hours', number[]> = {
  seconds: [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30], minutes: [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30], hours: [1, 2, 3, 4, 6, 8, 12],
};

const step = (n: number): string => (n === 1 ? '*' : `*/${n}`);

export function toCron(plain: Plain): string {
  switch (plain.kind) {
    case 'seconds': return `${step(plain.every)} * * * * * *`;
    case 'minutes': return `${step(plain.every)} * * * *`;
    case 'hours': return `${plain.minute} ${step(plain.every)} * * *`;
    case 'day': return `${plain.minute} ${plain.hour} * * *`;
    case 'week': return `${plain.minute} ${plain.hour} * * ${daysText(plain.days)}`;
    case 'month': return `${plain.minute} ${plain.hour} ${plain.day === LAST_DAY ? 'L' : plain.day} * *`;
  }
}

// Monday to Friday is a range; everything else a list.
function daysText(days: number[]): string {
  return days.join() === '1,2,3,4,5' ? '1-5' : days.join();
}

const NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
function dayOf(text: string): number | null {
  const name = NAMES.indexOf(text.toUpperCase());
  if (name >= 0) return name;
  return /^[0-7]$/.test(text) ? Number(text) % 7 : null;
}

function daysOf(text: string): number[] | null {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first, more] = part.split('-');
    const from = dayOf(first);
    const to = dayOf(last);
    if (from === null || to === null || more !== undefined) return null;
    // Sunday ends a week as well as it begins one.
    const end = to === 0 && from > 0 ? 7 : to;
    if (end < from) return null;
    for (let day = from; day <= end; ++day) days.add(day % 7);
  }
  return [...days].sort((a, b) => a - b);
}

function numberIn(text: string, first: number, last: number): number | null {
  const n = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return n >= first && n <= last ? n : null;
}

function stepOf(text: string, allowed: number[]): number | null {
  const n = text === '*' ? 1 : Number(/^\*\/(\d{1,2})$/.exec(text)?.[1] ?? NaN);
  return allowed.includes(n) ? n : null;
}

const NICKNAMES: Record<string, string> = { '@hourly': '0 * * * *', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@weekly': '0 0 * * 0', '@monthly': '0 0 1 * *' };

// Null: it says more than the choices above can.
export function fromCron(cron: string): Plain | null {
  const text = cron.trim();
  const fields = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  if (fields.length === 7) {
    const every = stepOf(fields[0] ?? '', EVERY.seconds);
    if (every !== null) return fields.slice(1).every((field) => field === '*') ? { kind: 'seconds', every } : null;
    if (fields[0] !== '0' || fields[6] !== '*') return null;
    fields.shift();
    fields.pop();
  }
  if (fields.length !== 5) return null;
  const [m = '', h = '', day = '', month = '', weekday = ''] = fields;
  if (month !== '*') return null;
  const free = day === '*' && weekday === '*';
  const everyMinutes = stepOf(m, EVERY.minutes);
  if (everyMinutes !== null) return free && h === '*' ? { kind: 'minutes', every: everyMinutes } : null;
  const minute = numberIn(m, 0, 59);
  if (minute === null) return null;
  const everyHours = stepOf(h, EVERY.hours);
  if (everyHours !== null) return free ? { kind: 'hours', every: everyHours, minute } : null;
  const hour = numberIn(h, 0, 23);
  if (hour === null) return null;
  if (free) return { kind: 'day', hour, minute };
  if (day === '*') {
    const days = daysOf(weekday);
    return days === null ? null : { kind: 'week', days, hour, minute };
  }
  if (weekday !== '*') return null;
  if (day.toUpperCase() === 'L') return { kind: 'month', day: LAST_DAY, hour, minute };
  const date = numberIn(day, 1, 31);
  return date === null ? null : { kind: 'month', day: date, hour, minute };
}

// Another kind of schedule that keeps what both can say.
export function turned(plain: Plain | null, kind: PlainKind): Plain {
  const hour = plain && 'hour' in plain ? plain.hour : 3;
  const minute = plain && 'minute' in plain ? plain.minute : 0;
  switch (kind) {
    case 'seconds': return { kind, every: 10 };
    case 'minutes': return { kind, every: 15 };
    case 'hours': return { kind, every: 1, minute };
    case 'day': return { kind, hour, minute };
    case 'week': return { kind, days: [1], hour, minute };
    case 'month': return { kind, day: 1, hour, minute };
  }
}
