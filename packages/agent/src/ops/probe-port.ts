import { aborted, describeError, formatHostPort } from '@rolegate/runtime';
import type { Clock, HostPort, Log, ReadyCheck, Service } from '@rolegate/runtime';

export interface ProbePortDeps {
  readonly at: HostPort;
  /** Rejects with the system's error. */
  readonly listen: (host: string, port: number) => Promise<unknown>;
  /** Whether whoever has the port answers kubelet as an agent does. */
  readonly isAnswered: (at: HostPort) => Promise<boolean>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

export interface ProbePort extends Service {
  /** Ready once kubelet gets an answer: liveness probes begin when the agent is ready, and must not fail then. */
  readonly check: ReadyCheck;
}

/** How often it is seen whether whoever has the port has left it. Milliseconds. */
const RETRY_MS = 1_000;

/**
 * Listens for kubelet's liveness probes (DESIGN.md 4.7). Agents of one user share the port. If somebody else has it the agent
 * serves Pods all the same, and tries again; it is ready only if that one is an agent of another user, which answers for both.
 */
export function createProbePort({ at, listen, isAnswered, clock, log }: ProbePortDeps): ProbePort {
  const address = formatHostPort(at);
  let state: true | string = `${address} is not open yet`;
  let told = '';

  async function open(): Promise<boolean> {
    try {
      await listen(at.host, at.port);
      return true;
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (isTaken && (await isAnswered(at))) {
        state = true;
        tell('info', 'another agent answers probes, trying again until it ends');
      } else {
        state = describeError(error);
        tell('warn', 'cannot listen for probes, trying again', {
          error: state,
          hint: isTaken ? takenHint(at.port) : HINT,
        });
      }
      return false;
    }
  }

  /** Once, until it is something else. */
  function tell(level: 'info' | 'warn', message: string, fields: object = {}): void {
    if (message === told) return;
    told = message;
    log[level](message, { address, ...fields });
  }

  return {
    name: 'probes',
    check: { name: 'probes', ready: () => state },
    async run(signal) {
      while (!(await open())) {
        await clock.sleep(RETRY_MS, signal);
        if (signal.aborted) return;
      }
      state = true;
      if (told !== '') log.info('listening for probes', { address });
      await aborted(signal);
    },
  };
}

const HINT = 'choose another address or port by --probe-bind (chart: probes)';

function takenHint(port: number): string {
  return `end the program that ss -ltnp 'sport = :${port}' names on the node, or choose another port by --probe-bind (chart: probes.port)`;
}
