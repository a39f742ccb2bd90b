// Who is signed in.
import { reactive } from 'vue';
import { ApiError, call, get, post, setOnUnauthenticated } from '../api/client';
import type { Me } from '../api/types';

interface Session {
  me: Me | null;
  // Came by a one-time code: no old password is asked for.
  byCode: boolean;
  // Was signed in, and the service no longer knows it: the page stays, a dialog asks again.
  ended: boolean;
}

export const session = reactive<Session>({ me: null, byCode: false, ended: false });

setOnUnauthenticated(() => {
  if (session.me) session.ended = true;
});

// Looks who is signed in. Throws only when the service does not answer.
export async function recall(): Promise<void> {
  try {
    session.me = await get<Me>('/session');
    session.ended = false;
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 401) throw failure;
    if (session.me) session.ended = true;
  }
}

export async function signIn(account: string, password: string): Promise<void> {
  await post('/session', { account, password, cookie: true });
  session.byCode = false;
  await recall();
}

export async function redeem(code: string): Promise<void> {
  await post('/session/redeem', { code, cookie: true });
  session.byCode = true;
  await recall();
}

export async function changePassword(password: string, newPassword: string): Promise<void> {
  await call('PUT', '/session/password', { body: { password, new_password: newPassword } });
  session.byCode = false;
  await recall();
}

export async function signOut(everywhere = false): Promise<void> {
  await call('DELETE', everywhere ? '/session?all=true' : '/session');
  session.me = null;
  session.ended = false;
}
