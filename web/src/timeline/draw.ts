// Draws rows of the timeline. As in the strip: up ran well, down needs a look, on the line was not to run; hollow has
// no result; striped goes now; what is to come is a small ring.
import type { Mark } from './marks';
import type { Rule, View } from './scale';
import type { Family } from '../look/outcome';

export interface Lane {
  marks: Mark[];
  future: number[];
  futureDense: boolean;
  unread: { from: number; to: number } | null; // there is more than is drawn
  reading: boolean;
}
export interface Paper { width: number; row: number; colours: Record<string, string> }

const UP = 9;
const DOWN = 7;
const LEAST = 2.5;
const DENSE_PX = 7;
const ORDER: Family[] = ['plan', 'ok', 'live', 'stop', 'gap', 'bad'];

export function coloursOf(element: HTMLElement): Record<string, string> {
  const style = getComputedStyle(element);
  return Object.fromEntries(['ok', 'bad', 'stop', 'plan', 'gap', 'live', 'line', 'line-strong', 'muted', 'sunk', 'card', 'faint'].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export function drawLanes(context: CanvasRenderingContext2D, paper: Paper, view: View, lanes: Lane[], grid: Rule[], now: number): void {
  const { width, row, colours } = paper;
  const x = (at: number): number => ((at - view.from) / (view.to - view.from)) * width;
  context.clearRect(0, 0, width, lanes.length * row);
  context.lineWidth = 1;
  for (const rule of grid) {
    context.strokeStyle = (rule.day ? colours['line-strong'] : colours.line) ?? '';
    line(context, Math.round(x(rule.at)) + 0.5, 0, lanes.length * row);
  }
  lanes.forEach((lane, i) => drawLane(context, paper, x, lane, i * row, now));
  const present = Math.round(x(now)) + 0.5;
  if (present > 0 && present < width) {
    context.strokeStyle = colours.live ?? '';
    line(context, present, 0, lanes.length * row);
  }
}

function line(context: CanvasRenderingContext2D, x: number, from: number, to: number): void {
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
}

function drawLane(context: CanvasRenderingContext2D, { width, row, colours }: Paper, x: (at: number) => number, lane: Lane, top: number, now: number): void {
  const base = top + row / 2 + 1.5;
  context.fillStyle = colours.line ?? '';
  context.fillRect(0, top + row - 1, width, 1);
  context.fillStyle = colours['line-strong'] ?? '';
  context.fillRect(0, base, width, 0.5);
  if (lane.unread !== null) hatch(context, x(lane.unread.from), x(lane.unread.to), base - UP, UP + DOWN, colours.faint ?? '');
  for (const family of ORDER) {
    context.fillStyle = context.strokeStyle = colours[family] ?? '';
    let drawn = -Infinity; // columns that are full already
    for (const mark of lane.marks) {
      if (mark.family !== family) continue;
      const left = x(mark.from);
      const right = Math.max(left + LEAST, x(mark.to ?? now));
      if (right < 0 || left > width) continue;
      if (Math.abs(left - drawn) < 0.75 && right - left <= LEAST) continue;
      drawn = left;
      shape(context, family, mark.mark, Math.max(-2, left), Math.min(width + 2, right), base);
    }
  }
  drawFuture(context, x, lane, base, width, colours);
}

function shape(context: CanvasRenderingContext2D, family: Family, mark: string, left: number, right: number, base: number): void {
  const wide = right - left;
  if (family === 'ok') context.fillRect(left, base - UP, wide, UP);
  else if (family === 'plan') context.fillRect(left, base - 1, wide, 2.5);
  else if (family === 'stop') context.fillRect(left, base + 0.5, wide, DOWN / 2);
  else if (family === 'bad') context.fillRect(left, base + 0.5, wide, DOWN);
  else if (family === 'gap') context.strokeRect(left + 0.5, base + 1, Math.max(2, wide - 1), DOWN - 1);
  else if (mark === 'waiting') context.strokeRect(left + 0.5, base - UP + 0.5, Math.max(2, wide - 1), UP - 1);
  else hatch(context, left, right, base - UP, UP, String(context.fillStyle), true);
}

// What is close together is a band and not a picket fence.
function drawFuture(context: CanvasRenderingContext2D, x: (at: number) => number, lane: Lane, base: number, width: number, colours: Record<string, string>): void {
  const { future } = lane;
  context.strokeStyle = colours.muted ?? '';
  const first = future[0];
  const last = future.at(-1);
  if (first === undefined || last === undefined) return;
  const pace = (x(last) - x(first)) / Math.max(1, future.length - 1);
  if (future.length > 2 && pace < DENSE_PX) {
    hatch(context, x(first), lane.futureDense ? width : x(last), base - 5, 7, colours.muted ?? '');
    return;
  }
  for (const at of future) {
    const centre = x(at);
    if (centre < -4 || centre > width + 4) continue;
    context.beginPath();
    context.arc(centre, base - 3, 3, 0, 2 * Math.PI);
    context.stroke();
  }
}

function hatch(context: CanvasRenderingContext2D, left: number, right: number, top: number, height: number, colour: string, framed = false): void {
  const from = Math.max(left, -4);
  if (right <= from) return;
  context.save();
  context.beginPath();
  context.rect(from, top, right - from, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = Math.floor(from / 5) * 5 - height; at < right; at += 5) {
    context.moveTo(at, top + height);
    context.lineTo(at + height, top);
  }
  context.stroke();
  if (framed) context.strokeRect(from + 0.5, top + 0.5, right - from - 1, height - 1);
  context.restore();
}
