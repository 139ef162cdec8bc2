import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createPodReviewLane, createReviewLanes } from '../../src/identity/review-lanes.ts';
import type { TokenReview } from '../../src/identity/token-review.ts';

/** Reviews that the test completes. */
function setup() {
  const clock = createFakeClock();
  const asked: string[] = [];
  const hits: string[] = [];
  const ends: (() => void)[] = [];
  const reviewInTurn = createReviewLanes({
    review: (token) => {
      asked.push(token);
      return new Promise((resolve) => {
        ends.push(() => {
          resolve({ error: token } as TokenReview);
        });
      });
    },
    clock,
    hit: (limit, { address }) => hits.push(`${limit} ${address}`),
  });
  const show = (token: string, from: string, podUid?: string) => {
    const outcome = { token, said: '' };
    reviewInTurn(token, { from, podUid }).then(
      ({ error }) => (outcome.said = error),
      (error: unknown) => (outcome.said = String(error)),
    );
    return outcome;
  };
  /** Completes all reviews in progress, so that others begin. */
  const round = async () => {
    for (const end of ends.splice(0)) end();
    await new Promise(setImmediate);
  };
  return { clock, asked, hits, show, round };
}

describe('Reviews for agent Pods', () => {
  it('ServiceAccount tokens of agent Pods are reviewed eight at once, and one for each Pod', () => {
    const { asked, show } = setup();
    show('a1', '198.18.0.1', 'pod-a');
    show('a2', '198.18.0.1', 'pod-a');
    for (let at = 0; at < 20; at += 1) show(`b${at}`, '198.18.0.2', `pod-${at}`);
    expect(asked).toEqual(['a1', 'b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6']);
  });

  it('Agent Pods take turns, however many ServiceAccount tokens name one of them', async () => {
    const { asked, show, round } = setup();
    for (let at = 0; at < 4; at += 1) show(`flood ${at}`, '198.18.0.1', 'pod-a');
    for (let pod = 0; pod < 8; pod += 1) show(`agent ${pod}`, '198.18.0.2', `pod-${pod}`);
    await round();
    expect(asked.filter((token) => token.startsWith('agent')).length).toBe(8);
  });

  it('Sources take turns if several show ServiceAccount tokens of one Pod', async () => {
    const { asked, show, round } = setup();
    for (let at = 0; at < 4; at += 1) show(`forged ${at}`, '198.18.0.9', 'pod-a');
    show('true', '198.18.0.1', 'pod-a');
    await round();
    await round();
    expect(asked).toEqual(['forged 0', 'forged 1', 'true']);
  });

  it('A waiting ServiceAccount token is evicted by newer ones of its own source, never by those of another', async () => {
    const { hits, show, round } = setup();
    const agent = show('true', '198.18.0.1', 'pod-a');
    const later = show('true again', '198.18.0.1', 'pod-a');
    const forged = Array.from({ length: 100 }, (_, at) => show(`forged ${at}`, '198.18.0.9', 'pod-a'));
    await round();
    expect([agent.said, later.said]).toEqual(['true', '']);
    await round();
    await round();
    expect(later.said).toBe('true again');
    expect(forged[0]?.said).toMatch(/too many tokens are waiting for review/);
    expect(hits).toContain('token_reviews 198.18.0.9');
    expect(hits).not.toContain('token_reviews 198.18.0.1');
  });

  it('ServiceAccount tokens of agent Pods are not delayed by a thousand that name no Pod', () => {
    const { asked, show } = setup();
    for (let at = 0; at < 1_000; at += 1) show(`rubbish ${at}`, `198.19.${at >> 8}.${at & 255}`);
    show('true', '198.18.0.1', 'pod-a');
    expect(asked).toEqual(['rubbish 0', 'rubbish 1', 'true']);
  });
});

describe('Reviews for no agent Pod', () => {
  it('A source with one ServiceAccount token of no known Pod gets its review, however many others present', async () => {
    const { asked, show, round } = setup();
    for (let at = 0; at < 32; at += 1) show(`x${at}`, `198.19.0.${at % 16}`);
    const honest = show('late watch', '198.18.0.1');
    for (let at = 0; at < 1_000; at += 1) show(`y${at}`, `198.19.0.${at % 16}`);
    for (let rounds = 0; rounds < 12 && honest.said === ''; rounds += 1) await round();
    expect(honest.said).toBe('late watch');
    expect(asked.length).toBeLessThan(32);
  });
});

it('A ServiceAccount token that has waited for four seconds is no longer reviewed', async () => {
  const { asked, show, round, clock } = setup();
  show('first', '198.18.0.1', 'pod-a');
  const second = show('second', '198.18.0.1', 'pod-a');
  await clock.advance(4_000);
  await round();
  expect(asked).toEqual(['first']);
  expect(second.said).toMatch(/waited 4 s for its review/);
});

describe("Reviews for Pods' tokens", () => {
  function setupPods() {
    const { promise, resolve } = Promise.withResolvers<TokenReview>();
    const asked: string[] = [];
    const hits: string[] = [];
    const show = createPodReviewLane({
      review(token) {
        asked.push(token);
        return asked.length === 1 ? promise : Promise.resolve({ error: token } as TokenReview);
      },
      clock: createFakeClock(),
      hit: (limit, { node, address }) => hits.push(`${limit} ${node ?? ''} ${address}`),
    });
    const of = (node: string, podUid: string) => ({ node, podUid, address: '198.18.0.1' });
    return { asked, hits, show, of, endFirst: resolve };
  }

  it('Nodes take turns, and the Pods of a node do, however many tokens one Pod shows', async () => {
    const { asked, show, of, endFirst } = setupPods();
    const flood = ['f1', 'f2', 'f3', 'f4'].map((token) => show(token, of('node-a', 'pod-f')));
    const last = [show('a', of('node-a', 'pod-a')), show('b', of('node-b', 'pod-b'))];
    expect(asked).toEqual(['f1', 'b']);
    endFirst({ error: '' } as TokenReview);
    await Promise.all(flood.concat(last));
    expect(asked.indexOf('a')).toBeLessThan(asked.indexOf('f3'));
  });

  it('Beyond four waiting tokens of a Pod, its oldest is refused, and the hit names the node', async () => {
    const { hits, show, of } = setupPods();
    void show('first', of('node-a', 'pod-f'));
    const evicted = show('f0', of('node-a', 'pod-f')).catch(String);
    for (const token of ['f1', 'f2', 'f3', 'f4']) void show(token, of('node-a', 'pod-f'));
    expect(await evicted).toContain('too many tokens are waiting');
    expect(hits).toEqual(['token_reviews node-a 198.18.0.1']);
  });
});
