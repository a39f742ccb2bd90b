// The figures of docs/console.md: ten thousand tasks in a browser, and a run that writes a thousand lines a second.
//   node web/bench/figures.mjs [list|output]
import { Standalone, openBrowser } from '../../tests/browser/console.mjs';

const TASKS = 10_000;
const say = (text) => process.stdout.write(text + '\n');
const service = await new Standalone('--quiet').start();
const browser = await openBrowser();
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })).newPage();
const { project_id: project } = await service.call('POST', '/projects', { title: 'many' });

// Everything that kept the page from answering for more than 50 ms, as the browser itself counts it.
await page.addInitScript(() => {
  window.long = [];
  window.inputs = [];
  new PerformanceObserver((list) => window.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  new PerformanceObserver((list) => window.inputs.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'event', durationThreshold: 16 });
});
async function tell(what) {
  const { long, inputs } = await page.evaluate(() => {
    const { long, inputs } = window;
    window.long = [];
    window.inputs = [];
    return { long, inputs };
  });
  say(`${what}: ${long.length} long tasks, the longest ${Math.round(Math.max(0, ...long))} ms, slowest answer to a key ${Math.round(Math.max(0, ...inputs))} ms`);
}
const passed = (since) => `${Math.round(performance.now() - since)} ms`;

async function list() {
  await page.goto('about:blank');
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let n = next++; n < TASKS; n = next++) {
      await service.call('POST', `/projects/${project}/tasks`, { name: `task ${String(n).padStart(5, '0')}`, command: `/usr/local/bin/job ${n}`, cron: `${n % 60} ${n % 24} 1 * *` });
    }
  }));
  await new Promise((done) => setTimeout(done, 5000)); // the service puts them into its schedule
  let since = performance.now();
  await page.goto(service.url + '/admin/tasks');
  await page.waitForSelector('.rows .row');
  say(`first rows after ${passed(since)}`);
  await page.waitForFunction(() => document.querySelector('.chip[aria-pressed=true]')?.textContent?.includes('10,000'));
  say(`all of them after ${passed(since)}`);
  await page.waitForTimeout(1000);
  await tell('reading');
  await page.mouse.move(700, 500);
  for (let i = 0; i < 60; ++i) {
    await page.mouse.wheel(0, 1200);
    await page.waitForTimeout(50);
  }
  await tell('scrolling 23 rows 20 times a second');
  say(`${await page.evaluate(() => document.querySelectorAll('.tasks *').length)} elements in the table`);
  await page.click('input[type=search]');
  await page.keyboard.type('task 0123', { delay: 60 });
  await page.waitForTimeout(800);
  await tell('typing in the search');
  since = performance.now();
  await page.goto(service.url + '/admin/');
  await page.waitForSelector('.calm');
  say(`overview usable after ${passed(since)}`);
  since = performance.now();
  await page.goto(service.url + '/admin/timeline?span=24h');
  await page.waitForSelector('.sheet li');
  say(`timeline drawn after ${passed(since)}`);
  await page.waitForTimeout(3000);
  await tell('timeline, reading');
}

async function output() {
  const command = 'awk \'BEGIN { for (i = 0; i < 600; ++i) { for (j = 1; j <= 100; ++j) printf "%d a line of output with some words in it, as programs write them\\n", i * 100 + j; fflush(); system("sleep 0.1") } }\'';
  const task = await service.call('POST', `/projects/${project}/tasks`, { name: 'talker', cron: '0 0 1 1 *', command });
  const { run_id: run } = await service.call('POST', `/projects/${project}/tasks/${task.task_id}/runs`);
  await page.goto(`${service.url}/admin/runs/${run}`);
  await page.waitForSelector('.box .line');
  const cdp = await page.context().newCDPSession(page);
  for (let i = 0; i < 6; ++i) {
    await page.waitForTimeout(10_000);
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    const [last, drawn] = await page.evaluate(() => [[...document.querySelectorAll('.box .line')].at(-1)?.dataset.n, document.querySelectorAll('.box .line').length]);
    say(`line ${last}, ${drawn} drawn, ${Math.round(usedSize / 1e6)} MB of heap`);
    await tell('following');
  }
}

try {
  await page.goto(service.link());
  await page.fill('input[name=new_password]', 'a password of some length');
  await page.click('button[type=submit]');
  await page.waitForSelector('.shell');
  if (process.argv[2] !== 'output') await list();
  if (process.argv[2] !== 'list') await output();
} finally {
  await browser.close();
  await service.remove();
}
