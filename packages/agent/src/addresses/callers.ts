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

/** How often the passing of time is looked at (`staleIpMs`), which matters to addresses from the status of Pods alone. Milliseconds. */
const CHECK_MS = 1_000;
const CHECK_RESULTS_MS = 10_000;

const UNREADABLE = 'an address that can be read';

export interface CallersDeps
  extends Omit<StatusOwnersDeps, 'table' | 'cniResults'>, Pick<IdentifyDeps, 'nodeIps'> {
  readonly table: IdentifyDeps['table'] & Pick<PodTable, 'podsByIp' | 'pods' | 'onChange'>;
  /** Undefined: the agent was told of no directory. */
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
  /** Any spelling of an address. */
  readonly identify: (ip: string) => Caller;
  /** The same for who only looks: nobody was answered. */
  readonly peek: (ip: string) => Caller;
  readonly source: IpSource;
  /** Called after what `identify` says may have changed. The returned function ends the listening. */
  readonly onChange: (listener: () => void) => () => void;
  /** Called with an address (canonical) that `identify` has attributed to a Pod that does not own it any more. */
  readonly onHandover: (listener: (ip: string) => void) => () => void;
  /** Notices what only time changes, until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Tells which Pod asks: by the CNI results, or, if these are of no use, by the Pods' status. */
export function createCallers(deps: CallersDeps): Callers {
  const { table, cniResults, clock, log } = deps;
  const byStatus = createStatusOwners(deps);
  const identifyBy = createIdentify({ ...deps, byStatus });
  const canonical = (ip: string) => identifyBy(source, ip);
  const changes = createChanges({ log, of: 'callers' });
  const handovers = createHandovers({ identify: canonical, log });
  const decideSource = createIpSource({ ...deps, pods: table.pods });
  deps.memory?.count('addresses_given', handovers.size);
  deps.memory?.count('pods_contradicted', byStatus.contradictedPods);
  let source: IpSource = 'cni';

  function refresh(): void {
    // Before a scan is done nothing is known about the directories, so nothing is said about them.
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
      while (!signal.aborted) {
        await clock.sleep(source === 'cni' ? CHECK_RESULTS_MS : CHECK_MS, signal);
        if (handovers.check()) changes.notify();
      }
    },
  };
}
