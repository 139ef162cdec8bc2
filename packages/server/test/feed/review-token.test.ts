import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Refusal } from '@rolegate/protocol';
import type { Reason, ReviewTokenResponse } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import type { AskingAgent, PodTokenAnswer } from '../../src/identity/pod-token-reviews.ts';
import { recordingLog } from '../kubernetes/setup.ts';
import { fakeCall } from './call-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { feedDeps } from './feed-deps.ts';
import { createPeersStandIn } from './peers-stand-in.ts';

const TOKEN = 'head.payload.signature';

function setup(answer: () => Promise<PodTokenAnswer>) {
  const cluster = createClusterStandIn();
  const { log, lines } = recordingLog();
  const asked: { token: string; agent: AskingAgent }[] = [];
  const ignore = () => undefined;
  const { handlers } = createFeedService({
    ...feedDeps(cluster),
    ...createPeersStandIn({ ...cluster, log: silentLog }),
    nodes: createNodes({ ...cluster, warn: ignore, audit: ignore, metrics: { decision: ignore } }),
    log,
    reviewPodToken(token, agent) {
      asked.push({ token, agent });
      return answer();
    },
  });
  const review = (node: string | undefined) =>
    new Promise<{ error: { code: number } | null; response: ReviewTokenResponse | undefined }>((resolve) => {
      const call = Object.assign(fakeCall(node), { request: { token: TOKEN } });
      handlers.ReviewToken(call as never, (error, response) => {
        resolve({ error: error as { code: number } | null, response: response ?? undefined });
      });
    });
  return { review, asked, lines };
}

it("The agent's node is the one that its certificate proves", async () => {
  const { review, asked } = setup(() => Promise.resolve({ podUid: 'uid-a' }));
  expect(await review('node-b')).toEqual({ error: null, response: { podUid: 'uid-a' } });
  expect(asked).toEqual([{ token: TOKEN, agent: { node: 'node-b', address: '198.18.0.9' } }]);
});

it('A peer that proves no node is refused, and nobody is asked', async () => {
  const { review, asked } = setup(() => Promise.resolve({ podUid: 'uid-a' }));
  expect(await review(undefined)).toMatchObject({ error: { code: status.PERMISSION_DENIED } });
  expect(asked).toEqual([]);
});

it('Why a token is not valid is an answer, not an error', async () => {
  const { review } = setup(() => Promise.resolve({ fault: 'it has expired' }));
  expect(await review('node-a')).toEqual({ error: null, response: { fault: 'it has expired' } });
});

it.each<{ reason: Reason; code: number }>([
  { reason: 'ServerUnavailable', code: status.UNAVAILABLE },
  { reason: 'TooManyRequests', code: status.RESOURCE_EXHAUSTED },
])('A question that fails with $reason ends with code $code, without a verdict', async ({ reason, code }) => {
  const { review } = setup(() => Promise.reject(new Refusal(reason, 'x')));
  expect(await review('node-a')).toMatchObject({ error: { code }, response: undefined });
});

it('No part of the token is logged', async () => {
  const { review, lines } = setup(() => Promise.resolve({ podUid: 'uid-a' }));
  await review('node-a');
  expect(lines).toContainEqual(expect.objectContaining({ message: 'ServiceAccount token reviewed' }));
  for (const part of TOKEN.split('.')) expect(JSON.stringify(lines)).not.toContain(part);
});
