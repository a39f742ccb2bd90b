// The nodes, while a page shows them. What they run is kept up to date by the events of runs; that one came or went
// has no event of its own, so the list is read again when an event names a node that is not known, when the stream
// comes back, and every now and then.
import { onBeforeUnmount, ref, shallowRef } from 'vue';
import { get } from '../api/client';
import type { LiveEvent, Node, Page, Run } from '../api/types';
import { listen } from './live';

export const nodes = shallowRef<Node[]>([]);
// Those that were there while this page was open and are not any more.
export const goneNodes = shallowRef<Node[]>([]);
export const nodesLoaded = ref(false);
export const nodesProblem = shallowRef<unknown>(null);

const EVERY_MS = 20_000;
const SOON_MS = 500;

export async function readNodes(): Promise<void> {
  try {
    const items = (await get<Page<Node>>('/nodes')).items;
    const here = new Set(items.map((node) => node.node_id));
    goneNodes.value = [...goneNodes.value, ...nodes.value].filter((node) => !here.has(node.node_id));
    nodes.value = items;
    nodesProblem.value = null;
    nodesLoaded.value = true;
  } catch (failure) {
    nodesProblem.value = failure;
  }
}

let soon: number | undefined;
function readSoon(): void {
  soon ??= window.setTimeout(() => {
    soon = undefined;
    void readNodes();
  }, SOON_MS);
}

// Runs that are counted in `running` since it was read.
function counted(node: Node, event: LiveEvent, run: Run): Node {
  if (event.type === 'run_started') return { ...node, running: node.running + 1, runs_started: node.runs_started + 1 };
  if (event.type !== 'run_ended' || !run.started_at) return node;
  const failed = run.outcome === 'succeeded' ? 0 : 1;
  return { ...node, running: Math.max(0, node.running - 1), runs_failed: node.runs_failed + failed };
}

function hear(event: LiveEvent): void {
  if (event.type === 'resync') return void readNodes();
  const run = event.run;
  if (!run?.node_id) return;
  const at = nodes.value.findIndex((node) => node.node_id === run.node_id);
  if (at < 0) return readSoon();
  nodes.value = nodes.value.map((node, i) => (i === at ? counted(node, event, run) : node));
}

// For the setup of a page that shows them.
export function useNodes(): void {
  void readNodes();
  const stop = listen(hear);
  const timer = window.setInterval(() => !document.hidden && void readNodes(), EVERY_MS);
  onBeforeUnmount(() => {
    stop();
    window.clearInterval(timer);
  });
}
