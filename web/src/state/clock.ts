// The present by the server's clock, as a value that views depend on: one timer for the whole page, once a second,
// none while the page is hidden.
import { ref } from 'vue';

// How far the server's clock is ahead of this computer's, in milliseconds; 0 while they agree.
export const clockOffset = ref(0);
export const now = ref(Date.now());

// A Date header has whole seconds, so less than two seconds of difference say nothing.
const AGREES_MS = 2500;

export function noteServerDate(header: string | null): void {
  if (!header) return;
  const server = Date.parse(header);
  if (Number.isNaN(server)) return;
  const offset = server + 500 - Date.now();
  clockOffset.value = Math.abs(offset) < AGREES_MS ? 0 : offset;
}

export function present(): number {
  return Date.now() + clockOffset.value;
}

let timer: number | undefined;
function beat(): void {
  now.value = present();
  // On the server's whole second, so that countdowns step when the seconds do.
  timer = window.setTimeout(beat, 1000 - (now.value % 1000) + 5);
}
export function startClock(): void {
  const follow = (): void => {
    window.clearTimeout(timer);
    if (!document.hidden) beat();
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}
