import { afterEach, describe, expect, it } from 'vitest';
import { add, eventually, expectLine, namespace, PERMITTED, pod, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const FULL = 'arn:aws:iam::123456789012:role/full';

let world: Setup | undefined;

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

/** Two served Pods, and servers that restart without being able to learn their base ARN. */
async function restartedInTheDark(fail: (there: Setup) => void): Promise<Setup> {
  const there = await setup({ detectsBaseArn: true, serverCount: 1 });
  world = there;
  await add(
    there,
    namespace('team', { [PERMITTED]: `team|${FULL}` }),
    pod('team/pod', 'team'),
    pod('team/other', 'team'),
    pod('team/full', FULL),
  );
  for (const name of ['steady/pod', 'team/pod', 'team/other', 'team/full']) {
    await eventually(async () => {
      expect((await there.as(name).credentials()).status).toBe(200);
    });
  }
  fail(there);
  await there.world.servers[0]?.kill();
  await there.world.startServer(0).ready();
  await expectLine(there.serverLog, { msg: 'role base ARN not detected yet' });
  await eventually(() => {
    expect(there.agentLog.filter(({ msg }) => msg === 'feed synced').length).toBeGreaterThan(1);
  });
  return there;
}

describe('Server without base ARN', () => {
  it.each([
    {
      what: 'STS is down',
      fail: ({ world: { sts } }: Setup) => {
        sts.hang();
      },
    },
    {
      what: 'its own credentials have expired',
      fail: ({ world: { sts } }: Setup) => {
        sts.expireServerCredentials();
      },
    },
  ])('A server that starts while $what takes nothing from agents', async ({ fail }) => {
    const there = await restartedInTheDark(fail);
    // The role of team/full is known, but not the ceiling, which is the account of the base ARN.
    for (const name of ['steady/pod', 'team/pod', 'team/full'])
      expect((await there.as(name).credentials()).status).toBe(200);
  });

  it('A server without its base ARN still revokes what its objects no longer permit', async () => {
    const there = await restartedInTheDark(({ world: { sts } }) => {
      sts.hang();
    });
    await add(there, namespace('team', { [PERMITTED]: 'else' }), pod('team/other'));
    await eventually(async () => {
      expect((await there.as('team/other').credentials()).status).toBe(404);
      expect((await there.as('team/pod').credentials()).status).toBe(503);
    });
    expect((await there.as('steady/pod').credentials()).status).toBe(200);
  });

  it('A server decides new Pods once it finds its base ARN', async () => {
    const there = await restartedInTheDark(({ world: { sts } }) => {
      sts.hang();
    });
    await add(there, pod('team/new', 'team'));
    there.world.sts.resume();
    await eventually(async () => {
      expect((await there.as('team/new').credentials()).status).toBe(200);
    });
  });
});

describe('Unreadable event', () => {
  it('Only the Pod of an unreadable event is not served, until a list gives its state', async () => {
    const there = await setup({ serverCount: 1 });
    world = there;
    await add(there, namespace('team', { [PERMITTED]: 'team' }), pod('team/pod', 'team'));
    for (const name of ['steady/pod', 'team/pod']) {
      await eventually(async () => {
        expect((await there.as(name).credentials()).status).toBe(200);
      });
    }
    const { api, node } = there.world;
    const uid = node.pod('Pod team/pod')?.uid;
    const metadata = { name: 'pod', namespace: 'team', uid };
    api.sendRaw('Pod', JSON.stringify({ type: 'MODIFIED', object: { kind: 'Pod', metadata } }));
    api.refuse(503);
    await eventually(async () => {
      expect((await there.as('team/pod').credentials()).status).toBe(503);
    });
    expect((await there.as('steady/pod').credentials()).status).toBe(200);
    api.refuse(undefined);
    await eventually(async () => {
      expect((await there.as('team/pod').credentials()).status).toBe(200);
    });
  });
});
