import { isIPv4 } from 'node:net';
import { aborted, describeError, formatHostPort } from '@rolegate/runtime';
import type { Clock, HostPort, Log, ReadyCheck } from '@rolegate/runtime';
import { listenShared } from '../pod-http/listen-shared.ts';
import type { AgentPorts, Listen } from '../ports/agent-ports.ts';
import type { ServingState } from './serving-state.ts';

/** How often an address that does not exist yet is tried. Milliseconds. */
const EVERY_MS = 1_000;

const HINT =
  'Wait for rolegate-agent reconcile, which adds the address if it has --container-credentials. If it stays missing, check its log.';

export interface CredentialsListeningDeps {
  /** The endpoint is served once the agent listens on the first one. */
  readonly addresses: readonly HostPort[];
  /** The node's own addresses. */
  readonly hostIps: readonly string[];
  readonly listen: Listen;
  readonly ports: Pick<AgentPorts, 'take' | 'stateOf'>;
  /** True once the agent knows as much as the one that has the port. */
  readonly canAnswer: () => boolean;
  readonly serving: Pick<ServingState, 'set' | 'current'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

/** One address of the endpoint. */
export interface EndpointAddress {
  readonly at: HostPort;
  /** Why the agent does not listen there. Undefined: it does. */
  readonly waitsFor: string | undefined;
}

export interface CredentialsListening {
  readonly check: ReadyCheck;
  readonly addresses: () => readonly EndpointAddress[];
  /** Listens until the signal aborts. Never rejects: an address that is missing or taken is tried again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Listens on the addresses of the endpoint, which `reconcile` adds to the node: as soon as each of them exists. */
export function createCredentialsListening(deps: CredentialsListeningDeps): CredentialsListening {
  const { addresses, hostIps, listen, ports, canAnswer, serving, clock, log } = deps;
  const waits = new Map<string, string | undefined>();
  for (const at of addresses) waits.set(formatHostPort(at), 'the port');

  function listening(at: HostPort): void {
    waits.set(formatHostPort(at), undefined);
    log.info('container credentials endpoint listening', { address: at.host, port: at.port });
    if (at === addresses[0]) serving.set(true);
  }

  function waiting(at: HostPort, error: unknown, isFirst: boolean): void {
    waits.set(
      formatHostPort(at),
      isMissing(error) ? 'the address to be added to the node' : describeError(error),
    );
    if (!isFirst || !isExpected(at)) return;
    const about = { address: at.host, port: at.port };
    if (isMissing(error))
      log.info('container credentials endpoint waiting for its address', { ...about, hint: HINT });
    else
      log.warn('cannot listen for container credentials', {
        ...about,
        error: describeError(error),
        hint: 'The agent tries again each second. Check --container-credentials-bind and what else uses the port.',
      });
  }

  function waitsFor(at: HostPort): string | undefined {
    return ports.stateOf(at) === 'held' ? 'the port, which another user has' : waits.get(formatHostPort(at));
  }

  /** A node without IPv6 never gets that address. */
  function isExpected({ host }: HostPort): boolean {
    return isIPv4(host) || hostIps.some((ip) => !isIPv4(ip));
  }

  async function join(at: HostPort, signal: AbortSignal): Promise<void> {
    const stopped = () => signal.aborted;
    const take = (until: AbortSignal) => ports.take(at, listen, until);
    for (let tries = 1; !stopped(); tries += 1) {
      try {
        const shared = { address: at.host, port: at.port, take, canAnswer, clock, log };
        if (await listenShared(shared, signal)) listening(at);
        return;
      } catch (error) {
        if (!stopped()) waiting(at, error, tries === 1);
        await clock.sleep(EVERY_MS, signal);
      }
    }
  }

  return {
    check: {
      name: 'container credentials',
      informative: true,
      ready: () =>
        serving.current() || `not listening: waiting for ${addresses.map(waitsFor)[0] ?? 'an address'}`,
    },
    addresses: () => addresses.map((at) => ({ at, waitsFor: waitsFor(at) })),
    async run(signal) {
      await Promise.all(addresses.map((at) => join(at, signal)));
      await aborted(signal);
    },
  };
}

/** EAFNOSUPPORT: the kernel has no IPv6. */
function isMissing(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}
