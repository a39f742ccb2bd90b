import { describe, expect, it } from 'vitest';
import { characterRange, fieldsOf } from '../src/edit/cron_fields';
import { changes, clashes, draftOf, EMPTY, fromLines, onTop, toLines } from '../src/edit/draft';

describe('the fields of an expression', () => {
  it('change their names with their number', () => {
    expect(fieldsOf('0 3 * * *').map((f) => f.name)).toEqual(['minute', 'hour', 'day', 'month', 'weekday']);
    expect(fieldsOf('0 3 * * * 2030').map((f) => f.name)).toEqual(['minute', 'hour', 'day', 'month', 'weekday', 'year']);
    expect(fieldsOf('5 0 3 * * * *').map((f) => f.name)?.[0]).toBe('second');
    expect(fieldsOf('@daily').map((f) => f.name)).toEqual([null]);
  });
  it('are marked where the API says, in bytes', () => {
    expect(characterRange('0 25 * * *', 2, 2)).toEqual([2, 4]);
    expect(characterRange('０ 25', 4, 2)).toEqual([2, 4]);
  });
});

describe('a draft', () => {
  const was = { ...EMPTY, name: 'backup', command: 'true', cron: '0 3 * * *' };
  it('sends only what was changed', () => {
    expect(changes(was, { ...was, cron: '0 4 * * *' })).toEqual({ cron: '0 4 * * *' });
    expect(changes(was, draftOf(was))).toEqual({});
  });
  it('knows what somebody else changed, and puts its own on top', () => {
    const theirs = { ...was, cron: '0 5 * * *', remark: 'theirs' };
    const yours = { ...was, cron: '0 6 * * *', timeout_s: 60 };
    expect(clashes(was, theirs, yours).map((c) => c.field)).toEqual(['remark', 'cron']);
    expect(onTop(was, theirs, yours)).toEqual({ ...was, cron: '0 6 * * *', remark: 'theirs', timeout_s: 60 });
  });
  it('reads environment lines back as it wrote them', () => {
    const map = { A: 'b=c', PATH: '/bin' };
    expect(fromLines(toLines(map))).toEqual(map);
    expect(fromLines('=x\nno\nA=1')).toEqual({ A: '1' });
  });
});
