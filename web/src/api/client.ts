// One door to /api/v2: the cookie, the header against forgery, problems as one kind of error, and the server's clock.
import type { FieldError } from './types';
import { noteServerDate } from '../state/clock';

export class ApiError extends Error {
  readonly status: number; // 0: no answer came
  readonly code: string;
  readonly requestId: string;
  readonly fields: FieldError[];
  readonly retryAfterS: number | null;

  constructor(status: number, code: string, detail: string, requestId = '', fields: FieldError[] = [],
              retryAfterS: number | null = null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.fields = fields;
    this.retryAfterS = retryAfterS;
  }
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let onUnauthenticated: () => void = () => {};
// Called when an answer says that nobody is signed in.
export function setOnUnauthenticated(act: () => void): void {
  onUnauthenticated = act;
}

// The answer of a request, also of one that failed; throws ApiError when none came.
async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { 'X-Gophercron': '1', ...options.headers };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const answer = await fetch('/api/v2' + path, {
      method,
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
    noteServerDate(answer.headers.get('date'));
    return answer;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new ApiError(0, 'no_answer', '');
  }
}

interface ProblemBody {
  code?: string;
  detail?: string;
  request_id?: string;
  errors?: FieldError[];
}

async function problemOf(answer: Response): Promise<ApiError> {
  let problem: ProblemBody = {};
  try {
    problem = (await answer.json()) as ProblemBody;
  } catch {
    // Something between here and the service answered in a form of its own.
  }
  const retry = Number(answer.headers.get('retry-after'));
  return new ApiError(answer.status, problem.code ?? 'unknown', problem.detail ?? answer.statusText,
                      problem.request_id ?? answer.headers.get('x-request-id') ?? '', problem.errors ?? [],
                      retry > 0 ? retry : null);
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const answer = await send(method, path, options);
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401 && !path.startsWith('/session')) onUnauthenticated();
    throw problem;
  }
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>('GET', path, { signal });
export const post = <T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> =>
  call<T>('POST', path, { body, headers });

// The bytes of a run's output and where they stand.
export async function download(path: string): Promise<Blob> {
  const answer = await send('GET', path, {});
  if (!answer.ok) throw await problemOf(answer);
  return answer.blob();
}

// Browsers have randomUUID only where the page came by TLS or from this machine.
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export function query(parameters: Record<string, string | number | boolean | null | undefined>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') out.set(name, String(value));
  }
  const text = out.toString();
  return text ? '?' + text : '';
}

export function taskPath(project: number | string, task: string): string {
  return `/projects/${project}/tasks/${encodeURIComponent(task)}`;
}
