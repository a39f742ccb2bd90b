import { describe, expect, it } from 'vitest';
import { Liner } from '../src/output/ansi';
import type { Line } from '../src/output/ansi';

const ESC = '\u001b';
// All lines, the open one too, of text that comes in pieces of `size`.
function lines(text: string, size = text.length): Line[] {
  const liner = new Liner();
  const out: Line[] = [];
  let open: Line = { pieces: [], text: '' };
  for (let i = 0; i < text.length; i += size) {
    const taken = liner.take(text.slice(i, i + size));
    out.push(...taken.done);
    open = taken.open;
  }
  return open.pieces.length > 0 ? [...out, open] : out;
}
const shown = (line: Line | undefined): string => (line?.pieces ?? []).map((piece) => piece.text).join('');

describe('output', () => {
  it('is cut into lines, however it comes', () => {
    const text = `one\ntwo\r\n${ESC}[1;31mred${ESC}[0m three\n\nlast`;
    const whole = lines(text).map(shown);
    expect(whole).toEqual(['one', 'two', 'red three', '', 'last']);
    for (let size = 1; size < 9; ++size) expect(lines(text, size).map(shown)).toEqual(whole);
  });
  it('keeps colours and nothing else of escapes', () => {
    const [line] = lines(`${ESC}[32mgreen${ESC}[2J${ESC}[5;5H${ESC}]0;title\u0007${ESC}]8;;http://evil/\u001b\\link${ESC}]8;;${ESC}\\${ESC}(B!`);
    expect(shown(line)).toBe('greenlink!');
    expect(line?.pieces[0]?.style?.fg).toBe(2);
  });
  it('maps 256 colours and true colours to the palette', () => {
    const [line] = lines(`${ESC}[38;5;196ma${ESC}[38;2;0;250;0mb${ESC}[48;5;21mc`);
    expect(line?.pieces.map((piece) => piece.style?.fg)).toEqual([9, 10, 10]);
    expect(line?.pieces[2]?.style?.bg).toBe(12);
  });
  it('shows what would hide or turn text around', () => {
    const [line] = lines('a\u202eb\u200bc\u0007d');
    expect(shown(line)).toBe('a<U+202E>b<U+200B>c\u2407d');
    expect(line?.pieces.filter((piece) => piece.mark).length).toBe(3);
  });
  it('lets a carriage return write over the line', () => {
    expect(lines('10%\r20%\r30%\ndone').map(shown)).toEqual(['30%', 'done']);
  });
  it('does not swallow output behind an escape that never ends', () => {
    expect(shown(lines(`${ESC}[${'1;'.repeat(4000)}`)[0]).length).toBeGreaterThan(1000);
    expect(lines(`${ESC}]0;never\nnext\n`).map(shown)).toEqual(['', 'next']);
  });
  it('folds a line that has no end', () => {
    expect(lines('x'.repeat(200_000), 1000).length).toBeGreaterThan(1);
  });
});
