import { createChanges } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { layers } from '../interception/rules/rule.ts';
import type { InterceptionState } from '../interception/state.ts';

export interface FollowedInterception {
  /** Undefined while unknown: not checked yet, or reconcile is unavailable. */
  readonly current: () => InterceptionState | undefined;
  /** The last known state, even if reconcile is unavailable. */
  readonly lastKnown: () => InterceptionState | undefined;
  /** The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
}

/** The state of the interception as reported by reconcile. */
export function createFollowedInterception({ log }: { readonly log: Log }): FollowedInterception & {
  readonly take: (state: InterceptionState) => void;
  readonly forget: () => void;
} {
  const changes = createChanges({ log, of: 'interception' });
  let current: InterceptionState | undefined;
  let lastKnown: InterceptionState | undefined;

  return {
    current: () => current,
    lastKnown: () => lastKnown,
    onChange: changes.on,
    take(state) {
      current = layers.some((layer) => state.layers[layer] !== undefined) ? state : undefined;
      lastKnown = current ?? lastKnown;
      changes.notify();
    },
    forget() {
      current = undefined;
      changes.notify();
    },
  };
}
