import { Refusal } from '@rolegate/protocol';
import { describeError, record, textOf } from '@rolegate/runtime';
import type { Clock } from '@rolegate/runtime';
import type { Connection } from '../kubernetes/api/connection.ts';
import { readText } from '../kubernetes/api/lines.ts';

/** The audience of agents' tokens. */
export const AUDIENCE = 'rolegate-server';

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews';
/** Shorter than the deadline of an attestation, so that the reason reaches the agent. Milliseconds. */
const TIMEOUT_MS = 4_000;
/** A review has 1 to 2 kB. Bytes. */
const LARGEST_REVIEW = 64 * 1024;
/** The prefix of claims in kube-apiserver's extras. */
const EXTRA = 'authentication.kubernetes.io/';

/** The used fields of a TokenReview's status; '' if unset. */
export interface TokenReview {
  readonly authenticated: boolean;
  /** Why it is not authenticated. */
  readonly error: string;
  readonly audiences: readonly string[];
  readonly username: string;
  readonly podName: string;
  readonly podUid: string;
  /** Not set by clusters before about 1.30. */
  readonly nodeName: string;
}

/** Asks the API server; rejects with ServerUnavailable if it does not answer. */
export type ReviewToken = (token: string) => Promise<TokenReview>;

export interface TokenReviewsDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Whose tokens are reviewed, and what it means if they cannot be. For messages. */
  readonly of?: { readonly whose: string; readonly meaning: string };
  /** Defaults to that of agents. */
  readonly audience?: string;
}

const OF_AGENTS = {
  whose: "the agent's token",
  meaning: 'agents with a certificate continue, new ones wait',
};

export function createTokenReviews({
  connection,
  clock,
  of = OF_AGENTS,
  audience = AUDIENCE,
}: TokenReviewsDeps): ReviewToken {
  async function ask(token: string, signal: AbortSignal): Promise<string> {
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    };
    const request = { method: 'POST', path: PATH, body, signal, timeoutMs: TIMEOUT_MS } as const;
    const { chunks } = await connection.request(request);
    return readText(chunks, LARGEST_REVIEW);
  }

  return async (token) => {
    const stop = new AbortController();
    const cancel = clock.schedule(TIMEOUT_MS, () => {
      stop.abort(new Error(`no response within ${TIMEOUT_MS / 1000} s`));
    });
    try {
      return cutReview(JSON.parse(await ask(token, stop.signal)));
    } catch (cause) {
      const why = describeError(stop.signal.aborted ? stop.signal.reason : cause);
      throw new Refusal(
        'ServerUnavailable',
        `the API server cannot review ${of.whose} (${why}); ${of.meaning}`,
      );
    } finally {
      cancel();
    }
  };
}

/** Never throws. */
export function cutReview(raw: unknown): TokenReview {
  const { authenticated, error, audiences, user } = record(record(raw)['status']);
  const { username, extra } = record(user);
  const bound = (name: string) => {
    const values = record(extra)[`${EXTRA}${name}`];
    // A claim has exactly one value.
    return Array.isArray(values) && values.length === 1 ? textOf(values[0]) : '';
  };
  return {
    authenticated: authenticated === true,
    error: textOf(error),
    audiences: Array.isArray(audiences) ? audiences.map(textOf) : [],
    username: textOf(username),
    podName: bound('pod-name'),
    podUid: bound('pod-uid'),
    nodeName: bound('node-name'),
  };
}
