import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { ownerUid } from './caller.ts';
import type { Caller } from './caller.ts';

export interface Handovers {
  /** `ip` was given to this caller. */
  readonly given: (ip: string, caller: Caller) => void;
  /** Compares what was given with what would be now; true if an address changed hands. */
  readonly check: () => boolean;
  readonly on: (listener: (ip: string) => void) => () => void;
  /** Addresses that were given to somebody who owns them still. */
  readonly size: () => number;
}

export interface HandoversDeps {
  readonly identify: (ip: string) => Caller;
  readonly log: Log;
}

/** Notices when an address that a caller was told from is another Pod's, or nobody's any more. */
export function createHandovers({ identify, log }: HandoversDeps): Handovers {
  const uids = new Map<string, string>();
  const listeners = createListeners<string>({ failed: listenerFailed(log, 'handovers of addresses') });

  function given(ip: string, caller: Caller): boolean {
    // Requests are held meanwhile: a Pod that still owns it keeps its connections, and another owner is noticed later.
    if (caller.kind === 'unknown' && caller.undecided === true) return false;
    const former = uids.get(ip);
    const uid = ownerUid(caller);
    if (uid === former) return false;
    if (uid === undefined) uids.delete(ip);
    else uids.set(ip, uid);
    if (former === undefined) return false;
    listeners.tell(ip);
    return true;
  }

  return {
    given,
    size: () => uids.size,
    check: () => [...uids.keys()].map((ip) => given(ip, identify(ip))).includes(true),
    on: listeners.on,
  };
}
