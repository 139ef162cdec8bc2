import type { Clock } from '../time/clock.ts';
import { describeError } from '../log/describe-error.ts';
import type { Log } from '../log/log.ts';
import { formatHostPort, isPortTaken } from '../net/host-port.ts';
import type { HostPort } from '../net/host-port.ts';
import { aborted } from '../program/run-group.ts';
import type { Service } from '../program/run-group.ts';
import type { ReadyCheck } from './readiness.ts';

export interface ProbePortDeps {
  readonly at: HostPort;
  /** Rejects with the system's error. */
  readonly listen: (host: string, port: number) => Promise<unknown>;
  /** Whether the process that has the port answers kubelet as this program would. Defaults to no. */
  readonly isAnswered?: (at: HostPort) => Promise<boolean>;
  /** The flag or chart value that chooses another port. */
  readonly chosenBy: string;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

export interface ProbePort extends Service {
  /** Ready when kubelet gets an answer. */
  readonly check: ReadyCheck;
}

type Message = 'probe port in use by another agent; retrying' | 'cannot open probe port; retrying';

/** Between attempts to open a port that is in use. Milliseconds. */
const RETRY_MS = 1_000;

/** Listens for kubelet's probes (DESIGN.md 4.7). If the port is in use, the program works without it and retries. */
export function createProbePort({
  at,
  listen,
  isAnswered = () => Promise.resolve(false),
  chosenBy,
  clock,
  log,
}: ProbePortDeps): ProbePort {
  const address = formatHostPort(at);
  let state: true | string = `${address} is not open yet`;
  let lastMessage: Message | undefined;

  async function open(): Promise<boolean> {
    try {
      await listen(at.host, at.port);
      return true;
    } catch (error) {
      const isTaken = isPortTaken(error);
      if (isTaken && (await isAnswered(at))) {
        state = true;
        if (isNew('probe port in use by another agent; retrying'))
          log.info('probe port in use by another agent; retrying', { address });
      } else {
        state = describeError(error);
        if (isNew('cannot open probe port; retrying'))
          log.warn('cannot open probe port; retrying', {
            address,
            error: state,
            hint: isTaken
              ? `Stop the program that ss -ltnp 'sport = :${at.port}' shows on this node, or choose another port with ${chosenBy}.`
              : `Choose another address or port with ${chosenBy}.`,
          });
      }
      return false;
    }
  }

  /** True unless the message was the last one. */
  function isNew(message: Message): boolean {
    const isOther = message !== lastMessage;
    lastMessage = message;
    return isOther;
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
      if (lastMessage !== undefined) log.info('probe port opened', { address });
      await aborted(signal);
    },
  };
}
