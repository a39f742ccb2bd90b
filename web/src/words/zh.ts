import type en from './en';

type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> };

const zh: Words<typeof en> = {
  app: { skip: '跳到内容', main: '主导航', fold: '收起菜单', unfold: '展开菜单' },
  nav: { overview: '概览', tasks: '任务', timeline: '时间线', runs: '执行', nodes: '节点', projects: '项目', import: '导入', users: '用户', settings: '设置', account: '我的账号', more: '更多' },
  act: {
    cancel: '取消', save: '保存', saved: '已保存', edit: '编辑', delete: '删除…', pause: '暂停…', resume: '启用', duplicate: '复制为新任务', more: '更多',
    try_again: '重试', sign_out: '退出登录', copy: '复制', copied: '已复制', not_copied: '浏览器不允许此页面复制。内容如下：{text}',
    copy_line: '复制为 crontab 行', clear: '清除', clear_filters: '清除筛选', older: '显示更早的',
  },
  theme: { title: '明暗主题', system: '跟随系统', light: '浅色', dark: '深色' },
  language: { title: '语言' },
  zone: { title: '显示时间所用的时区', mine: '我的时区' },
  connection: {
    idle: '未连接', connecting: '连接中', live: '实时', lost: '非实时',
    not_live: '自 {since} 起不是实时数据。', again_in: '{time}后重试。', try_now: '立即重试', back: '已恢复实时并刷新。',
    clock: '您的时钟{way} {time}；此处显示服务器的时间。', slow: '慢了', fast: '快了',
  },
  problem: {
    page: '页面遇到了意外情况。', no_answer: '服务没有应答，可能正在重启或网络不通。',
    not_found: '未找到，或您没有访问权限。', forbidden: '您无权执行此操作。', busy: '服务繁忙，请稍后再试。',
    unknown_outcome: '操作可能已生效，也可能没有。请先查看再重试。', broken: '服务出错。', refused: '请求未被接受。', request_id: '请求编号',
  },
  nowhere: { title: '没有这个页面', text: '地址可能有误，或其内容已不存在。' },
  confirm: { type: '输入“{name}”以继续' },
  palette: { title: '前往', hint: '前往任意位置', placeholder: '任务、项目、页面或执行编号', none: '没有匹配的名称。', page: '页面', task: '任务', project: '项目', run: '执行' },
  keys: {
    title: '快捷键', search: '在页面中搜索', palette: '前往任意位置', rows: '下一行、上一行', help: '显示此列表', close: '关闭', in_run: '执行页面',
    follow: '跟随输出', wrap: '长行换行', end: '到末尾', home: '到开头', on: '启用单键快捷键',
  },
  sign_in: {
    title: '登录', account: '账号', password: '密码', act: '登录', wrong: '账号或密码错误。', wait: '尝试次数过多，{seconds} 秒后可再试。',
    again: '请重新登录', ended: '会话已结束，页面上的内容会保留。', code_used: '该链接已使用过或已过期。可用以下命令获取新链接：',
  },
  password: {
    title: '设置新密码', welcome: '欢迎，请设置密码', why: '账号 {account}。完成之前无法使用其他功能。', old: '当前密码', new: '新密码',
    strength: '密码强度', rule: '至少 {n} 个字符；越长越好，不必怪异。', save: '设置密码',
  },
  outcome: {
    succeeded: '成功', failed: '失败', failed_to_start: '启动失败', timed_out: '超时', killed: '已终止', skipped: '已跳过', missed: '错过', lost: '结果丢失', superseded: '已取代',
    running: '执行中', waiting: '排队中', paused: '已暂停', due: '尚未执行',
  },
  family: { ok: '成功', bad: '失败', gap: '错过或丢失', stop: '已终止', plan: '按计划不执行', live: '执行中' },
  reason: {
    exit: '{time}后退出码 {code}。', exit_127: '{time}后退出码 127：找不到命令。', exit_126: '{time}后退出码 126：命令不可执行。',
    signal: '{time}后被 {signal} 终止。', failed_to_start: '命令无法启动：{detail}', timed_out: '超过时间限制，{time}后被终止。',
    killed_by: '已被 {who} 终止（执行了 {time}）。', killed: '已终止（执行了 {time}）。{detail}',
    skipped_overlap: '已跳过：上一次执行仍未结束。', skipped_queued: '已跳过：更新的计划时刻取代了它的排队位置。',
    missed_run_limit: '错过：所有节点都已达到并发上限。', missed_deadline: '错过：未能在启动期限内开始。',
    missed_catch_up: '在中断期间错过，补跑策略不执行它。', missed_overtaken: '错过：更晚的计划时刻已先开始。',
    missed_no_agent: '错过：该项目没有存活的节点。', missed_not_recorded: '错过：节点认领后在写下结果之前失联。',
    missed_store_held: '错过：调度被暂停。{detail}', lost_agent_died: '结果丢失：节点失联，不知其如何结束。',
    superseded_edited: '已取代：任务先被修改。', superseded_paused: '已取代：任务先被暂停或删除。',
  },
  advice: {
    exit_127: '节点上找不到该程序。请写完整路径，或在任务的环境变量中设置 PATH。',
    signal_9: '有人或系统用 SIGKILL 结束了它：常见原因是内核因内存不足，或机器上的人工操作。',
    failed: '命令的输出见下方，最后几行通常说明原因。', failed_to_start: '请检查节点上是否有该程序及其目录，以及是否可执行。',
    timed_out: '可在任务中放宽时间限制，或查明耗时原因。', killed: '无需处理，除非它本应执行完毕。',
    lost: '命令可能已执行完毕，也可能没有：请检查它应产生的结果。任务可设置为此时重新执行。',
    skipped: '', missed: '它没有执行。如仍需要，请立即执行。', superseded: '',
  },
  verdict: {
    ran: '已执行', running: '正在执行', skipped: '按任务自身的策略跳过', missed: '错过：无法启动', lost: '结果丢失：不知如何结束', superseded: '被修改取代',
    queued: '等待上一次执行结束', unrecorded: '已过去，记录尚未到达', due: '已到时刻，仍可能启动', overdue: '未能及时启动', not_due: '尚未到时刻',
    not_a_tick: '计划不包含该时刻', paused: '任务已暂停', not_valid: '在任务有效期之外', before_schedule: '早于任务当前的计划',
  },
  why: { title: '为什么执行或没有执行？', short: '为什么？', instant: '时刻（{zone}）', ask: '查询', before: '前一计划时刻', after: '后一计划时刻' },
  cause: { tick: '按计划', catch_up: '补跑', queue: '排队后执行', manual: '由 {who} 执行', retry: '重试' },
  strip: { told: '最近 {n} 次：{parts}' },
  next: { due: '已到时刻', late: '已迟到 {time}' },
  first: {
    title: '三步完成首次执行', text: '任务由命令和计划组成，任务属于项目。', project: '新建项目', task: '添加任务', or: '或', import: '导入 crontab', watch: '在这里看它执行',
  },
  overview: {
    attention: '需要关注', tasks: '{n} 个任务', calm: '无需处理。{n} 个任务的最近一次执行都正常。', in_row: '连续 {n} 次',
    open_run: '查看执行', again: '重新执行', running: '正在执行', all_runs: '全部执行', nothing_runs: '当前没有执行', usual: '通常 {time}', next: '即将开始', nothing_next: '没有待执行的任务',
    not_run: '没有执行', nothing_missed: '近来没有跳过或错过的计划时刻', ticks: '{n} 个计划时刻', all_nodes: '全部节点', no_node: '没有存活的节点：什么都不会执行。请用 “gophercron client” 启动一个。',
    node_runs: '{n} 个执行中', heard: '本页打开的 {time}内：{ok} 次成功，{other} 次其他结果。',
  },
  tasks: {
    name: '任务', schedule: '计划', next: '下次', recent: '最近执行', last: '上次执行', state: '状态', acts: '操作', select: '选择', select_one: '选择 {name}', paused: '已暂停', never: '从未执行',
    in_row: '连续失败 {n} 次', menu: '{name} 的操作', search: '名称、命令、备注或编号', every_project: '我的所有项目', sort: '排序', sort_attention: '需要关注的在前', sort_name: '名称', sort_next: '即将开始',
    sort_last: '最近结束', filter_all: '全部', filter_attention: '需要关注', filter_running: '执行中', filter_paused: '已暂停', none: '还没有任务', none_text: '添加一个，或导入 crontab：每一行成为一个任务。',
    no_match: '没有符合筛选条件的内容', import: '导入 crontab',
  },
  bulk: {
    title: '已选任务', selected: '已选 {n} 个', pause: '暂停 {n} 个任务', resume: '启用 {n} 个任务', delete: '删除 {n} 个任务',
    pause_text: '在启用之前，它们的计划时刻都不会开始。正在进行的执行会继续。', resume_text: '从下一个计划时刻起重新执行；暂停期间错过的不会补跑。',
    delete_text: '它们将不再执行。正在进行的执行会继续；历史保留到期后清除。', more: '以及另外 {n} 个', done: '完成：{n} 个任务',
  },
  run_now: {
    title: '立即执行 {name}', menu: '立即执行…', text: '在项目 {project} 的一个节点上执行一次，不影响其计划。', yes: '立即执行',
    going_skip: '它正在执行：在其结束之前，本次执行会被跳过。', going_queue: '它正在执行：本次会等待其结束。', going_replace: '它正在执行：那次执行会先被终止。',
    going_allow: '它正在执行：两次会同时进行。', paused: '任务已暂停；本次仍会执行。',
  },
  pause: { title: '暂停 {name}', text: '在启用之前，它的计划时刻都不会开始。正在进行的执行会继续；期间的计划时刻不会补跑。', yes: '暂停任务', done: '{name} 已暂停' },
  resume: { done: '{name} 从下一个计划时刻起重新执行' },
  delete: { title: '删除 {name}', text: '它将不再执行。正在进行的执行会继续；历史保留到期后清除。此操作无法撤销。', yes: '删除任务', done: '{name} 已删除' },
  stop: {
    title: '终止 {name} 的这次执行', text: '向其所有进程发送 TERM，宽限时间过后发送 KILL。', text_grace: '向其所有进程发送 TERM，{grace}后发送 KILL。', kept: '已保留 {size} 输出。', yes: '终止执行',
    short: '终止…', asked: '正在终止', waits: '已发送 TERM，{time}后 KILL',
  },
  run: {
    title: '执行', attempt: '第 {n} 次尝试', older: '前一次执行', newer: '后一次执行', copy_link: '复制链接', copy_command: '复制命令', copy_id: '复制执行编号', others: '该计划时刻的其他尝试：', times: '时间',
    claimed: '认领', planned: '计划', started: '开始', ended: '结束', node: '节点', exit: '退出码', signal: '信号', core: '已转储核心', lag: '启动延迟', memory: '内存', output: '输出', dropped: '{size} 未保留', revision: '版本',
    changed_since: '任务此后已修改',
  },
  output: {
    title: '输出', lines: '{n} 行', lost: '非实时，正在重试', search: '搜索', follow: '跟随', wrap: '长行换行', end: '到末尾', download: '下载', full: '全屏', nothing: '没有输出。', reading: '读取中…',
    not_taken: '尚无节点认领。', silent: '尚无输出，已 {time}。', fresh: '{n} 行新输出', gap: '… {size} 未保留 …', folded: ' … 另有 {n} 个字符，见下载文件', above: '… 上方 {n} 行未绘制，见下载文件 …',
  },
  runs: { note: '所有任务的每次执行，最新在前。', none: '还没有执行过', none_text: '任务一触发，其执行就会出现在这里。', new: '{n} 条新记录', from: '从', to: '到' },
  task: {
    title: '任务', goes: '正在执行', last_ok: '上次成功', in_row: '连续', took: '耗时，中位 / p95', lag: '启动延迟，p50 / p99', not_run: '最近一天未执行', not_run_on: '{day} 未执行', tab_ledger: '台账', tab_calendar: '日历', tab_durations: '耗时', tab_definition: '定义',
    last_day: '最近一天', new_rows: '{n} 条新记录，显示', no_ticks: '尚无计划时刻经过', no_ticks_text: '下一个见上方，也可以立即执行。', no_ticks_paused: '任务已暂停。', planned: '计划时刻', outcome: '结果', reason: '原因',
    duration: '耗时', by_hand: '手动执行', made: '创建者', changed: '修改者', copy_json: '复制为 JSON',
  },
  heat: { title: '最近十二周的每一天', note: '每天的计划时刻结果如何。点击某天查看其台账。', nothing: '无', day: '日期' },
  timeline: {
    note: '已执行和将要执行的，在同一时间轴上。', rows: '行', by_task: '按任务', by_node: '按节点', span: '时间跨度', span_1h: '1 小时', span_6h: '6 小时', span_24h: '一天', span_7d: '一周', earlier: '更早', later: '更晚', closer: '放大', wider: '缩小', now: '现在',
    told: '从 {from} 到 {to}，共 {n} 行。方向键移动，加减号缩放。', coming: '{n} 次待执行', planned: '计划于 {at}', ring: '待执行', hatched: '斜线：多到无法逐个绘制。',
  },
  herd: {
    title: '未来一小时的启动', even: '没有三个任务在同一秒启动。', pile: '{at} 有 {n} 个', often: '{n} 个任务不断启动，未绘制。', beyond: '另有 {n} 个未计入。', told: '未来一小时 {n} 次启动，每分钟最多 {most} 次',
    starts: '{n} 次启动', most: '每分钟最多 {n} 次', hour: '1 小时', advice: '它们在同一秒启动。用 H 代替分钟，或设置错峰，可使每个任务各自后移。',
  },
  chart: { timeout: '时间限制 {time}', middle: '中位 {time}', table: '显示为表格' },
  nodes: {
    note: '命令在节点上执行。节点服务于项目，并认领其中到期的任务。', none: '没有存活的节点', none_text: '启动之前什么都不会执行：在机器上运行 “gophercron client -c 文件”，并写明它服务的项目编号。', name: '节点', version: '版本',
    running: '执行中', weight: '权重', since: '启动于', alive: '在线', load: '负载', clock: '时钟', runs: '启动以来', runs_text: '{started} 次执行，{failed} 次失败', seen: '最近上报', drain: '停止接收…', drain_title: '停止 {name} 接收任务', drain_text: '在恢复之前它不再认领新任务；正在进行的执行会继续，由其项目的其他节点接替。', drain_alone: '它是唯一的节点：期间什么都不会执行。', drain_yes: '停止接收', resume: '恢复', reload: '重新加载', reload_done: '{name} 正在重新读取配置', menu: '{name} 的操作', rests: '停止接收', takes: '接收执行', gone: '失联', gone_text: '本页打开期间其会话结束。', every_project: '所有项目',
    grow: '当前为单机。要在多台机器上执行，见 “gophercron service” 和 “gophercron client”。',
  },
  projects: {
    title: '项目', remark: '备注', id: '编号', new: '新建项目', make: '创建项目', none: '还没有项目', none_text: '项目包含任务，以及可以操作它们的人和节点。', needy: '{n} 个需要关注', well: '正常', paused: '{n} 个已暂停',
    delete: '删除项目', delete_title: '删除项目 {name}', delete_text: '连同其成员和全部历史。此操作无法撤销。',
  },
  project: {
    title: '项目', tab_tasks: '任务', tab_nodes: '节点', tab_members: '成员', tab_settings: '设置', add_node: '添加节点', add_node_text: '当一台机器的 client 配置中写有编号 {id} 时，它就服务于此项目：',
    has_tasks: '其中有 {n} 个任务；项目为空时才能删除。', empty: '其中没有任务。',
  },
  edit: {
    title: '编辑任务', new: '新建任务', of: '编辑 {name}', copy_of: '{name} 的副本', name: '名称', project: '项目', command: '命令', command_note: '交给节点上的 shell 执行。环境中有 GOPHERCRON_TICK、_RUN、_TASK 等变量。',
    argv_note: '程序及其参数，不经 shell；通过 API 如此定义。', schedule: '计划', cron: 'cron 表达式', zone: '时区', zone_usual: '安装时的时区', policies: '执行位置与异常处理', change: '修改', hide: '收起',
    overlap: '上一次执行仍未结束时', overlap_skip: '跳过：新的计划时刻不执行，台账写明原因。', overlap_queue: '排队：最新的计划时刻等待，执行结束后开始。', overlap_replace: '替换：终止正在进行的执行，开始新的。',
    overlap_allow: '允许并行：两次同时进行。', catch_up: '中断期间经过的计划时刻', catch_up_skip: '不补：都不执行，记为错过。', catch_up_latest: '补最近一次：只执行最新的，且不早于 {age}前。',
    catch_up_all: '全部补跑：{age}内的依次执行，旧的在先，最多 {n} 个。', max_age: '不早于', max_number: '最多', start_deadline: '启动期限', start_deadline_says: '{time}内未能开始的计划时刻记为错过。',
    timeout: '时间限制', timeout_says: '{time}后终止：先 TERM，{grace}后 KILL。', timeout_none: '无：可以一直执行。', kill_grace: '宽限时间', kill_grace_says: 'TERM 与 KILL 之间 {time}。', jitter: '错峰', jitter_says: '每个计划时刻后移 {time}内的固定一段，各任务不同。',
    jitter_none: '准点开始。', says_overlap_skip: '若仍在执行：跳过。', says_overlap_queue: '若仍在执行：排队一个。', says_overlap_replace: '若仍在执行：替换。', says_overlap_allow: '若仍在执行：并行。',
    says_catch_up_skip: '中断之后：不补跑。', says_catch_up_latest: '中断之后：补跑最近一次（{age}内）。', says_catch_up_all: '中断之后：补跑 {age}内的全部。', says_timeout: '{time}后终止。', says_no_timeout: '不限时间。',
    surroundings: '更多', remark: '备注', environment: '环境变量', labels: '标签', cwd: '工作目录', enabled: '启用：按计划执行', make: '创建任务', save: '保存', made: '{name} 已创建，下次执行：{next}。', saved: '{name} 已保存，下次执行：{next}。',
    preview: '含义', type: '请输入计划，或选择下方的预设。', wrong: '表达式尚无法识别。', never: '它永远不会触发，因此不能保存。', moves: '下次执行从 {from} 移到 {to}。', next_ten: '接下来的执行', yours_at: '您的时间 {time}',
    valid_from: '生效时间（{zone}）', valid_until: '失效时间', output_limit: '每次执行保留的输出（KiB）', output_limit_note: '保留开头和结尾部分。0：按节点的设置，通常为 1 MiB。', leave: '不保存就离开？', needs_project: '任务属于项目，请先新建一个项目。', clash: '您编辑期间，{who} 保存了此任务。', field: '字段', was: '原值', theirs: '对方', yours: '您的', on_top: '在对方的基础上应用我的修改', take_theirs: '采用对方的', unit: '{name}的单位',
  },
  policy: {
    where: '在哪里执行', one_node: '一个节点：由项目中认领该计划时刻的节点执行。', every_node: '广播：项目的每个节点都执行每个计划时刻。', every_node_more: '各自独立：台账中每个节点一行；不在线的节点只影响它自己。',
    no_queue: '每个节点都执行的任务不能排队：请选择其他方式。',
    retry: '执行失败时', retries: '不重试 | 重试一次 | 最多重试 {n} 次', delay: '首次间隔', backoff: '间隔如何增长', backoff_same: '间隔始终相同', backoff_times: '每次间隔 × {n}', retry_none: '失败后不重试。',
    retry_says: '失败或超时后重试一次，在结束 {delays} 之后。 | 失败或超时后最多重试 {n} 次，分别在前一次结束 {delays} 之后。', retry_holds: '在最后一次尝试结束之前（包括等待），该计划时刻都算作仍在执行。',
    on_lost: '执行期间节点失联时', on_lost_leave: '不处理：记为结果丢失，下一个计划时刻照常执行。', on_lost_retry: '约 20 秒后在其他节点重新执行：至少执行一次，因此可能执行两次。',
  },
  builder: {
    title: '用文字描述的计划', none: '选择执行频率…', other: '按表达式', every: '频率', at: '时间', at_minute: '分钟', weekdays: '星期', day: '日期', on_day: '{n} 日', last_day: '最后一天',
    kind_seconds: '每隔几秒', kind_minutes: '每隔几分钟', kind_hours: '每隔几小时', kind_day: '每天', kind_week: '每周的某几天', kind_month: '每月一次',
    every_seconds: '每秒 | 每 {n} 秒', every_minutes: '每分钟 | 每 {n} 分钟', every_hours: '每小时 | 每 {n} 小时', short_months: '没有 {n} 日的月份不执行；“最后一天”每个月都有。',
  },
  clock: {
    title: '夏令时切换', none_ahead: '该时区在未来一年内不调整时钟。', none: '它在该时段没有计划时刻：不受影响。', after: '当天不存在 {wall}：在 {after} 执行一次。', pace: '按原有节奏继续：不遗漏，也不增加。',
    first: '当天 {wall} 出现两次：只在第一次执行。', both: '该小时出现两次，两次都会执行：它按实际经过的时间进行。',
  },
  try: { title: '试运行', note: '按已保存的定义执行一次，并在这里显示输出。', act: '在此立即执行', save: '保存并在此执行', make: '创建并试运行' },
  unit: { s: '秒', m: '分钟', h: '小时', d: '天' },
  cron: {
    second: '秒', minute: '分', hour: '时', day: '日', month: '月', weekday: '星期', year: '年', six: '六个字段：最后一个是年。需要秒时请用七个字段，秒在最前。',
    second_values: '秒：0–59，例如 0、*/10、5,35', minute_values: '分：0–59，例如 0、*/15、10-20、H', hour_values: '时：0–23，例如 3、9-17、*/6、H', day_values: '日：1–31，例如 1、15、L（最后一天）、15W（最近的工作日）',
    month_values: '月：1–12 或 JAN–DEC，例如 *、1,7、*/3', weekday_values: '星期：0–7 或 SUN–SAT（0 和 7 为星期日），例如 1-5、FRI#2、5L', year_values: '年：例如 *、2030',
  },
  preset: {
    minute: '每分钟', ten_seconds: '每 10 秒', quarter: '每一刻钟', hour: '每小时', day: '每天', weekdays: '工作日', week: '每周', month: '每月', last_day: '月末', spread: '每天，错峰',
  },
  account: { administrator: '{account}，管理员', person: '{account}', looks: '显示', password: '密码', changed: '密码已修改', ends_others: '会结束此账号的其他会话。', end_all: '退出所有设备', end_all_title: '在所有设备上退出登录', end_all_text: '此账号的所有会话立即结束，包括当前会话。API 令牌保留。' },
  users: {
    note: '所有可以登录的人。他们能做什么由各个项目决定。', add: '添加用户', add_yes: '添加用户', added: '已添加 {account}', search: '账号或姓名', number: '{n} 个账号', account: '账号', name: '姓名', state: '状态', since: '创建于', you: '（您）',
    administrator: '管理员', must_change: '需要设置密码', menu: '{account} 的操作', password: '初始密码', password_note: '建议留空：您会得到一个链接，由对方自己设置密码。', reset: '重置密码…', reset_title: '重置 {account} 的密码',
    reset_text: '当前密码立即失效，所有会话结束。您会得到一个一次性登录链接，对方用它设置新密码。', reset_yes: '重置密码', remove: '移除…', remove_title: '移除账号 {account}', remove_text: '连同其成员身份和 API 令牌；会话立即结束。其创建的任务保留。此操作无法撤销。',
    remove_yes: '移除账号', removed: '已移除 {account}',
  },
  once: { title: '{account} 的登录链接，仅显示这一次', text: '可登录一次，并要求设置密码。持有它的人就是 {account}：请通过他人看不到的途径转交。' },
  role: { viewer: '查看者', operator: '操作者', editor: '编辑者', owner: '所有者' },
  role_says: { viewer: '可查看任务、执行和输出。', operator: '还可执行、终止和暂停。', editor: '还可创建、修改和删除任务。', owner: '还可修改项目及其成员。' },
  members: {
    none: '没有成员', none_text: '只有管理员能看到此项目。', role: '角色', role_of: '{account} 的角色', is: '{account} 现在是{role}', add: '添加', remove: '移除…', remove_title: '将 {account} 移出 {project}', remove_text: '对方将看不到此项目的任何内容；其创建的内容保留。', remove_yes: '移除成员',
    may_not: '只有项目所有者和管理员可以修改成员。', administrators: '管理员无需成为成员，即可操作所有项目。',
  },
  settings: {
    note: '此安装的情况，以及在哪里设置。', about: '关于', versions: '各节点版本不一致', state: '服务', ready: '就绪', not_ready: '已启动但未就绪：存储或协调服务没有应答', address: '控制台',
    time: '时间', zone: '未指定时区的任务所用时区', zone_note: '自首次启动起保持不变：修改会移动这些任务。', clock: '服务的时钟', yours: '您的时钟', off: '相差 {time}', where: '在哪里设置', where_text: '服务和节点在各自的配置文件中设置，不在这里。命令行可以输出包含所有键的文件并进行检查：',
    yours_text: '语言、外观、显示时区、密码和 API 令牌由您自己设置：', metrics: '供 Prometheus 采集，在本机访问或使用其令牌：',
  },
  tokens: {
    title: 'API 令牌', note: '供程序使用；权限与您相同或更少', none: '没有令牌', may: '权限', all_mine: '与我相同', only: '仅限项目', says_all: '您现在和以后能做的，它都能做，在您可见的所有项目中。', says_only: '仅限 {projects}；不含管理员的权限。', name: '名称', made: '创建于', expires: '到期', never: '永不', days: '{n} 天后', make: '创建令牌', once: '仅显示这一次，请存放在保管密钥的地方。',
    copy: '复制令牌', kept: '已保存', revoke: '吊销', revoke_title: '吊销 {name}', revoke_text: '使用它的程序从下一次请求起会被拒绝。',
  },
  import: {
    note: 'crontab 的每一行成为一个任务。在您看过全部内容之前不会创建任何东西。', source: 'Crontab', paste: '粘贴 “crontab -l” 的输出，或选择文件', file: '选择文件', project: '导入到项目', zone: '各行所用时区', system: '含用户字段，如 /etc/crontab', read: '读取',
    plan: '导入计划', line: '行', name: '任务', schedule: '计划', command: '命令', notes: '说明', sum: '将创建 {ok} 个任务，忽略 {left} 行，{bad} 行无法导入', none: '这段文本中没有可导入的内容。', paused: '创建后保持暂停：crond 仍在执行它们', apply: '创建 {n} 个任务',
    done: '已创建 {n} 个任务', failed: '{n} 个未创建，原因见各行。', open: '查看', take: '导入第 {n} 行', undo: '删除本次导入创建的任务', undo_text: '删除本次导入刚创建的 {n} 个任务。', undone: '已删除。',
  },
  import_note: {
    mail: '输出随每次执行保留，不发送邮件；通知在服务端设置。', delay: '每个任务后移其中固定的一段。', user: '命令以节点的账号执行。',
    input: '% 之后的内容作为命令的输入。', shell: '由该 SHELL 执行。',
  },
};

export default zh;
