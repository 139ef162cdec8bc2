import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';

/** Whether the agent serves container credentials, as it reports to servers. */
export interface ServingState {
  readonly current: () => boolean;
  readonly set: (serves: boolean) => void;
  readonly onChange: (listener: () => void) => () => void;
}

/** False at first. */
export function createServingState({ log }: { readonly log: Log }): ServingState {
  const listeners = createListeners<undefined>({
    failed: listenerFailed(log, 'serving container credentials'),
  });
  let current = false;
  return {
    current: () => current,
    set(serves) {
      if (serves === current) return;
      current = serves;
      listeners.tell(undefined);
    },
    onChange: listeners.on,
  };
}
