// What one person likes in this browser. Kept in the browser only.
import { reactive, watch } from 'vue';

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'en' | 'zh';
export type ZoneChoice = 'mine' | 'utc';

interface Preferences {
  theme: Theme;
  language: Language;
  zone: ZoneChoice;
  railNarrow: boolean;
  compact: boolean;
  wrap: boolean;
  keys: boolean;
}

const NAME = 'gophercron';

function read(): Preferences {
  const usual: Preferences = {
    theme: 'system',
    language: navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en',
    zone: 'mine',
    railNarrow: false,
    compact: false,
    wrap: true,
    keys: true,
  };
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Preferences>) };
  } catch {
    return usual;
  }
}

export const preferences = reactive(read());

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
function paint(): void {
  const dark = preferences.theme === 'dark' || (preferences.theme === 'system' && systemDark.matches);
  document.documentElement.classList.toggle('dark', dark);
}

export function startPreferences(): void {
  systemDark.addEventListener('change', paint);
  watch(preferences, () => {
    paint();
    try {
      localStorage.setItem(NAME, JSON.stringify(preferences));
    } catch {
      // Not kept, then.
    }
  });
  paint();
}
