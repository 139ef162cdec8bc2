import { createListeners, listenerFailed } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import { ownerUid } from './caller.ts';
import type { Caller } from './caller.ts';

export interface Handovers {
  /** `ip` was attributed to this caller. */
  readonly given: (ip: string, caller: Caller) => void;
  /** Compares the attributions with the current ones; true if an address changed hands. */
  readonly check: () => boolean;
  readonly on: (listener: (ip: string) => void) => () => void;
  /** Number of addresses whose attribution still holds. */
  readonly size: () => number;
}

export interface HandoversDeps {
  readonly identify: (ip: string) => Caller;
  readonly log: Log;
}

/** Detects when an IP used to identify a caller is reassigned or released. */
export function createHandovers({ identify, log }: HandoversDeps): Handovers {
  const uids = new Map<string, string>();
  const listeners = createListeners<string>({ failed: listenerFailed(log, 'handovers of addresses') });

  function given(ip: string, caller: Caller): boolean {
    // Requests are held in this state: a Pod that still owns the address keeps its connections, and a new owner is noticed
    // later.
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
