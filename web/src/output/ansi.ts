// A command's output as lines of styled pieces. Output is a stranger's text: of all escape sequences only colours and
// weights count, every other one is removed; characters that would hide or turn text around become visible marks.

export interface Style {
  fg: number | null; // 0 to 15 of our palette
  bg: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}
export interface Piece {
  text: string;
  style: Style | null; // null: plain
  mark?: boolean; // stands for a character that has no shape of its own
}
export interface Line {
  pieces: Piece[];
  text: string; // what is searched and copied
}

const PLAIN: Style = { fg: null, bg: null, bold: false, dim: false, italic: false, underline: false };
const ESC = '\u001b';
const LINE_MAX = 64 * 1024;
const ESCAPE_MAX = 4096; // an escape that goes on for longer is none

// The colour of 256 or of three parts that is nearest in the palette of 16.
function nearest(r: number, g: number, b: number): number {
  const bright = Math.max(r, g, b) > 170 ? 8 : 0;
  const threshold = Math.max(r, g, b) / 2;
  const bits = (r > threshold ? 1 : 0) | (g > threshold ? 2 : 0) | (b > threshold ? 4 : 0);
  if (Math.max(r, g, b) < 50) return 0;
  return bits + bright;
}
function of256(n: number): number {
  if (n < 16) return n;
  if (n >= 232) {
    const grey = (n - 232) * 10 + 8;
    return grey > 190 ? 15 : grey > 110 ? 7 : grey > 50 ? 8 : 0;
  }
  const level = (v: number): number => (v === 0 ? 0 : 55 + v * 40);
  const at = n - 16;
  return nearest(level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6));
}

function colourAfter(codes: number[], i: number): [number | null, number] {
  if (codes[i + 1] === 5) return [of256(codes[i + 2] ?? 0), i + 2];
  if (codes[i + 1] === 2) return [nearest(codes[i + 2] ?? 0, codes[i + 3] ?? 0, codes[i + 4] ?? 0), i + 4];
  return [null, i + 1];
}

// What "ESC [ codes m" makes of a style.
export function restyled(style: Style, parameters: string): Style {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map((code) => Number(code) || 0);
  let out = { ...style };
  for (let i = 0; i < codes.length; ++i) {
    const code = codes[i] ?? 0;
    if (code === 0) out = { ...PLAIN };
    else if (code === 1) out.bold = true;
    else if (code === 2) out.dim = true;
    else if (code === 3) out.italic = true;
    else if (code === 4) out.underline = true;
    else if (code === 22) out.bold = out.dim = false;
    else if (code === 23) out.italic = false;
    else if (code === 24) out.underline = false;
    else if (code >= 30 && code <= 37) out.fg = code - 30;
    else if (code === 38) [out.fg, i] = colourAfter(codes, i);
    else if (code === 39) out.fg = null;
    else if (code >= 40 && code <= 47) out.bg = code - 40;
    else if (code === 48) [out.bg, i] = colourAfter(codes, i);
    else if (code === 49) out.bg = null;
    else if (code >= 90 && code <= 97) out.fg = code - 82;
    else if (code >= 100 && code <= 107) out.bg = code - 92;
  }
  return out;
}

function isPlain(style: Style): boolean {
  return style.fg === null && style.bg === null && !style.bold && !style.dim && !style.italic && !style.underline;
}

// Control characters, the C1 set, those that turn text around, those without width.
const ODD = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/u;
function markOf(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

export function piecesOf(text: string, style: Style | null): Piece[] {
  const out: Piece[] = [];
  let rest = text;
  while (rest !== '') {
    const at = rest.search(ODD);
    if (at < 0) {
      out.push({ text: rest, style });
      break;
    }
    if (at > 0) out.push({ text: rest.slice(0, at), style });
    out.push({ text: markOf(rest.charAt(at)), style, mark: true });
    rest = rest.slice(at + 1);
  }
  return out;
}

// Where the escape that begins at `from` ends (behind its last character), and what it asks; null: not all of it is
// here yet.
function escapeAt(text: string, from: number): { end: number; sgr: string | null } | null {
  const kind = text.charAt(from + 1);
  if (kind === '') return null;
  if (kind === '[') {
    let i = from + 2;
    while (i < text.length && text.charCodeAt(i) >= 0x20 && text.charCodeAt(i) <= 0x3f) ++i;
    if (i >= text.length) return null;
    return { end: i + 1, sgr: text.charAt(i) === 'm' ? text.slice(from + 2, i) : null };
  }
  if (kind === ']' || kind === 'P' || kind === 'X' || kind === '^' || kind === '_') {
    for (let i = from + 2; i < text.length; ++i) {
      if (text.charAt(i) === '\u0007') return { end: i + 1, sgr: null };
      if (text.charAt(i) === ESC && text.charAt(i + 1) === '\\') return { end: i + 2, sgr: null };
      if (text.charAt(i) === '\n') return { end: i, sgr: null };
    }
    return null;
  }
  if (text.charCodeAt(from + 1) < 0x20) return { end: from + 1, sgr: null };
  // "ESC ( B" and its like have one character more.
  return { end: from + ('()*+-./#% '.includes(kind) ? 3 : 2), sgr: null };
}

// Takes text as it comes, in pieces of any size, and gives lines. The last line may still grow.
export class Liner {
  private style: Style = { ...PLAIN };
  private held = ''; // an escape whose rest has not come
  private current: Line = { pieces: [], text: '' };
  private returned = false; // a carriage return came; what follows writes over the line

  // Lines that are finished now, and the one that is not.
  take(text: string): { done: Line[]; open: Line } {
    const done: Line[] = [];
    let rest = this.held + text;
    this.held = '';
    while (rest !== '') {
      const at = rest.search(/[\n\r\u001b]/u);
      if (at !== 0) this.write(at < 0 ? rest : rest.slice(0, at));
      if (this.current.text.length > LINE_MAX) {
        done.push(this.current);
        this.current = { pieces: [], text: '' };
      }
      if (at < 0) break;
      const c = rest.charAt(at);
      if (c === '\n') {
        done.push(this.current);
        this.current = { pieces: [], text: '' };
        this.returned = false;
        rest = rest.slice(at + 1);
      } else if (c === '\r') {
        this.returned = true;
        rest = rest.slice(at + 1);
      } else {
        const escape = escapeAt(rest, at);
        if (!escape) {
          if (rest.length - at > ESCAPE_MAX) {
            rest = rest.slice(at + 1);
            continue;
          }
          this.held = rest.slice(at);
          break;
        }
        if (escape.sgr !== null) this.style = restyled(this.style, escape.sgr);
        rest = rest.slice(escape.end);
      }
    }
    return { done, open: this.current };
  }

  private write(text: string): void {
    if (this.returned) {
      this.current = { pieces: [], text: '' };
      this.returned = false;
    }
    this.current.pieces.push(...piecesOf(text, isPlain(this.style) ? null : { ...this.style }));
    this.current.text += text;
  }
}
