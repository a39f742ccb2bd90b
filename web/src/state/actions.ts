// What people do to tasks and runs, with the question that comes before it.
import { ElMessage } from 'element-plus';
import { call, newKey, post, taskPath } from '../api/client';
import type { Run, Task } from '../api/types';
import { bytes, seconds } from '../look/format';
import { i18n } from '../words';
import { router } from '../router';
import { ask } from './confirm';
import { projectTitle } from './projects';
import { liveRuns, noteTask } from './tasks';

const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named);

export function said(text: string): void {
  ElMessage({ message: text, type: 'success', duration: 4000, grouping: true, plain: true });
}

export function askRun(task: Task): void {
  const going = [...liveRuns.value.values()].filter((run) => run.task_id === task.task_id && run.project_id === task.project_id);
  // One key for one opening of the dialog: pressing twice runs it once.
  const key = newKey();
  ask({
    title: t('run_now.title', { name: task.name }),
    text: t('run_now.text', { project: projectTitle(task.project_id) }),
    more: [
      task.command || task.argv.join(' '),
      ...(going.length > 0 ? [t(`run_now.going_${task.overlap}`)] : []),
      ...(task.enabled ? [] : [t('run_now.paused')]),
    ],
    yes: t('run_now.yes'),
    act: async () => {
      const made = await post<{ run_id: string }>(taskPath(task.project_id, task.task_id) + '/runs', {}, { 'Idempotency-Key': key });
      await router.push({ name: 'run', params: { run: made.run_id } });
    },
  });
}

export function askPause(task: Task): void {
  ask({
    title: t('pause.title', { name: task.name }),
    text: t('pause.text'),
    yes: t('pause.yes'),
    act: async () => {
      noteTask(await post<Task>(taskPath(task.project_id, task.task_id) + '/pause'));
      said(t('pause.done', { name: task.name }));
    },
  });
}

export async function resume(task: Task): Promise<void> {
  try {
    noteTask(await post<Task>(taskPath(task.project_id, task.task_id) + '/resume'));
    said(t('resume.done', { name: task.name }));
  } catch (failure) {
    ElMessage({ message: failure instanceof Error ? failure.message : String(failure), type: 'error', plain: true });
  }
}

export function askDelete(task: Task, then: () => void): void {
  ask({
    title: t('delete.title', { name: task.name }),
    text: t('delete.text'),
    yes: t('delete.yes'),
    danger: true,
    act: async () => {
      await call('DELETE', taskPath(task.project_id, task.task_id), { headers: { 'If-Match': `"${task.revision}"` } });
      said(t('delete.done', { name: task.name }));
      then();
    },
  });
}

export function askStop(run: Run, graceS: number | null, then: (run: Run) => void): void {
  ask({
    title: t('stop.title', { name: run.task_name }),
    text: graceS === null ? t('stop.text') : t('stop.text_grace', { grace: seconds(graceS) }),
    more: run.output_bytes > 0 ? [t('stop.kept', { size: bytes(run.output_bytes) })] : [],
    yes: t('stop.yes'),
    danger: true,
    act: async () => then(await post<Run>(`/runs/${run.run_id}/kill`)),
  });
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    said(t('act.copied'));
  } catch {
    ElMessage({ message: t('act.not_copied', { text }), type: 'warning', duration: 10_000, plain: true });
  }
}
