// The console as a person uses it: a real browser in front of the real program.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AXE, SHOTS, Standalone, eventually, openBrowser, openPage } from './console.mjs';

const PASSWORD = 'a password of some length';
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
let service;
let browser;
let context;
let page;

// Names and output that want to be more than text.
const HOSTILE = [
  '<script>window.hacked=1</script>', '<img src=x onerror="window.hacked=1">', '"><svg onload=window.hacked=1>', "javascript:window.hacked=1//'", '{{constructor.constructor("window.hacked=1")()}}', '\u202Etxt.exe\u2066', 'a'.repeat(180),
];

async function go(path, where = page) {
  await where.goto(service.url + '/admin' + path);
  await where.waitForSelector('h1');
}
const noWrongs = (where = page) => assert.deepEqual(where.wrongs, []);

async function serious(where, what) {
  // As high as all of it: a bar that stays in view lies over some control at any moment, and what is left of that one
  // would count as too small a target, although it scrolls out from under.
  const size = where.viewportSize();
  const height = await where.evaluate(() => Math.max(innerHeight, Math.min(5000, document.documentElement.scrollHeight)));
  if (height > size.height) await where.setViewportSize({ ...size, height });
  await where.evaluate(AXE);
  const { violations } = await where.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  if (height > size.height) await where.setViewportSize(size);
  const found = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${what}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')}`);
  assert.deepEqual(found, []);
}
async function noSidewaysScroll(where, what) {
  const wide = await where.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${what} scrolls sideways by ${wide} px`);
}

before(async () => {
  service = await new Standalone().start();
  browser = await openBrowser();
  context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' });
  page = await openPage(context, service.url);
  page.setDefaultTimeout(20_000);
});
after(async () => {
  await browser?.close();
  await service?.remove();
});

describe('console', { concurrency: 1 }, () => {
  test('the link of the first start leads to a password and then inside, and the code leaves the address', async () => {
    await page.goto(service.link());
    await page.waitForSelector('input[name=new_password]');
    assert.ok(!page.url().includes('code='), page.url());
    await page.fill('input[name=new_password]', PASSWORD);
    await page.click('button[type=submit]');
    await page.getByText('Three steps to the first run').waitFor();
    await page.screenshot({ path: `${SHOTS}/first.png` });
    noWrongs();
  });

  test('the first load is small, and comes from nowhere else', async () => {
    const fresh = await openPage(context, service.url);
    let total = 0;
    fresh.on('response', (answer) => {
      if (/\.(js|css)$/.test(answer.url())) total += Number(answer.headers()['content-length']);
    });
    await fresh.goto(service.url + '/admin/');
    await fresh.waitForSelector('.shell');
    assert.ok(total > 50_000 && total <= 250_000, `${total} bytes`);
    await fresh.close();
  });

  test('a project and a task are made; an error is shown where it is; the preview says what it means', async () => {
    await page.getByRole('link', { name: 'Make a project' }).click();
    await page.getByRole('button', { name: 'New project' }).first().click();
    await page.fill('input[name=title]', 'backups');
    await page.getByRole('button', { name: 'Make the project' }).click();
    await page.waitForURL(/projects\/\d+/);
    await page.getByRole('button', { name: 'New task' }).first().click();
    await page.fill('input[name=name]', 'count');
    await page.fill('textarea[name=command]', 'for i in 1 2 3 4 5 6 7 8; do echo "line $i"; sleep 0.3; done; sleep 30');
    await page.fill('input[name=cron]', '0 25 * * *');
    await page.getByText('write 0 to 23').waitFor();
    assert.equal(await page.locator('.wavy').textContent(), '25');
    await page.fill('input[name=cron]', '0 0 30 2 *');
    await page.getByText('never fires').first().waitFor();
    assert.ok(await page.getByRole('button', { name: 'Make the task' }).isDisabled());
    // The same, said in words; and back into them.
    await page.selectOption('select[name=builder]', 'week');
    for (const name of ['Tue', 'Wed', 'Thu', 'Fri']) await page.getByRole('button', { name, exact: true }).click();
    await page.selectOption('select[name=hour]', '2');
    await page.selectOption('select[name=minute]', '30');
    assert.equal(await page.inputValue('input[name=cron]'), '30 2 * * 1-5');
    await page.fill('input[name=cron]', '30 2 * * *');
    assert.equal(await page.inputValue('select[name=builder]'), 'day');
    await page.fill('input[name=zone]', 'Europe/Berlin');
    await page.locator('.clock li').nth(1).waitFor();
    assert.match(await page.locator('.clock').textContent(), /02:30 does not exist that day. It runs once, at 03:00.*02:30 comes twice that day. It runs once, the first time/);
    await page.fill('input[name=zone]', '');
    await page.locator('.clock', { hasText: 'stay as they are' }).waitFor();
    await page.locator('.explained', { hasText: '02:30' }).waitFor();
    await eventually(async () => (await page.locator('.preview .instants li').count()) === 10, 'ten instants');
    await page.getByRole('button', { name: 'Change' }).click();
    await page.selectOption('select[name=retry]', '3');
    await page.selectOption('select[name=backoff]', '2');
    await page.getByText('up to 3 times, 10 s, 20 s, 40 s after').waitFor();
    await page.selectOption('select[name=retry]', '0');
    await page.screenshot({ path: `${SHOTS}/edit.png`, fullPage: true });
    await serious(page, 'edit');
    await page.getByRole('button', { name: 'Make the task' }).click();
    await page.waitForURL(/projects\/\d+\/tasks\/[^/]+$/);
    await page.getByRole('heading', { name: 'count' }).waitFor();
    noWrongs();
  });

  test('a run is started, followed live and stopped, and a second window sees the same', async () => {
    await page.getByRole('button', { name: 'Run now…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run it now' }).click();
    await page.waitForURL(/runs\//);
    const other = await openPage(context, service.url);
    await other.goto(page.url());
    for (const where of [page, other]) await where.locator('.box .line', { hasText: 'line 8' }).waitFor();
    assert.deepEqual((await page.locator('.box .line').allTextContents()).slice(0, 3), ['line 1', 'line 2', 'line 3']);
    await page.screenshot({ path: `${SHOTS}/run-live.png` });
    await page.getByRole('button', { name: 'Stop…' }).click();
    await page.getByRole('dialog').getByText('Sends TERM').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop the run' }).click();
    for (const where of [page, other]) await where.getByText('Stopped by admin').waitFor();
    await other.close();
    noWrongs();
  });

  test('what did not run says why, for any instant', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const slow = await service.call('POST', `/projects/${project}/tasks`, { name: 'slow', cron: '* * * * * * *', command: 'sleep 3' });
    await service.call('POST', `/projects/${project}/tasks`, { name: 'broken', cron: '* * * * * * *', command: 'echo no space left >&2; exit 2' });
    await go(`/projects/${project}/tasks/${slow.task_id}`);
    await page.locator('.ledger td', { hasText: 'Skipped: the run before it was still going.' }).first().waitFor();
    await page.getByRole('button', { name: 'Why?' }).first().click();
    await page.getByRole('dialog').locator('.verdict').waitFor();
    await page.screenshot({ path: `${SHOTS}/why.png` });
    assert.match(page.url(), /why=/);
    await page.keyboard.press('Escape');
    await go('/');
    await page.locator('.needy', { hasText: 'broken' }).first().waitFor();
    await page.locator('.needy', { hasText: 'Exit code 2' }).first().waitFor();
    await eventually(async () => /^✕ 1/.test(await page.title()), 'the title of the tab says it');
    noWrongs();
  });

  test('a task is found by typing, paused and resumed', async () => {
    await go('/tasks');
    await page.fill('input[type=search]', 'coun');
    await eventually(async () => (await page.locator('.rows .row').count()) === 1, 'one row');
    assert.match(page.url(), /q=coun/);
    await page.getByRole('button', { name: 'Actions on count' }).click();
    await page.getByRole('menuitem', { name: 'Pause…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause the task' }).click();
    await page.locator('.row.paused').waitFor();
    await page.getByRole('button', { name: 'Actions on count' }).click();
    await page.getByRole('menuitem', { name: 'Resume' }).click();
    await eventually(async () => (await page.locator('.row.paused').count()) === 0, 'resumed');
    noWrongs();
  });

  test('runs are found by time, and a token is good for less than its owner', async () => {
    await go('/runs?from=2000-01-01T00%3A00%3A00Z&to=2000-01-02T00%3A00%3A00Z');
    await page.getByText('Nothing matches').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.locator('.runs tbody tr').first().waitFor();
    await page.fill('input[name=from]', '2020-01-01T00:00:30');
    await page.locator('.runs tbody tr').first().waitFor();
    assert.match(page.url(), /from=2019-12-31T16(:|%3A)00/);
    await go('/account');
    await page.getByPlaceholder('Name', { exact: true }).fill('deploys');
    await page.selectOption('select[name=token-role]', 'operator');
    await page.getByRole('group', { name: 'Only in' }).getByRole('button', { name: 'backups' }).click();
    await page.getByText('Only in backups; nothing for administrators.').waitFor();
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.locator('tr', { hasText: 'operator · backups' }).waitFor();
    const token = /Bearer (\S+)'/.exec(await page.locator('.made code').textContent())[1];
    const answers = await Promise.all([['GET', '/projects'], ['GET', '/users']].map(([method, path]) => fetch(`${service.url}/api/v2${path}`, { method, headers: { authorization: `Bearer ${token}` } })));
    assert.deepEqual(answers.map((answer) => answer.status), [200, 403]);
    noWrongs();
  });

  test('of two who edit one task the second sees what the first did and loses nothing', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const task = (await service.call('GET', `/projects/${project}/tasks`)).items.find((t) => t.name === 'count');
    await go(`/projects/${project}/tasks/${task.task_id}/edit`);
    await page.fill('input[name=remark]', 'mine');
    await service.call('PATCH', `/projects/${project}/tasks/${task.task_id}`, { cron: '0 5 * * *' });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('saved this task while you edited it').waitFor();
    await page.getByRole('button', { name: 'Put my changes on top of theirs' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/tasks\/[^/]+$/);
    const now = await service.call('GET', `/projects/${project}/tasks/${task.task_id}`);
    assert.deepEqual([now.cron, now.remark], ['0 5 * * *', 'mine']);
    noWrongs();
  });

  test('what the service refuses stands at its field, and a change is tried in place', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const task = (await service.call('GET', `/projects/${project}/tasks`)).items.find((t) => t.name === 'count');
    await go(`/projects/${project}/tasks/${task.task_id}/edit`);
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Run it again on another node').check();
    await page.fill('input[name=cwd]', 'no/such/folder');
    await page.fill('textarea[name=command]', 'echo tried; exit 4');
    await page.getByRole('button', { name: 'Save and run it here' }).click();
    await page.locator('label', { hasText: 'Working folder' }).getByText('a working folder is an absolute path').waitFor();
    await page.fill('input[name=cwd]', '');
    await page.getByRole('button', { name: 'Save and run it here' }).click();
    await page.locator('.try .line', { hasText: 'tried' }).waitFor();
    await page.locator('.try').getByText('Exit code 4').waitFor();
    await page.screenshot({ path: `${SHOTS}/try.png` });
    await serious(page, 'try');
    await service.call('PATCH', `/projects/${project}/tasks/${task.task_id}`, { command: task.command });
    noWrongs();
  });

  test('a user is added by a link, made a member, and removed', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    await go('/users');
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.fill('input[name=new_account]', 'ana');
    await page.getByRole('button', { name: 'Add the user' }).click();
    const link = await page.locator('.once code').textContent();
    await page.screenshot({ path: `${SHOTS}/users.png` });
    const theirs = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
    const ana = await openPage(theirs, service.url);
    await ana.goto(link);
    await ana.fill('input[name=new_password]', PASSWORD);
    await ana.click('button[type=submit]');
    await ana.locator('.shell').waitFor();
    assert.equal(await ana.locator('.rail').getByText('Users').count(), 0);
    await go('/users', ana);
    await ana.getByText('You may not do this').waitFor();
    await go('/projects', ana);
    await ana.getByText('No projects yet').waitFor();
    await go(`/projects/${project}?tab=members`);
    await page.fill('input[name=member]', 'ana');
    await page.selectOption('select[name=role]', 'viewer');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('.members tr', { hasText: 'ana' }).getByText('Sees tasks, runs and output').waitFor();
    // The last owner stays, and the page says why.
    await page.getByLabel('Role of admin').selectOption('viewer');
    await page.locator('.problem', { hasText: 'owner' }).waitFor();
    assert.equal(await page.getByLabel('Role of admin').inputValue(), 'owner');
    await page.screenshot({ path: `${SHOTS}/members.png` });
    await go(`/projects/${project}?tab=members`, ana);
    await ana.getByText('Owners of the project and administrators change this list').waitFor();
    await go('/users');
    await page.getByRole('button', { name: 'Actions on ana' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the account' }).click();
    await eventually(async () => (await page.locator('.people tbody tr').count()) === 1, 'ana is gone');
    await go('/', ana).catch(() => {});
    await ana.locator('input[name=password]').waitFor();
    await theirs.close();
    noWrongs();
  });

  test('hostile names and output stay text', async () => {
    const made = await service.call('POST', '/projects', { title: HOSTILE[0], remark: HOSTILE[1] });
    for (const [i, name] of HOSTILE.entries()) {
      const command = `printf '%s\\n' ${HOSTILE.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' ')}; printf '\\033]0;title\\007\\033[2J\\033[31mred\\033[0m \\033]8;;javascript:alert(1)\\033\\\\link\\033]8;;\\033\\\\\\n'; exit ${i}`;
      await service.call('POST', `/projects/${made.project_id}/tasks`, { name, remark: name, command, cron: '0 0 1 1 *', labels: { a: name.slice(0, 50) } });
    }
    const tasks = (await service.call('GET', `/projects/${made.project_id}/tasks`)).items;
    const runs = [];
    for (const task of tasks) runs.push((await service.call('POST', `/projects/${made.project_id}/tasks/${task.task_id}/runs`)).run_id);
    for (const id of runs) await eventually(async () => (await service.call('GET', `/runs/${id}`)).state === 'ended', 'it has run');
    for (const path of ['/', '/tasks', '/runs', '/projects', `/projects/${made.project_id}`, `/projects/${made.project_id}?tab=settings`, `/projects/${made.project_id}/tasks/${tasks[0].task_id}`,
      `/projects/${made.project_id}/tasks/${tasks[1].task_id}?tab=definition`, `/projects/${made.project_id}/tasks/${tasks[0].task_id}/edit`, `/runs/${runs[0]}`]) {
      await go(path);
      await page.waitForTimeout(150);
      await noSidewaysScroll(page, path);
      assert.equal(await page.evaluate(() => window.hacked), undefined, path);
    }
    await page.locator('.box .line', { hasText: 'red link' }).waitFor();
    assert.equal(await page.locator('.output a, .output img, .output script').count(), 0);
    assert.ok((await page.locator('.output').textContent()).includes('<U+202E>'));
    await page.screenshot({ path: `${SHOTS}/hostile-run.png` });
    await go('/tasks');
    await page.screenshot({ path: `${SHOTS}/hostile-tasks.png` });
    noWrongs();
    await service.call('POST', `/projects/${made.project_id}/tasks/${tasks[0].task_id}/pause`);
    for (const task of tasks) await service.call('DELETE', `/projects/${made.project_id}/tasks/${task.task_id}`);
    await service.call('DELETE', `/projects/${made.project_id}`);
  });

  test('the timeline shows what ran and what will, zooms, and names the herd', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const herd = [];
    for (const name of ['herd 1', 'herd 2', 'herd 3']) herd.push(await service.call('POST', `/projects/${project}/tasks`, { name, cron: '*/10 * * * *', command: 'true' }));
    await go('/timeline?span=1h');
    await page.getByRole('button', { name: /^3 at \d\d:\d0:00$/ }).first().click();
    await page.locator('.opened', { hasText: 'herd 2' }).waitFor();
    await page.screenshot({ path: `${SHOTS}/timeline.png` });
    // The row's hidden words say what its drawing shows.
    const row = page.locator('.sheet li', { hasText: 'broken' });
    await eventually(async () => /\d+ failed.* to come/.test(await row.textContent()), 'the row of broken is read');
    await eventually(async () => /[1-9]\d* to come$/.test(await page.locator('.sheet li', { hasText: 'herd 1' }).textContent()), 'the herd comes');
    await page.getByRole('button', { name: 'Closer' }).click();
    await page.waitForURL(/from=.*to=/);
    await page.getByRole('button', { name: 'now', exact: true }).click();
    await eventually(() => !/from=/.test(page.url()), 'it follows the present again');
    const box = await page.locator('.paper canvas').boundingBox();
    const top = (await row.boundingBox()).y + 20;
    await page.mouse.move(box.x + box.width * 0.665, top);
    await page.locator('.hint', { hasText: 'Exit code 2' }).waitFor();
    await page.mouse.click(box.x + box.width * 0.665, top);
    await page.waitForURL(/runs\//);
    await go('/timeline?by=node&span=24h');
    await eventually(async () => /succeeded.*failed/.test(await page.locator('.sheet li').first().textContent()), 'the node has runs');
    for (const task of herd) await service.call('DELETE', `/projects/${project}/tasks/${task.task_id}`);
    noWrongs();
  });

  test('the calendar of a task opens the ledger of a day', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const task = (await service.call('GET', `/projects/${project}/tasks`)).items.find((t) => t.name === 'broken');
    await go(`/projects/${project}/tasks/${task.task_id}?tab=calendar`);
    const today = page.locator('.map .cell[tabindex="0"]');
    await eventually(async () => /\d+ failed/.test(await today.getAttribute('aria-label')), 'today is counted');
    await page.screenshot({ path: `${SHOTS}/calendar.png` });
    await today.click();
    await page.waitForURL(/day=\d{4}-\d\d-\d\d/);
    await page.locator('.ledger td', { hasText: 'Exit code 2' }).first().waitFor();
    noWrongs();
  });

  test('while the service is away the page says so, and goes on by itself', async () => {
    await go('/');
    await page.locator('.dot.live').waitFor();
    await service.kill();
    await page.getByText('Not live since').waitFor();
    await page.screenshot({ path: `${SHOTS}/not-live.png` });
    await service.start();
    await page.locator('.dot.live').waitFor({ timeout: 40_000 });
    await page.locator('.needy', { hasText: 'broken' }).first().waitFor();
    page.wrongs = page.wrongs.filter((wrong) => !/ERR_|Failed to load|MIME/.test(wrong));
    noWrongs();
  });

  test('every page is whole for everybody: no serious finding, nothing sideways on a phone, both languages and themes', async () => {
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const tasks = (await service.call('GET', `/projects/${project}/tasks`)).items;
    const slow = tasks.find((t) => t.name === 'slow').task_id;
    const broken = (await service.call('GET', '/runs?outcome=failed&limit=1')).items[0].run_id;
    const pages = {
      overview: '/', tasks: '/tasks', timeline: '/timeline', nodeline: '/timeline?by=node&span=1h', runs: '/runs', run: `/runs/${broken}`, task: `/projects/${project}/tasks/${slow}`, definition: `/projects/${project}/tasks/${slow}?tab=definition`,
      calendar: `/projects/${project}/tasks/${slow}?tab=calendar`, durations: `/projects/${project}/tasks/${slow}?tab=durations`, nodes: '/nodes', projects: '/projects', project: `/projects/${project}?tab=settings`, new: '/new', import: '/import', users: '/users', members: `/projects/${project}?tab=members`, settings: '/settings', account: '/account', nowhere: '/no/such/page',
    };
    const looks = [['en', 'light', DESKTOP], ['zh', 'dark', DESKTOP], ['zh', 'light', PHONE], ['en', 'dark', PHONE]];
    for (const [language, theme, viewport] of looks) {
      await page.setViewportSize(viewport);
      await page.evaluate((wanted) => localStorage.setItem('gophercron', JSON.stringify(wanted)), { language, theme });
      const name = `${language}-${theme}-${viewport === PHONE ? 'phone' : 'desktop'}`;
      for (const [title, path] of Object.entries(pages)) {
        await go(path);
        await page.waitForTimeout(title === 'durations' ? 700 : 350);
        await page.screenshot({ path: `${SHOTS}/${title}-${name}.png` });
        await noSidewaysScroll(page, `${title} ${name}`);
        if (theme === (viewport === PHONE ? 'dark' : 'light') || viewport === DESKTOP) await serious(page, `${title} ${name}`);
      }
    }
    noWrongs();
    await page.setViewportSize(DESKTOP);
  });

  test('a crontab is brought over: first what becomes of each line, then the tasks', async () => {
    await page.evaluate(() => localStorage.setItem('gophercron', JSON.stringify({ language: 'en', theme: 'light' })));
    await page.setViewportSize(DESKTOP);
    await go('/import');
    await page.fill('textarea[name=crontab]', 'MAILTO=root\n# nightly\n0 3 * * * /usr/local/bin/backup --all\n@reboot start\n0 25 * * * x\n*/5 * * * * mail root%hello\n');
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.getByText('2 tasks to make, 0 lines left out, 2 that can not be carried over').waitFor();
    await page.screenshot({ path: `${SHOTS}/import.png` });
    await serious(page, 'import');
    await page.getByRole('button', { name: 'Make 2 tasks' }).click();
    await page.getByText('2 tasks are made').waitFor();
    const project = (await service.call('GET', '/projects')).items[0].project_id;
    const made = (await service.call('GET', `/projects/${project}/tasks`)).items.filter((task) => !task.enabled).map((task) => task.name).sort();
    assert.deepEqual(made, ['backup --all', 'mail root']);
    noWrongs();
  });

  test('keys go where they say, and a session that ended asks again over the page', async () => {
    await page.evaluate(() => localStorage.setItem('gophercron', JSON.stringify({ language: 'en', theme: 'light' })));
    await go('/');
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/\/tasks/);
    await page.keyboard.press('Control+k');
    await page.locator('[role=combobox]:focus').waitFor();
    await page.keyboard.type('broken');
    await page.locator('[role=option]', { hasText: 'broken' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'broken' }).waitFor();
    await context.clearCookies();
    // Whatever the page asks next is refused: what somebody clicks, or what an event makes it read.
    await page.getByRole('button', { name: 'Edit' }).click({ timeout: 2000 }).catch(() => {});
    await page.getByRole('dialog').getByText('Your session has ended').waitFor();
    noWrongs();
  });

  test('a stranger is asked to sign in and then stands where the link led', async () => {
    const stranger = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
    const where = await openPage(stranger, service.url);
    await where.goto(service.url + '/admin/nodes');
    await where.fill('input[name=account]', 'admin');
    await where.fill('input[name=password]', 'wrong');
    await where.click('button[type=submit]');
    await where.getByText('Account or password is wrong.').waitFor();
    await where.screenshot({ path: `${SHOTS}/sign-in.png` });
    await serious(where, 'sign in');
    await stranger.close();
  });
});
