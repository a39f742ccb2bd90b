import { describe, expect, it } from 'vitest';
import en from '../src/words/en';
import zh from '../src/words/zh';

function flat(words: object, before = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(words)) {
    if (typeof value === 'string') out.set(before + name, value);
    else for (const [inner, text] of flat(value as object, `${before}${name}.`)) out.set(inner, text);
  }
  return out;
}
const files = import.meta.glob<string>(['../src/**/*.vue', '../src/**/*.ts', '!../src/words/**'], { query: '?raw', import: 'default', eager: true });

const english = flat(en);
const chinese = flat(zh);
const code = Object.values(files).join('\n');
const slots = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? ''))].sort();

describe('words', () => {
  it('are the same keys in both languages', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });
  it('take the same values in both languages', () => {
    for (const [key, text] of english) expect(slots(chinese.get(key) ?? ''), key).toEqual(slots(text));
  });
  it('are translated', () => {
    const same = [...english].filter(([key, text]) => /[A-Za-z]{3}/.test(text.replace(/\{\w+\}/g, '')) && chinese.get(key) === text).map(([key]) => key);
    expect(same).toEqual(['import.source']);
  });
  it('are there for every key that the code names', () => {
    const named = [...code.matchAll(/\bt\(\s*'([\w.]+)'/g)].map((m) => m[1] ?? '');
    expect(named.length).toBeGreaterThan(200);
    expect(named.filter((key) => !english.has(key))).toEqual([]);
  });
  it('are there for every key that the code puts together', () => {
    const begun = [...code.matchAll(/\bt\(\s*`([\w.]+)\$\{/g)].map((m) => m[1] ?? '');
    expect(begun.filter((start) => ![...english.keys()].some((key) => key.startsWith(start)))).toEqual([]);
  });
  it('are all used', () => {
    const named = new Set([...code.matchAll(/'([a-z_]+\.[\w]+)'/g)].map((m) => m[1]));
    const begun = [...code.matchAll(/`([a-z_]+\.[\w]*)\$\{/g)].map((m) => m[1] ?? '');
    expect([...english.keys()].filter((key) => !named.has(key) && !begun.some((start) => key.startsWith(start)))).toEqual([]);
  });
  it('cover every outcome and reason of the API', () => {
    for (const outcome of ['succeeded', 'failed', 'failed_to_start', 'timed_out', 'killed', 'skipped', 'missed', 'lost', 'superseded', 'running', 'waiting']) expect(english.has(`outcome.${outcome}`), outcome).toBe(true);
    for (const reason of ['skipped_overlap', 'skipped_queued', 'missed_run_limit', 'missed_deadline', 'missed_catch_up', 'missed_overtaken', 'missed_no_agent', 'missed_not_recorded', 'lost_agent_died', 'superseded_edited', 'superseded_paused', 'missed_store_held']) {
      expect(english.has(`reason.${reason}`), reason).toBe(true);
    }
  });
});
