// What happens, as it happens: one stream of server-sent events for the whole browser.
//
// A browser opens at most six connections to one server, and a stream keeps one. So one tab holds the stream, by a
// lock, and tells the others what comes; when it is closed, another takes the lock. Where the browser has no locks
// (a page over plain HTTP from another machine), each tab has its own stream and drops it while it is hidden.
import { reactive } from 'vue';
import type { LiveEvent } from '../api/types';
import { recall, session } from './session';
import { present } from './clock';

export type Connection = 'idle' | 'connecting' | 'live' | 'lost';
export const connection = reactive({
  state: 'idle' as Connection,
  since: 0, // when it became so, by the server's clock
  retryAt: 0, // while lost
});

type Listener = (event: LiveEvent) => void;
const listeners = new Set<Listener>();

// Returns what ends the listening. After a time without the stream listeners hear `resync`: read everything again.
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const TYPES = ['task_saved', 'task_deleted', 'run_started', 'run_changed', 'run_ended', 'ticks_ended', 'resync'] as const;
const HIDDEN_MS = 60_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 16_000;

type Told = { kind: 'event'; event: LiveEvent } | { kind: 'state'; state: Connection; retryAt: number };
let channel: BroadcastChannel | null = null;
let stream: EventSource | null = null;
let leader = false;
let running = false;
let wait = RETRY_FIRST_MS;
let retry: number | undefined;
let hidden: number | undefined;
let giveUpLead: (() => void) | null = null;

function hear(event: LiveEvent): void {
  for (const listener of [...listeners]) listener(event);
}

function become(state: Connection, retryAt = 0): void {
  const was = connection.state;
  if (was !== state) connection.since = present();
  connection.state = state;
  connection.retryAt = retryAt;
  // What happened in between is not known.
  if (state === 'live' && was === 'lost') hear({ type: 'resync', project_id: 0, task_id: '' });
}

function tell(told: Told): void {
  if (leader) channel?.postMessage(told);
  if (told.kind === 'event') hear(told.event);
  else become(told.state, told.retryAt);
}

function close(): void {
  window.clearTimeout(retry);
  stream?.close();
  stream = null;
}

function lose(): void {
  close();
  if (!running) return;
  const delay = wait * (0.75 + Math.random() / 2);
  wait = Math.min(wait * 2, RETRY_MAX_MS);
  tell({ kind: 'state', state: 'lost', retryAt: present() + delay });
  retry = window.setTimeout(open, delay);
  // A session that has ended looks like a service that is away.
  recall().then(() => session.ended && close(), () => {});
}

function open(): void {
  close();
  if (!running || session.ended) return;
  const mine = new EventSource('/api/v2/events');
  stream = mine;
  mine.onopen = () => {
    wait = RETRY_FIRST_MS;
    tell({ kind: 'state', state: 'live', retryAt: 0 });
  };
  mine.onerror = () => mine === stream && lose();
  for (const type of TYPES) {
    mine.addEventListener(type, (message: MessageEvent<string>) => {
      tell({ kind: 'event', event: JSON.parse(message.data) as LiveEvent });
    });
  }
}

export function retryNow(): void {
  wait = RETRY_FIRST_MS;
  open();
}

function followVisibility(): void {
  window.clearTimeout(hidden);
  if (!running || leader) return;
  if (document.hidden) {
    hidden = window.setTimeout(close, HIDDEN_MS);
  } else if (!stream) {
    become('lost', present());
    open();
  }
}

function lead(): Promise<void> {
  return new Promise((resolve) => {
    if (!running) return resolve();
    leader = true;
    giveUpLead = resolve;
    open();
  });
}

export function startLive(): void {
  if (running) return;
  running = true;
  become('connecting');
  if ('locks' in navigator && 'BroadcastChannel' in window) {
    channel = new BroadcastChannel('gophercron-live');
    channel.onmessage = (message: MessageEvent<Told | { kind: 'ask' }>) => {
      const told = message.data;
      if (told.kind === 'ask') {
        if (leader) channel?.postMessage({ kind: 'state', state: connection.state, retryAt: connection.retryAt });
      } else if (!leader) {
        if (told.kind === 'event') hear(told.event);
        else become(told.state, told.retryAt);
      }
    };
    channel.postMessage({ kind: 'ask' });
    void navigator.locks.request('gophercron-live', lead);
  } else {
    document.addEventListener('visibilitychange', followVisibility);
    open();
  }
}

export function stopLive(): void {
  running = false;
  leader = false;
  close();
  channel?.close();
  channel = null;
  giveUpLead?.();
  giveUpLead = null;
  document.removeEventListener('visibilitychange', followVisibility);
  connection.state = 'idle';
}
