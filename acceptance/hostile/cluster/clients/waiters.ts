import type { MachineMs } from '../calls.ts';

/** Returns the time at which the condition became true, or undefined if it has not. */
type Condition = () => MachineMs | undefined;

interface Waiter {
  readonly condition: Condition;
  readonly resolve: (atMs: MachineMs | undefined) => void;
}

/** Waits for conditions that can change only with a message. */
export function createWaiters() {
  const waiters = new Set<Waiter>();

  function check({ condition, resolve }: Waiter): void {
    const atMs = condition();
    if (atMs !== undefined) resolve(atMs);
  }

  return {
    /** Call after each message. */
    checkAll(): void {
      for (const waiter of waiters) check(waiter);
    },
    /** Resolves to undefined after `withinMs`. */
    waitFor(condition: Condition, withinMs: number): Promise<MachineMs | undefined> {
      return new Promise((resolve) => {
        const waiter: Waiter = {
          condition,
          resolve(atMs) {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(atMs);
          },
        };
        const timer = setTimeout(waiter.resolve, withinMs, undefined);
        waiters.add(waiter);
        check(waiter);
      });
    },
  };
}
