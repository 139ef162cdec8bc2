import type { Clock, Log } from '@rolegate/runtime';
import { createImdsCache } from './imds-cache.ts';
import { createImdsRequests } from './imds-requests.ts';
import type { ImdsResponse } from './imds-requests.ts';
import { createImdsToken } from './imds-token.ts';
import { knownPath } from './known-path.ts';
import type { KnownPath } from './known-path.ts';

/** The node's own IMDS, as the agent reads it. */
export interface NodeImds {
  /**
   * The document or listing at a canonical path of the closed lists. Undefined if the node has none, or if the path is in no
   * list (then nothing is requested). Rejects with NodeImdsAway.
   */
  readonly read: (path: string) => Promise<string | undefined>;
  readonly close: () => void;
}

export interface NodeImdsDeps {
  /** From `--imds-endpoint`. No default, so that no test reaches the machine's own IMDS by accident. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Limit for one read of the node's IMDS, including the token. */
const READ_TIMEOUT_MS = 1000;

/** Reads over IMDSv2 with the agent's own token, through a cache, and only paths of the closed lists. */
export function createNodeImds({ endpoint, clock, log }: NodeImdsDeps): NodeImds {
  const { ask, close } = createImdsRequests({ endpoint, clock });
  const token = createImdsToken({ ask, clock });
  const cache = createImdsCache({ fetchPath, clock, log });

  async function fetchPath(known: KnownPath): Promise<string | undefined> {
    const deadlineMs = clock.monotonic() + READ_TIMEOUT_MS;
    const first = await get(known, deadlineMs);
    // The node's IMDS forgot the token, for example after the instance was stopped and started.
    const { status, body } = first.status === 401 ? await get(known, deadlineMs) : first;
    if (status === 200) return body;
    if (status === 404) return undefined;
    throw new Error(`status ${status}`);
  }

  async function get({ path, kind }: KnownPath, deadlineMs: number): Promise<ImdsResponse> {
    const value = await token.current(deadlineMs);
    const slash = kind === 'directory' && path !== '' ? '/' : '';
    const answer = await ask({
      method: 'GET',
      path: `/latest/${path}${slash}`,
      headers: { 'x-aws-ec2-metadata-token': value },
      deadlineMs,
    });
    if (answer.status === 401) token.drop(value);
    return answer;
  }

  return {
    async read(path) {
      const known = knownPath(path);
      return known === undefined ? undefined : cache.read(known);
    },
    close,
  };
}
