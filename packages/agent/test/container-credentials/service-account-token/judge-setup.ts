import type { ReviewTokenResponseRead } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { createIssuerKeys } from '../../../src/container-credentials/service-account-token/issuer-keys.ts';
import { createTokenJudge } from '../../../src/container-credentials/service-account-token/judge.ts';
import { createTestLog } from '../../addresses/known-pods.ts';
import { FROM, ISSUER } from './tokens.ts';
import type { SigningKey } from './tokens.ts';

/** What a server answers to a review; an error if none answers. */
export type Review = (token: string) => Promise<ReviewTokenResponseRead>;

export interface JudgeOptions {
  /** The keys that a server has sent; undefined: none has. */
  readonly keys?: readonly SigningKey[] | undefined;
  /** Undefined: no server is connected. */
  readonly review?: Review;
}

/** A judge with the keys of a server. */
export function createTestJudge({ keys, review }: JudgeOptions = {}) {
  const clock = createFakeClock();
  const log = createTestLog();
  const server: { connected: boolean; review: Review | undefined } = { connected: true, review };
  const reviewed: string[] = [];
  const limited: string[] = [];
  const hostPods = new Set<string>();
  const issuerKeys = createIssuerKeys({
    kept: undefined,
    feedConnected: () => server.connected,
    changed: () => undefined,
    clock,
    log,
  });
  const send = (sent: readonly SigningKey[], issuers = [ISSUER]) => {
    issuerKeys.set({ issuers, keys: sent.map(({ id, publicKey }) => ({ id, publicKey })) });
  };
  if (keys !== undefined) send(keys);
  const judge = createTokenJudge({
    audience: 'rolegate',
    keys: issuerKeys,
    reviewer: {
      isConnected: () => server.review !== undefined,
      review(token) {
        reviewed.push(token);
        return server.review?.(token) ?? Promise.reject(new Error('no server'));
      },
    },
    nowMs: () => clock.now(),
    limited: (limit, from) => void limited.push(`${limit} ${from}`),
    clientOf: (from, uid) => ({
      group: hostPods.has(uid) ? uid : 'team-a',
      name: hostPods.has(uid) ? uid : from,
    }),
    memory: createMemory({ clock }),
    clock,
    log,
  });
  const changes = { count: 0 };
  judge.onChange(() => (changes.count += 1));
  return {
    clock,
    log,
    server,
    reviewed,
    limited,
    hostPods,
    issuerKeys,
    send,
    changes,
    judge: (token: string, from = FROM) => judge.judge(token, from),
  };
}

/** Reviews that end when told. */
export function createPendingReviews() {
  const open: { token: string; answer: (response: Partial<ReviewTokenResponseRead>) => void }[] = [];
  const review: Review = (token) =>
    new Promise((resolve) => {
      open.push({
        token,
        answer: (response) => {
          resolve({ podUid: '', fault: '', ...response });
        },
      });
    });
  return { review, open };
}
