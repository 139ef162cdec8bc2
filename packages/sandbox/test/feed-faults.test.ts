import { afterEach, describe, expect, it } from 'vitest';
import { add, eventually, namespace, PERMITTED, pod, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';
import { whileAsking } from './while-asking.ts';

const OPEN = namespace('team', { [PERMITTED]: '[a-z]+' });
const CLOSED = namespace('team', { [PERMITTED]: 'nothing' });

let world: Setup | undefined;
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

/** A world with the Pod `team/pod`, which is served. */
async function served(options: Parameters<typeof setup>[0] = {}): Promise<Setup> {
  world = await setup(options);
  const there = world;
  await add(there, OPEN, pod('team/pod', 'app'));
  await eventually(async () => {
    expect(seen(await there.as('team/pod').credentials())).toEqual({ status: 200, role: 'app' });
  });
  return there;
}

async function expectServed({ as }: Setup, name: string, role: string): Promise<void> {
  await eventually(async () => {
    expect(seen(await as(name).credentials())).toEqual({ status: 200, role });
  });
}

async function expectRefused({ as }: Setup, name: string, status = 403): Promise<void> {
  await eventually(async () => {
    expect((await as(name).credentials()).status).toBe(status);
  });
}

describe('Broken feed', () => {
  it.each([
    { how: 'cut', fault: 'cut' as const },
    { how: 'swallowed without a word', fault: 'blackhole' as const },
    { how: 'refused', fault: 'refuse' as const },
  ])(
    'While the feed is $how, no request of a running Pod fails, and later changes take effect',
    async ({ fault }) => {
      const there = await served({ proxied: true });
      const { proxies } = there.world;
      const bad = await whileAsking(there.as('team/pod'), async () => {
        for (const proxy of proxies) {
          proxy[fault]();
          if (fault !== 'cut') proxy.cut();
        }
        await add(there, pod('team/late', 'late'));
        if (fault !== 'cut') expect((await there.as('team/late').credentials()).status).toBe(503);
        for (const proxy of proxies) {
          proxy.cut();
          proxy.accept();
        }
        await expectServed(there, 'team/late', 'late');
      });
      expect(bad).toEqual([]);
    },
  );

  it("A slow feed still delivers a new Pod's role", async () => {
    const there = await served({ proxied: true });
    for (const proxy of there.world.proxies) proxy.delay(300);
    await add(there, pod('team/late', 'late'));
    await expectServed(there, 'team/late', 'late');
  });

  it('A permit that was revoked while the feed was away ends once it is back', async () => {
    const there = await served({ proxied: true });
    for (const proxy of there.world.proxies) {
      proxy.refuse();
      proxy.cut();
    }
    await add(there, CLOSED);
    expect((await there.as('team/pod').credentials()).status).toBe(200);
    for (const proxy of there.world.proxies) proxy.accept();
    await expectRefused(there, 'team/pod');
  });
});

describe('Servers', () => {
  it('Servers that stop, are killed and start again fail no request, and held sessions are not fetched again', async () => {
    const there = await served();
    const { servers, sts, startServer } = there.world;
    const calls = sts.calls.length;
    const bad = await whileAsking(there.as('team/pod'), async () => {
      await servers[0]?.stop();
      await servers[1]?.kill();
      await Promise.all([0, 1].map((index) => startServer(index).ready()));
      await add(there, pod('team/after', 'after'));
      await expectServed(there, 'team/after', 'after');
    });
    expect(bad).toEqual([]);
    expect(sts.calls.slice(calls).map(({ roleArn }) => roleArn.replace(/.*\//, ''))).toEqual(['after']);
  });

  it('Servers can start after the agent and before the API server answers', async () => {
    const there = await setup({ started: false });
    world = there;
    const { api, startAgent, startServer } = there.world;
    api.refuse(503);
    const programs = [startAgent(), startServer(0), startServer(1)];
    await eventually(async () => {
      expect((await there.as('steady/pod').credentials()).status).toBe(503);
    });
    expect(programs.map(({ running }) => running)).toEqual([true, true, true]);
    api.refuse(undefined);
    await Promise.all(programs.map((program) => program.ready()));
    await expectServed(there, 'steady/pod', 'steady');
  });
});

describe('Failing API server', () => {
  it.each([
    {
      what: 'drops its watches',
      fail: ({ world: { api } }: Setup) => {
        api.dropWatches();
      },
    },
    {
      what: 'has forgotten its history',
      fail: ({ world: { api } }: Setup) => {
        api.compact();
        api.dropWatches();
      },
    },
    {
      what: 'answers 503 for a while',
      fail: ({ world: { api } }: Setup) => {
        api.refuse(503);
        api.dropWatches();
      },
    },
  ])('An API server that $what fails no request, and later changes take effect', async ({ fail }) => {
    const there = await served();
    const bad = await whileAsking(there.as('team/pod'), async () => {
      fail(there);
      await add(there, pod('team/late', 'late'));
      there.world.api.refuse(undefined);
      await expectServed(there, 'team/late', 'late');
    });
    expect(bad).toEqual([]);
    await add(there, pod('team/pod', 'other'));
    await expectServed(there, 'team/pod', 'other');
  });
});
