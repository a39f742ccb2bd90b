// The console in front of a cluster: two services, etcd, MariaDB and clients, each a process of its own. What a client
// does is seen live at a service that it does not know, and a service that dies is said to be away, and comes back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BIN, SHOTS, eventually, openBrowser, openPage } from './console.mjs';

const folder = mkdtempSync(join(tmpdir(), 'gophercron-browser-cluster-'));
const started = [];
let services;
let password;
let browser;
let page;

// Starts it in a process group of its own, so that all it started ends with it.
function begin(name, command, args, env = {}) {
  const log = openSync(join(folder, `${name}.log`), 'a');
  const process_ = spawn(command, args, { stdio: ['ignore', log, log], detached: true, env: { ...process.env, GOPHERCRON_BIN: BIN, ...env } });
  const ended = new Promise((done) => process_.once('exit', done));
  const part = { process: process_, ended, text: () => readFileSync(join(folder, `${name}.log`), 'utf8') };
  started.push(part);
  return part;
}

before(async () => {
  const rig = begin('rig', 'python3', ['-B', 'tests/cluster/run_cluster.py', join(folder, 'cluster')]);
  await eventually(() => {
    if (rig.process.exitCode !== null) throw new Error(`the cluster did not start:\n${rig.text()}`);
    return rig.text().includes('Ctrl-C stops all of it');
  }, 'the cluster is up');
  const told = rig.text();
  const urls = /console\s+(\S+)\/admin\/\s+or\s+(\S+)\/admin\//.exec(told);
  services = [0, 1].map((i) => ({ url: urls[i + 1], pid: Number(new RegExp(`service${i} (\\d+)`).exec(told)[1]) }));
  password = /password (\S+)/.exec(told)[1];
  browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' });
  page = await openPage(context, 'http://127.0.0.1:');
  page.setDefaultTimeout(20_000);
});
after(async () => {
  await browser?.close();
  for (const part of started.reverse()) {
    part.process.kill('SIGTERM');
    await part.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

describe('console of a cluster', { concurrency: 1 }, () => {
  test('somebody signs in at one service and sees the nodes, and a run of one of them as it goes', async () => {
    await page.goto(services[0].url + '/admin/');
    await page.fill('input[name=account]', 'admin');
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
    await page.getByText('Needs attention').waitFor();
    await page.goto(services[0].url + '/admin/nodes');
    for (const node of ['node0', 'node1', 'node2']) await page.getByText(node).first().waitFor();
    await page.screenshot({ path: `${SHOTS}/cluster-nodes.png` });
    await page.goto(services[0].url + '/admin/new');
    await page.fill('input[name=name]', 'talks');
    await page.fill('textarea[name=command]', 'i=0; while :; do i=$((i + 1)); echo "line $i."; sleep 0.2; done');
    await page.fill('input[name=cron]', '0 0 1 1 *');
    await page.getByRole('button', { name: 'Make the task' }).click();
    await page.getByRole('heading', { name: 'talks' }).waitFor();
    await page.getByRole('button', { name: 'Run now…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run it now' }).click();
    await page.waitForURL(/runs\//);
    await page.locator('.box .line', { hasText: 'line 6.' }).waitFor();
    await page.getByText(/node[012]/).first().waitFor();
    await page.screenshot({ path: `${SHOTS}/cluster-run.png` });
    assert.deepEqual(page.wrongs, []);
  });

  test('a service that dies is said to be away; the other goes on, with the same session; it comes back', async () => {
    const run = new URL(page.url()).pathname;
    process.kill(services[0].pid, 'SIGKILL');
    await page.getByText('Not live since').waitFor();
    await page.screenshot({ path: `${SHOTS}/cluster-lost.png` });
    // The run goes on meanwhile, and is stopped at the other service.
    const other = await openPage(page.context(), 'http://127.0.0.1:');
    other.setDefaultTimeout(20_000);
    await other.goto(services[1].url + run);
    await other.locator('.box .line').first().waitFor();
    await other.getByRole('button', { name: 'Stop…' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Stop the run' }).click();
    await other.getByText('Stopped by admin').waitFor();
    begin('service0', BIN, ['service', '-c', join(folder, 'cluster', 'service0', 'service.toml')]);
    await page.getByText('Stopped by admin').waitFor({ timeout: 40_000 });
    await page.getByText('Not live since').waitFor({ state: 'detached' });
    // Of all that it wrote nothing is missing and nothing comes twice, before and after.
    await eventually(async () => {
      const lines = (await page.locator('.box .line').allTextContents()).filter((line) => line.startsWith('line '));
      return lines.length > 6 && lines.every((line, i) => line === `line ${i + 1}.`);
    }, 'every line stands once', 20_000);
    assert.deepEqual([...page.wrongs, ...other.wrongs], []);
  });
});
