import type { Clock, Log } from '@rolegate/runtime';
import { canonicalIp, createChanges } from '@rolegate/runtime';
import type { PodTable } from '../feed/pod-table.ts';
import type { AgentMemory } from '../memory/memory.ts';
import type { Owner } from './address-owners.ts';
import type { Caller } from './caller.ts';
import type { CniResults } from './cni-results.ts';
import { createHandovers } from './handovers.ts';
import { createIpSource, isLive } from './ip-source.ts';
import type { IpSource } from './ip-source.ts';
import { createStatusOwners } from './status-owners.ts';
import type { StatusOwnersDeps } from './status-owners.ts';

/** How often the passing of time is looked at (`staleIpMs`), which matters to addresses from the status of Pods alone. Milliseconds. */
const CHECK_MS = 1_000;
const CHECK_RESULTS_MS = 10_000;

const UNREADABLE = 'an address that can be read';

export interface CallersDeps extends Omit<StatusOwnersDeps, 'table' | 'cniResults'> {
  readonly table: Pick<PodTable, 'pod' | 'podByRuntimeUid' | 'podByName' | 'podsByIp' | 'pods' | 'onChange'>;
  /** Undefined: the agent was told of no directory. */
  readonly cniResults:
    | Pick<
        CniResults,
        'owner' | 'unreadableAt' | 'says' | 'usable' | 'names' | 'states' | 'scanned' | 'onChange' | 'awaited'
      >
    | undefined;
  /** UIDs of Pods that had a result while a previous process ran. */
  readonly hadResults?: ReadonlySet<string> | undefined;
  /** The node's own addresses, of both families. */
  readonly nodeIps: readonly string[];
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
  const nodeIps = new Set(deps.nodeIps.map((ip) => canonicalIp(ip) ?? ip));
  const changes = createChanges({ log, of: 'callers' });
  const handovers = createHandovers({ identify: identifyCanonical, log });
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
    const caller = identifyCanonical(ip);
    handovers.given(ip, caller);
    return caller;
  }

  function peek(address: string): Caller {
    const ip = canonicalIp(address);
    return ip === undefined ? unknown(UNREADABLE) : identifyCanonical(ip);
  }

  function identifyCanonical(ip: string): Caller {
    if (nodeIps.has(ip)) return { kind: 'node' };
    const awaited = cniResults?.awaited;
    if (awaited !== undefined) return undecided(awaited);
    const owner = cniResults?.owner(ip);
    // The runtime's word on an address is the last: what the Pods' status says of it may be of its former owner.
    if (owner !== undefined) return fromOwner(owner, ip);
    const file = cniResults?.unreadableAt(ip);
    if (file !== undefined) return undecided(unreadable(file));
    return source === 'cni' ? withoutResult(ip) : fromStatus(ip);
  }

  function fromOwner(owner: Owner, ip: string): Caller {
    const { uid, namespace, name, inDoubtBy } = owner;
    const pod =
      uid === undefined ? table.podByName(namespace, name) : (table.pod(uid) ?? table.podByRuntimeUid(uid));
    if (pod === undefined) return unknown(`the feed to name the Pod ${namespace}/${name}`, owner);
    if (!isLive(pod)) return unknown('a Pod that has not ended', owner);
    if (inDoubtBy !== undefined && !byStatus.confirms(pod, ip)) return undecided(unreadable(inDoubtBy));
    return { kind: 'pod', pod };
  }

  /** The result of a Pod that was answered by its status may not have been read yet: it is there before the Pod is. */
  function withoutResult(ip: string): Caller {
    const waitsFor = 'a CNI result with this address';
    return byStatus.owner(ip).kind === 'pods' ? undecided(waitsFor) : unknown(waitsFor);
  }

  function fromStatus(ip: string): Caller {
    const owner = byStatus.owner(ip);
    if (owner.kind === 'nobody') return unknown(owner.waitsFor);
    if (owner.kind === 'node') return { kind: 'node' };
    const [pod] = owner.pods;
    return pod !== undefined && owner.pods.length === 1
      ? { kind: 'pod', pod }
      : { kind: 'ambiguous', pods: owner.pods };
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

type Unknown = Extract<Caller, { kind: 'unknown' }>;

function unknown(waitsFor: string, owner?: Pick<Owner, 'uid' | 'namespace'>): Unknown {
  if (owner === undefined) return { kind: 'unknown', waitsFor };
  const { uid, namespace } = owner;
  return { kind: 'unknown', waitsFor, namespace, ...(uid !== undefined && { uid }) };
}

function unreadable(file: string): string {
  return `the CNI result ${file}, which cannot be read`;
}

/** It may still be the one that it was, or another: nobody can say at present. */
function undecided(waitsFor: string): Unknown {
  return { kind: 'unknown', waitsFor, undecided: true };
}
