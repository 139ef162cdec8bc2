import { describe, expect, it } from 'vitest';
import { createCluster, startAgent, startServer } from './one-day-setup.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const random = () => 0.5;

/** An agent whose node's clock is ahead of the server's by `skewMs`. */
async function setup(skewMs: number) {
  const cluster = createCluster(random);
  const clock = { ...cluster.clock, now: () => cluster.clock.now() + skewMs };
  const agent = startAgent({ ...cluster, clock }, { server: startServer(cluster, random), open: [] }, random);
  await cluster.clock.advance(1_000);
  /** According to the document, as an SDK on the node reads it. */
  function leftMs(): number {
    const decision = agent.table.pod('uid-a')?.decision;
    const session = decision?.kind === 'allow' ? agent.table.session(decision.sessionId) : undefined;
    const { Expiration = '' } = JSON.parse(session?.credentials?.document ?? '{}') as {
      Expiration?: string;
    };
    return Date.parse(Expiration) - clock.now();
  }
  return { ...cluster, agent, leftMs };
}

describe('Node with a wrong clock', () => {
  it.each([
    { how: 'an hour ahead', skewMs: HOUR_MS },
    { how: 'an hour behind', skewMs: -HOUR_MS },
  ])('A node $how has documents with the true time left by its own clock', async ({ skewMs }) => {
    const { clock, agent, leftMs, sts } = await setup(skewMs);
    for (let minute = 0; minute < 5 * 60; minute++) {
      await clock.advance(MINUTE_MS);
      const realMs = agent.ask('uid-a');
      expect(realMs).toBeGreaterThanOrEqual(25 * MINUTE_MS);
      expect(Math.abs(leftMs() - realMs)).toBeLessThanOrEqual(1_000);
    }
    expect(sts.calls).toBeLessThanOrEqual(14);
    agent.stop();
  });
});
