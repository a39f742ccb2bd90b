// What /api/v2 gives and takes, under the names that the console has for it. schema.ts is made from the API's contract
// (src/http/openapi).
import type { ApiToken as KnownToken, LiveEvent as AnyEvent, NewApiToken } from './schema';

export type {
  CatchUpMode, Cause, CrontabLine, FieldError, LedgerRow, Me, Member, Node, Outcome, OutcomeCount, Overlap, Preview, Project,
  RecentRun, Role, Run, RunState, Task, TaskDefinition as TaskBody, TickSpan, User, Why,
} from './schema';

export interface Page<T> {
  items: T[];
  next: string | null;
}

// With the token itself when it was just made.
export type ApiToken = KnownToken & Partial<NewApiToken>;

// Listeners hear of `resync` by its name and never look into it; every other event has these.
export type LiveEvent = AnyEvent & Required<Pick<AnyEvent, 'project_id' | 'task_id'>>;
