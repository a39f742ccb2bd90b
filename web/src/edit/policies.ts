// What a task does when things go wrong, one sentence for each choice: for the editor and for the task's page.
import type { TaskBody } from '../api/types';
import { duration, seconds } from '../look/format';

type Say = (key: string, named?: Record<string, unknown>, plural?: number) => string;
const DAY_S = 86_400;
const SHOWN = 3;

// When the further attempts come, in seconds after the end of the one before.
export function delays(retry: TaskBody['retry'], most = retry.max_number): number[] {
  const out: number[] = [];
  let delay = retry.delay_s;
  for (let i = 0; i < Math.min(retry.max_number, most); ++i) {
    out.push(Math.min(delay, DAY_S));
    delay *= retry.backoff;
  }
  return out;
}

export function sayRetry(task: TaskBody, t: Say): string {
  if (task.retry.max_number < 1) return t('policy.retry_none');
  const shown = delays(task.retry, SHOWN).map((s) => (Number.isInteger(s) ? seconds(s) : duration(s * 1000)));
  const list = new Set(shown).size === 1 ? shown[0] : shown.join(', ') + (task.retry.max_number > SHOWN ? ', …' : '');
  return t('policy.retry_says', { n: task.retry.max_number, delays: list }, task.retry.max_number);
}

export function sayLost(task: TaskBody, t: Say): string {
  return t(`policy.on_lost_${task.on_lost}`);
}

export function sayWhere(task: TaskBody, t: Say): string {
  return t(task.broadcast ? 'policy.every_node' : 'policy.one_node');
}

// All of it in one paragraph.
export function sayAll(task: TaskBody, t: Say): string {
  return [
    sayWhere(task, t),
    t(`edit.says_overlap_${task.overlap}`),
    sayRetry(task, t),
    t(`edit.says_catch_up_${task.catch_up.mode}`, { age: seconds(task.catch_up.max_age_s) }),
    task.timeout_s ? t('edit.says_timeout', { time: seconds(task.timeout_s) }) : t('edit.says_no_timeout'),
    ...(task.on_lost === 'retry' ? [sayLost(task, t)] : []),
  ].join(' ');
}
