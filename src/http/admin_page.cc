#include "http/admin_page.h"

namespace gophercron::http {

const std::string_view kAdminHtml = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GopherCron</title>
<link rel="stylesheet" href="/admin/admin.css">
<script defer src="/admin/admin.js"></script>
<header>
  <h1>GopherCron</h1>
  <span id="who"></span>
  <button id="language" type="button">中文</button>
  <button id="logout" type="button" data-text="logout" hidden></button>
</header>
<p id="message" role="status"></p>
<form id="login" hidden>
  <label><span data-text="account"></span>
    <input name="account" autocomplete="username" value="admin"></label>
  <label><span data-text="password"></span>
    <input name="password" type="password" autocomplete="current-password"></label>
  <button data-text="login"></button>
</form>
<form id="change" hidden>
  <p data-text="choose"></p>
  <label id="old"><span data-text="password"></span>
    <input name="password" type="password" autocomplete="current-password"></label>
  <label><span data-text="new_password"></span>
    <input name="new_password" type="password" autocomplete="new-password" minlength="8"></label>
  <button data-text="save"></button>
</form>
<main id="main" hidden>
  <label><span data-text="project"></span> <select id="project"></select></label>
  <table>
    <thead><tr>
      <th data-text="task"></th><th data-text="schedule"></th><th data-text="next"></th><th></th>
    </tr></thead>
    <tbody id="tasks"></tbody>
  </table>
  <h2 data-text="runs"></h2>
  <table>
    <thead><tr>
      <th data-text="began"></th><th data-text="task"></th><th data-text="outcome"></th><th></th>
    </tr></thead>
    <tbody id="runs"></tbody>
  </table>
  <section id="output" hidden><h2 id="title"></h2><pre id="text"></pre></section>
</main>
)html";

const std::string_view kAdminCss = R"css(
body {
  font: 15px/1.5 system-ui, sans-serif;
  margin: 0 auto;
  max-width: 70rem;
  padding: 0 1rem 3rem;
}
header { display: flex; gap: 1rem; align-items: baseline; border-bottom: 1px solid #ccc; }
header h1 { font-size: 1.2rem; flex: 1; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #e5e5e5; }
[hidden] { display: none !important; }
form { display: grid; gap: .6rem; max-width: 22rem; margin: 2rem 0; }
label { display: grid; gap: .2rem; }
main > label { display: inline-flex; margin: 1rem 0; align-items: center; }
pre {
  background: #111;
  color: #eee;
  padding: 1rem;
  max-height: 30rem;
  overflow: auto;
  white-space: pre-wrap;
}
#message:empty { display: none; }
#message { background: #fff3cd; padding: .5rem 1rem; }
.succeeded {
  color: #17723b;
  } .failed, .failed_to_start, .timed_out, .lost, .missed { color: #b00020;
}
.running { color: #1552a8; }
button { font: inherit; }
)css";

const std::string_view kAdminJs = R"js('use strict';
const words = {
  en: {
    account: 'Account',
    password: 'Password',
    new_password: 'New password',
    login: 'Sign in',
    logout: 'Sign out',
    save: 'Save',
    choose: 'Choose a password of your own (8 characters or more).',
    project: 'Project',
    task: 'Task',
    schedule: 'Schedule',
    next: 'Next',
    runs: 'Runs',
    began: 'Began',
    outcome: 'Outcome',
    run: 'Run now',
    kill: 'Kill',
    pause: 'Pause',
    resume: 'Resume',
    show: 'Output',
    paused: 'paused',
    none: 'There are no projects yet.',
    running: 'running',
    waiting: 'waiting',
    gone: '[{0} bytes were not kept]'
  },
  zh: {
    account: '账号',
    password: '密码',
    new_password: '新密码',
    login: '登录',
    logout: '退出',
    save: '保存',
    choose: '请设置您自己的密码（至少 8 个字符）。',
    project: '项目',
    task: '任务',
    schedule: '计划',
    next: '下次',
    runs: '运行记录',
    began: '开始时间',
    outcome: '结果',
    run: '立即运行',
    kill: '终止',
    pause: '暂停',
    resume: '恢复',
    show: '输出',
    paused: '已暂停',
    none: '还没有项目。',
    running: '运行中',
    waiting: '等待中',
    gone: '[有 {0} 字节未保留]'
  },
};
let language = navigator.language.startsWith('zh') ? 'zh' : 'en';
let project = null;
let events = null;
let output = null;
let names = {};
const $ = (id) => document.getElementById(id);
const t = (key) => words[language][key] || key;

function speak() {
  document.documentElement.lang = language;
  for (const e of document.querySelectorAll('[data-text]')) e.textContent = t(e.dataset.text);
  $('language').textContent = language === 'en' ? '中文' : 'English';
}
function say(text) {
  $('message').textContent = text || '';
}

async function call(method, path, body, headers) {
  const answer = await fetch('/api/v2' + path, {
    method,
    credentials: 'same-origin',
    headers:
        {'X-Gophercron': '1', ...(body ? {'Content-Type': 'application/json'} : {}), ...headers},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  const data = text ? JSON.parse(text) : null;
  if (!answer.ok) {
    const failure = new Error(data ? data.detail : answer.statusText);
    return Promise.reject(Object.assign(failure, {status: answer.status}));
  }
  return data;
}
function cell(row, content, className) {
  const td = row.insertCell();
  if (content instanceof Node)
    td.append(content);
  else
    td.textContent = content || '';
  if (className) td.className = className;
  return td;
}
function button(text, act) {
  const b = document.createElement('button');
  b.type = 'button';
  b.textContent = text;
  b.addEventListener('click', async () => {
    try {
      say();
      await act();
    } catch (e) {
      say(e.message);
    }
  });
  return b;
}
const when = (text) =>
    text ? new Date(text).toLocaleString(language === 'zh' ? 'zh-CN' : 'en') : '';

function show(id) {
  for (const f of ['login', 'change', 'main']) $(f).hidden = f !== id;
}

// Draws rows anew and puts the focus back on the button that had it, or on its successor.
function keepFocus(draw) {
  const had = document.activeElement;
  const row = had && had.closest('tr[id]');
  const at = row ? [...row.querySelectorAll('button')].indexOf(had) : -1;
  draw();
  if (at < 0 || had.isConnected) return;
  const now = document.getElementById(row.id);
  const buttons = now ? now.querySelectorAll('button') : [];
  if (buttons.length > 0) buttons[Math.min(at, buttons.length - 1)].focus({preventScroll: true});
}
// Browsers have randomUUID only where the page came by TLS or from this machine.
const newKey = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16)).join('-');

async function drawTasks() {
  const page = await call('GET', `/projects/${project}/tasks?limit=200`);
  keepFocus(() => fillTasks(page.items));
}
function fillTasks(tasks) {
  const body = $('tasks');
  body.textContent = '';
  names = {};
  for (const task of tasks) {
    names[task.task_id] = task.name;
    const at = `/projects/${project}/tasks/${encodeURIComponent(task.task_id)}`;
    const row = body.insertRow();
    row.id = 'task-' + task.task_id;
    cell(row, task.name);
    cell(row, task.cron + (task.zone ? ' ' + task.zone : ''));
    cell(row, task.enabled ? when(task.next) : t('paused'));
    const acts = cell(row, '');
    acts.append(button(t('run'), async () => {
                  const made = await call(
                      'POST', at + '/runs', null, {'Idempotency-Key': newKey()});
                  follow(made.run_id, task.name);
                }), ' ', button(t(task.enabled ? 'pause' : 'resume'), async () => {
                  await call('POST', at + (task.enabled ? '/pause' : '/resume'));
                  await drawTasks();
                }));
  }
}
function drawRun(run, atTop) {
  const old = document.getElementById('run-' + run.run_id);
  const body = $('runs');
  const row = old || body.insertRow(atTop ? 0 : -1);
  row.id = 'run-' + run.run_id;
  row.textContent = '';
  cell(row, when(run.started_at || run.claimed_at));
  cell(row, run.task_name || names[run.task_id] || run.task_id);
  const end = run.outcome || t(run.state);
  cell(row, end + (run.exit_code ? ' ' + run.exit_code : ''), run.outcome || run.state);
  const acts = cell(row, '');
  acts.append(button(t('show'), () => follow(run.run_id, run.task_name)));
  if (run.state !== 'ended')
    acts.append(' ', button(t('kill'), () => call('POST', `/runs/${run.run_id}/kill`)));
  while (body.rows.length > 100) body.deleteRow(-1);
}
async function drawRuns() {
  const page = await call('GET', `/runs?project=${project}&limit=50`);
  keepFocus(() => {
    $('runs').textContent = '';
    for (const run of page.items) drawRun(run, false);
  });
}
function follow(id, name) {
  if (output) output.close();
  $('output').hidden = false;
  $('output').scrollIntoView();
  $('title').textContent = (name || '') + ' ' + id;
  const pre = $('text');
  pre.textContent = '';
  // The browser comes again by itself, with the offset it had.
  output = new EventSource(`/api/v2/runs/${id}/output/stream`);
  output.addEventListener('output', (e) => {
    pre.append(JSON.parse(e.data).text);
    // A page is no place for a gigabyte.
    if (pre.childNodes.length > 2000) pre.firstChild.remove();
    pre.scrollTop = pre.scrollHeight;
  });
  output.addEventListener('gap', (e) => {
    const gap = JSON.parse(e.data);
    pre.append('\n' + t('gone').replace('{0}', gap.to - gap.from) + '\n');
  });
  output.addEventListener('end', (e) => {
    output.close();
    const run = JSON.parse(e.data);
    if (run) $('title').textContent += ' · ' + run.outcome;
  });
}
function listen() {
  if (events) events.close();
  events = new EventSource(`/api/v2/events?project=${project}`);
  let again = null;
  const soon = () => {
    again = again || setTimeout(() => {
              again = null;
              drawTasks().catch((e) => say(e.message));
            }, 1000);
  };
  for (const name of ['run_started', 'run_changed', 'run_ended']) {
    events.addEventListener(name, (e) => {
      keepFocus(() => drawRun(JSON.parse(e.data).run, true));
      soon();
    });
  }
  for (const name of ['task_saved', 'task_deleted', 'ticks_ended'])
    events.addEventListener(name, soon);
  events.addEventListener('resync', () => {
    soon();
    drawRuns().catch((e) => say(e.message));
  });
}
async function enter(id) {
  project = id;
  await drawTasks();
  await drawRuns();
  listen();
}
async function begin() {
  speak();
  let me;
  try {
    me = await call('GET', '/session');
  } catch (e) {
    $('who').textContent = '';
    $('logout').hidden = true;
    show('login');
    if (e.status !== 401) say(e.message);
    return;
  }
  $('who').textContent = me.account;
  $('logout').hidden = false;
  if (me.must_change_password) {
    $('old').hidden = sessionStorage.getItem('by-code') === '1';
    show('change');
    return;
  }
  show('main');
  const projects = (await call('GET', '/projects')).items;
  const select = $('project');
  select.textContent = '';
  for (const p of projects) select.append(new Option(p.title, p.project_id));
  if (projects.length === 0) return say(t('none'));
  await enter(projects[0].project_id);
}
function onSubmit(id, act) {
  $(id).addEventListener('submit', async (e) => {
    e.preventDefault();
    try {
      say();
      await act(Object.fromEntries(new FormData(e.target)));
      e.target.reset();
      await begin();
    } catch (failure) {
      say(failure.message);
    }
  });
}
window.addEventListener('DOMContentLoaded', async () => {
  onSubmit('login', (form) => call('POST', '/session', {...form, cookie: true}));
  onSubmit('change', (form) => call('PUT', '/session/password', form));
  $('language').addEventListener('click', () => {
    language = language === 'en' ? 'zh' : 'en';
    speak();
    if (project) {
      drawTasks().catch((e) => say(e.message));
      drawRuns().catch((e) => say(e.message));
    }
  });
  $('logout').addEventListener('click', async () => {
    try {
      await call('DELETE', '/session');
    } catch (e) {
      say(e.message);
    }
    if (events) events.close();
    if (output) output.close();
    begin();
  });
  $('project').addEventListener(
      'change', () => enter($('project').value).catch((e) => say(e.message)));
  // The code stands behind the '#', which no server and no log ever sees; it goes from the
  // address at once.
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code) {
    history.replaceState(null, '', location.pathname);
    try {
      await call('POST', '/session/redeem', {code, cookie: true});
      sessionStorage.setItem('by-code', '1');
    } catch (e) {
      say(e.message);
    }
  }
  begin().catch((e) => say(e.message));
});
)js";

}  // namespace gophercron::http
