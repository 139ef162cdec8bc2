import type { Clock, Log } from '@rolegate/runtime';
import { canonicalIp, createChanges } from '@rolegate/runtime';
import type { PodTable } from '../feed/table/pod-table.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { Caller } from './caller.ts';
import type { CniResults } from './cni-results.ts';
import { createHandovers } from './handovers.ts';
import { createIdentify, unknown } from './identify.ts';
import type { IdentifyDeps } from './identify.ts';
import { createIpSource } from './ip-source.ts';
import type { IpSource } from './ip-source.ts';
import { createStatusOwners } from './status-owners.ts';
import type { StatusOwnersDeps } from './status-owners.ts';

/** How often `staleIpMs` is checked, which applies only to addresses from Pod status. Milliseconds. */
const CHECK_MS = 1_000;
const CHECK_RESULTS_MS = 10_000;

const UNREADABLE = 'a valid address';

export interface CallersDeps
  extends Omit<StatusOwnersDeps, 'table' | 'cniResults'>, Pick<IdentifyDeps, 'nodeIps'> {
  readonly table: IdentifyDeps['table'] & Pick<PodTable, 'podsByIp' | 'pods' | 'onChange'>;
  /** Undefined: no directory is configured. */
  readonly cniResults:
    | Pick<
        CniResults,
        'owner' | 'unreadableAt' | 'says' | 'usable' | 'names' | 'states' | 'scanned' | 'onChange' | 'awaited'
      >
    | undefined;
  /** UIDs of Pods that had a result while a previous process ran. */
  readonly hadResults?: ReadonlySet<string> | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { readonly ipSource: (source: IpSource) => void };
  readonly memory?: AgentMemory;
}

export interface Callers {
  /** Accepts any spelling of an address. */
  readonly identify: (ip: string) => Caller;
  /** Like `identify`, without recording that the caller was answered. */
  readonly peek: (ip: string) => Caller;
  readonly source: IpSource;
  /** Called after the result of `identify` may have changed. The returned function removes the listener. */
  readonly onChange: (listener: () => void) => () => void;
  /** Called with an address (canonical) that `identify` attributed to a Pod that no longer owns it. */
  readonly onHandover: (listener: (ip: string) => void) => () => void;
  /** Checks periodically for changes that only time causes, until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Identifies the Pod behind an address by CNI results or, if they are unusable, by Pod status. */
export function createCallers(deps: CallersDeps): Callers {
  const { table, cniResults, clock, log } = deps;
  const byStatus = createStatusOwners(deps);
  const identifyBy = createIdentify({ ...deps, byStatus });
  const canonical = (ip: string) => identifyBy(source, ip);
  const changes = createChanges({ log, of: 'callers' });
  const handovers = createHandovers({ identify: canonical, log });
  const decideSource = createIpSource({ ...deps, pods: table.pods, stopping: () => stop?.aborted === true });
  deps.memory?.count('addresses_given', handovers.size);
  deps.memory?.count('pods_contradicted', byStatus.contradictedPods);
  let source: IpSource = 'cni';
  let stop: AbortSignal | undefined;

  function refresh(): void {
    // Before the first scan nothing is known about the directories, so the source is not decided yet.
    if (cniResults?.scanned !== false) source = decideSource();
    if (source === 'cni' && cniResults?.scanned === true && cniResults.awaited === undefined)
      byStatus.compare();
    handovers.check();
    changes.notify();
  }

  function identify(address: string): Caller {
    const ip = canonicalIp(address);
    if (ip === undefined) return unknown(UNREADABLE);
    const caller = canonical(ip);
    handovers.given(ip, caller);
    return caller;
  }

  function peek(address: string): Caller {
    const ip = canonicalIp(address);
    return ip === undefined ? unknown(UNREADABLE) : canonical(ip);
  }

  table.onChange(refresh);
  cniResults?.onChange(refresh);
  refresh();

  return {
    identify,
    peek,
    get source() {
      return source;
    },
    onChange: changes.on,
    onHandover: handovers.on,
    async run(signal) {
      stop = signal;
      while (!signal.aborted) {
        await clock.sleep(source === 'cni' ? CHECK_RESULTS_MS : CHECK_MS, signal);
        if (handovers.check()) changes.notify();
      }
    },
  };
}
