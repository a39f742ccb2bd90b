import { createApp } from 'vue';
import App from './App.vue';
import { router } from './router';
import { startClock } from './state/clock';
import { startPreferences } from './state/preferences';
import { recall, redeem, session } from './state/session';
import { i18n } from './words';
import './look/element';
import './look/base.css';

startPreferences();
startClock();

// A one-time code stands behind the '#', which no server and no log ever sees; it goes from the address at once.
async function begin(): Promise<void> {
  const code = new URLSearchParams(window.location.hash.slice(1)).get('code');
  let refused = false;
  if (code) {
    window.history.replaceState(null, '', window.location.pathname);
    try {
      await redeem(code);
    } catch {
      refused = true;
    }
  }
  if (!session.me) await recall().catch(() => {});
  router.beforeEach((to) => {
    if (!session.me) return to.meta.open ? true : { name: 'sign-in', query: { to: to.fullPath === '/' ? undefined : to.fullPath, ...(refused ? { code: 'used' } : {}) } };
    if (session.me.must_change_password && to.name !== 'password') return { name: 'password' };
    return to.name === 'sign-in' ? { name: 'overview' } : true;
  });
  createApp(App).use(i18n).use(router).mount('#app');
}

void begin();
