import { aborted, createTransition, describeError } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import { createImdsRequests } from './imds-requests.ts';

/** Milliseconds. */
const EVERY_MS = 300_000;
const TIMEOUT_MS = 1_000;

const HINT =
  "Host-network Pods, and all Pods before the rules are installed, can get the node's credentials. " +
  'Set HttpTokens=required and a hop limit of 1 on the instance.';

export interface NodeImdsv1Deps {
  /** From `--imds-endpoint`. No default, so that no test reaches the machine's own IMDS by accident. */
  readonly endpoint: string;
  /** Resolves when the interception has been installed for the first time; nothing is sent before. */
  readonly installed: Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NodeImdsv1 {
  /** Undefined: unknown. */
  readonly open: () => boolean | undefined;
  /** Probes until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Whether the node's IMDS answers without a token. The agent's request is like one of a node process or
 * host-network Pod, which the interception does not affect.
 */
export function createNodeImdsv1({ endpoint, installed, clock, log }: NodeImdsv1Deps): NodeImdsv1 {
  const { ask, close } = createImdsRequests({ endpoint, clock });
  let open: boolean | undefined;
  const logOpen = createOpenLog(log);

  async function look(): Promise<void> {
    try {
      const deadlineMs = clock.monotonic() + TIMEOUT_MS;
      const { status } = await ask({ method: 'GET', path: '/latest/meta-data/', headers: {}, deadlineMs });
      found(status);
    } catch (error) {
      open = undefined;
      log.debug('IMDSv1 probe failed', { error: describeError(error) });
    }
  }

  function found(status: number): void {
    open = status === 200 ? true : status === 401 ? false : undefined;
    if (open === undefined) log.debug('IMDSv1 probe failed', { status });
    else logOpen(open || undefined);
  }

  return {
    open: () => open,
    async run(signal) {
      await Promise.race([installed, aborted(signal)]);
      while (!signal.aborted) {
        await look();
        await clock.sleep(EVERY_MS, signal);
      }
      close();
    },
  };
}

/** Undefined: IMDS requires a token. */
function createOpenLog(log: Log): (open: true | undefined) => void {
  return createTransition<true>({
    begins: () => {
      log.warn('node IMDS allows IMDSv1', { hint: HINT });
    },
    ends: () => {
      log.info('node IMDS now requires IMDSv2');
    },
  });
}
