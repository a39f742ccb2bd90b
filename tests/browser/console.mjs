// What the browser tests share: a standalone on a folder of its own, its API, and a browser in front of it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
export const BIN = resolve(process.env.GOPHERCRON_BIN ?? 'build/release/gophercron');
export const SHOTS = resolve(process.env.GOPHERCRON_SHOTS ?? 'build/browser');
const PATIENCE_MS = 60_000;

export async function eventually(look, what, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve_) => setTimeout(resolve_, 50));
  }
}

export class Standalone {
  constructor(...args) {
    this.folder = mkdtempSync(join(tmpdir(), 'gophercron-browser-'));
    this.args = args;
    this.listen = '127.0.0.1:0';
  }
  get log() {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }
  async start() {
    const api = join(this.folder, 'data', 'api.json');
    rmSync(api, { force: true });
    const log = openSync(join(this.folder, 'log'), 'a');
    this.process = spawn(BIN, ['standalone', '--data', join(this.folder, 'data'), '--listen', this.listen, ...this.args],
      { stdio: ['ignore', log, log], env: { PATH: process.env.PATH, HOME: '/nonexistent', TZ: 'UTC', LANG: 'C.UTF-8' } });
    this.ended = new Promise((done) => this.process.once('exit', done));
    await eventually(() => existsSync(api) && readFileSync(api, 'utf8').includes('token'), 'standalone is up');
    const { url, token } = JSON.parse(readFileSync(api, 'utf8'));
    this.url = url.replace(/\/$/, '');
    this.listen = new URL(url).host;
    this.token = token;
    return this;
  }
  link() {
    return /http:\/\/\S+#code=\S+/.exec(this.log)?.[0];
  }
  async call(method, path, body) {
    const answer = await fetch(`${this.url}/api/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
  async kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    await this.ended;
  }
  async remove() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function openBrowser() {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

// A page that remembers what went wrong in it: errors, refusals of the content policy, requests to elsewhere.
export async function openPage(context, url) {
  const page = await context.newPage();
  page.wrongs = [];
  page.on('pageerror', (error) => page.wrongs.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())) page.wrongs.push(`console: ${message.text()}`);
    if (message.type() === 'warning' && /Vue warn|intlify/.test(message.text())) page.wrongs.push(`warning: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) page.wrongs.push(`asks elsewhere: ${request.url()}`);
  });
  return page;
}
