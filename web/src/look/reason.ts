// Why a tick ended as it did: one sentence, from the codes of the API, in both languages. A code that is not known
// here shows the API's own text.
import type { Outcome } from '../api/types';
import { i18n } from '../words';
import { duration } from './format';
import { signalName } from './outcome';

interface Ended {
  outcome: Outcome | null;
  reason?: string | null;
  detail?: string;
  exit_code?: number | null;
  signal?: number | null;
  started_at?: string | null;
  ended_at?: string | null;
  killed_by?: string;
  count?: number;
}

export function reasonText(ended: Ended): string {
  const { t, te } = i18n.global;
  const detail = ended.detail ?? '';
  const ran = ended.started_at && ended.ended_at ? Date.parse(ended.ended_at) - Date.parse(ended.started_at) : null;
  const time = ran === null ? '' : duration(ran);
  switch (ended.outcome) {
    case null:
      return '';
    case 'succeeded':
      return '';
    case 'failed':
      if (ended.signal) return t('reason.signal', { signal: signalName(ended.signal), time });
      if (ended.exit_code === 127) return t('reason.exit_127', { time });
      if (ended.exit_code === 126) return t('reason.exit_126', { time });
      return ended.exit_code === null || ended.exit_code === undefined ? detail : t('reason.exit', { code: ended.exit_code, time });
    case 'failed_to_start':
      return t('reason.failed_to_start', { detail });
    case 'timed_out':
      return t('reason.timed_out', { time });
    case 'killed':
      return ended.killed_by ? t('reason.killed_by', { who: ended.killed_by, time }) : t('reason.killed', { detail, time });
    default: {
      const key = `reason.${ended.outcome}_${ended.reason}`;
      if (te(key)) return t(key, { detail });
      return detail || (te(`outcome.${ended.outcome}`) ? t(`outcome.${ended.outcome}`) : (ended.outcome ?? ''));
    }
  }
}
