// Keys that work everywhere. A single key never acts while a field or a dialog has the focus.
import type { Router } from 'vue-router';
import { preferences } from './preferences';

export const GO: Record<string, string> = { o: 'overview', t: 'tasks', l: 'timeline', r: 'runs', n: 'nodes', p: 'projects', i: 'import' };

function writing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.('input, textarea, select, [contenteditable], [role=dialog], [role=menu]');
}

// Rows that j and k move over carry data-row.
function moveRow(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')].filter((row) => row.offsetParent !== null);
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  (next?.querySelector<HTMLElement>('a') ?? next)?.focus();
}

export function startKeys(router: Router, act: { palette: () => void; help: () => void }): void {
  let going = 0;
  window.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return act.palette();
    }
    if (!preferences.keys || event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (Date.now() - going < 1500 && GO[event.key]) {
      going = 0;
      void router.push({ name: GO[event.key] });
      return;
    }
    if (event.key === 'g') going = Date.now();
    else if (event.key === '?') act.help();
    else if (event.key === 'j') moveRow(1);
    else if (event.key === 'k') moveRow(-1);
    else if (event.key === '/') {
      const field = document.querySelector<HTMLElement>('[data-search] input, input[data-search]');
      if (!field) return;
      event.preventDefault();
      field.focus();
    }
  });
}
