import type { BudgetTicket, Priority, StsBudget } from './budget/sts-budget.ts';

export interface SingleCallOptions {
  readonly budget: StsBudget;
  readonly namespace: string;
  /** Makes the call; must not reject. */
  readonly call: () => Promise<void>;
  /** The call has ended, and another can be requested. */
  readonly onEnd: () => void;
}

/** At most one STS call at a time. */
export interface SingleCall {
  /** queued: waits for the budget. calling: waits for STS. */
  readonly stage: 'idle' | 'queued' | 'calling';
  /** Only while idle. */
  readonly request: (priority: Priority, renewal: boolean) => void;
  readonly raise: (priority: Priority) => void;
  /** Another Namespace needs the same session. */
  readonly wantedBy: (namespace: string) => void;
  /** Cancels a queued call. */
  readonly cancel: () => void;
}

export function createSingleCall({ budget, call, onEnd, ...first }: SingleCallOptions): SingleCall {
  let { namespace } = first;
  let stage: SingleCall['stage'] = 'idle';
  let ticket: BudgetTicket | undefined;

  async function start(): Promise<void> {
    stage = 'calling';
    await call();
    stage = 'idle';
    onEnd();
  }

  return {
    get stage() {
      return stage;
    },
    request(priority, renewal) {
      stage = 'queued';
      ticket = budget.request({ namespace, priority, renewal, start });
    },
    raise(priority) {
      if (stage === 'queued') ticket?.raise(priority);
    },
    wantedBy(other) {
      if (stage === 'queued' && ticket?.wantedBy(other) === true) namespace = other;
    },
    cancel() {
      if (stage !== 'queued') return;
      ticket?.cancel();
      stage = 'idle';
    },
  };
}
