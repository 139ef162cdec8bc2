import type { BudgetTicket, Priority, StsBudget } from './sts-budget.ts';

export interface SingleCallOptions {
  readonly budget: StsBudget;
  readonly fairnessKey: string;
  /** Makes the call; must not reject. */
  readonly call: () => Promise<void>;
  /** It has ended, and another one may be asked for. */
  readonly onEnd: () => void;
}

/** At most one call at a time: none, one that waits for the budget, or one on its way to STS. */
export interface SingleCall {
  readonly stage: 'idle' | 'queued' | 'calling';
  /** Only while idle. */
  request(priority: Priority): void;
  raise(priority: Priority): void;
  /** Takes back one that waits. */
  cancel(): void;
}

export function createSingleCall({ budget, fairnessKey, call, onEnd }: SingleCallOptions): SingleCall {
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
    request(priority) {
      stage = 'queued';
      ticket = budget.request({ fairnessKey, priority, start });
    },
    raise(priority) {
      if (stage === 'queued') ticket?.raise(priority);
    },
    cancel() {
      if (stage !== 'queued') return;
      ticket?.cancel();
      stage = 'idle';
    },
  };
}
