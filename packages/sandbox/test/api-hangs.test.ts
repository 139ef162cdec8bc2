import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, eventually, namespace, PERMITTED, pod, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';

describe('Hanging API server', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  beforeAll(async () => {
    world = opened.use(await setup({ serverCount: 1 }));
    await add(world, namespace('team', { [PERMITTED]: '[a-z]+' }));
    await expectServed('steady/pod', 'steady');
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  async function expectServed(name: string, role: string): Promise<void> {
    await eventually(async () => {
      expect(seen(await world.as(name).credentials())).toEqual({ status: 200, role });
    });
  }

  it('While the API server hangs, running Pods are served, and new ones once it is back', async () => {
    const { api } = world.world;
    api.hang();
    await add(world, pod('team/late', 'late'));
    const [late, running] = await Promise.all([
      world.as('team/late').credentials(),
      world.as('steady/pod').credentials(),
    ]);
    expect([late.status, running.status]).toEqual([503, 200]);
    api.resume();
    await expectServed('team/late', 'late');
  });

  it('A server starts while the API server hangs, running Pods stay served, and new ones are served later', async () => {
    const { api, servers, startServer } = world.world;
    api.hang();
    await servers[0]?.kill();
    const again = startServer(0);
    await eventually(() => {
      expect(world.serverLog.filter(({ msg }) => msg === 'server listening')).toHaveLength(2);
    });
    expect((await world.as('steady/pod').credentials()).status).toBe(200);
    api.resume();
    await again.ready();
    await add(world, pod('team/after', 'after'));
    await expectServed('team/after', 'after');
    await expectServed('steady/pod', 'steady');
  });
});
