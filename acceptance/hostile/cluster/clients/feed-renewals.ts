import { setTimeout as sleep } from 'node:timers/promises';
import type { RolegateClient } from '@rolegate/protocol';
import { createCertificateRequest } from '../../../../packages/agent/src/identity/certificate-request.ts';
import type { NodeIdentity, Times } from '../calls.ts';
import { paced } from './pace.ts';

/** For all nodes together, so that each renews once per attack. */
const PER_SECOND = 6;
/** The agent's timeout. Milliseconds. */
const ANSWER_WITHIN_MS = 5_000;
/** Before a retry; an agent would try the ports immediately. Milliseconds. */
const PAUSE_MS = 500;
/** After this a renewal is treated as failed. Milliseconds. */
const PATIENCE_MS = 20_000;

export interface FeedRenewals {
  /** Renews for one node after the other, until `end`. */
  readonly begin: (nodes: readonly NodeIdentity[]) => void;
  /** Waits for renewals in progress. */
  readonly end: () => Promise<Times>;
}

/** Renews certificates on the connections of open streams. */
export function createFeedRenewals(clientOf: (node: string) => RolegateClient | undefined): FeedRenewals {
  const request = createCertificateRequest();
  let stop = new AbortController();
  let running: Promise<Times> = Promise.resolve([]);

  async function renewOnce({ node, token = '' }: NodeIdentity): Promise<boolean> {
    const client = clientOf(node);
    if (client === undefined) return false;
    const { der } = await request;
    const options = { deadline: Date.now() + ANSWER_WITHIN_MS };
    return new Promise((resolve) => {
      client.attest({ token, certificateRequest: der }, options, (error) => {
        resolve(error === null);
      });
    });
  }

  async function untilRenewed(identity: NodeIdentity): Promise<number | undefined> {
    const startMs = performance.now();
    while (!(await renewOnce(identity))) {
      if (performance.now() - startMs > PATIENCE_MS) return undefined;
      await sleep(PAUSE_MS);
    }
    return performance.now() - startMs;
  }

  async function keepRenewing(nodes: readonly NodeIdentity[], signal: AbortSignal): Promise<Times> {
    const all: Promise<number | undefined>[] = [];
    const shouldContinue = () => !signal.aborted && nodes.length > 0;
    await paced({ perSecond: PER_SECOND, shouldContinue }, (turn) => {
      const next = nodes[turn % nodes.length];
      if (next !== undefined) all.push(untilRenewed(next));
    });
    return Promise.all(all);
  }

  return {
    begin(nodes) {
      stop = new AbortController();
      const renewing = nodes.filter(({ token = '' }) => token !== '');
      running = keepRenewing(renewing, stop.signal);
    },
    end() {
      stop.abort();
      return running;
    },
  };
}
