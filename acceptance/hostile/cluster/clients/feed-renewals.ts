import { setTimeout as sleep } from 'node:timers/promises';
import type { RolegateClient } from '@rolegate/protocol';
import { createCertificateRequest } from '../../../../packages/agent/src/identity/certificate-request.ts';
import type { NodeIdentity, Times } from '../orders.ts';
import { paced } from './pace.ts';

/** Of all nodes together: each once in an attack. */
const PER_SECOND = 6;
/** As agents have it. Milliseconds. */
const ANSWER_WITHIN_MS = 5_000;
/** Before one that failed is tried again; an agent would try its ports at once. Milliseconds. */
const PAUSE_MS = 500;
/** After this it counts as not done. Milliseconds. */
const PATIENCE_MS = 20_000;

export interface FeedRenewals {
  /** One node after the other, until `end`. */
  readonly begin: (nodes: readonly NodeIdentity[]) => void;
  /** Waits for those that are under way. */
  readonly end: () => Promise<Times>;
}

/** Renews certificates on the connections of streams that are open, and on no other. */
export function createFeedRenewals(clientOf: (node: string) => RolegateClient | undefined): FeedRenewals {
  const request = createCertificateRequest();
  let stop = new AbortController();
  let acting: Promise<Times> = Promise.resolve([]);

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
    const goesOn = () => !signal.aborted && nodes.length > 0;
    await paced({ perSecond: PER_SECOND, goesOn }, (turn) => {
      const next = nodes[turn % nodes.length];
      if (next !== undefined) all.push(untilRenewed(next));
    });
    return Promise.all(all);
  }

  return {
    begin(nodes) {
      stop = new AbortController();
      const holders = nodes.filter(({ token = '' }) => token !== '');
      acting = keepRenewing(holders, stop.signal);
    },
    end() {
      stop.abort();
      return acting;
    },
  };
}
