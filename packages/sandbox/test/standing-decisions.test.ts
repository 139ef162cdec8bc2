import { afterEach, describe, expect, it } from '@jest/globals';
import { add, eventually, expectLine, namespace, PERMITTED, pod, setup } from './setup.ts';
import type { Setup } from './setup.ts';

let world: Setup | undefined;

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

/** Two Pods that are served, and servers that start again without being able to learn their base ARN. */
async function restartedInTheDark(fail: (there: Setup) => void): Promise<Setup> {
  const there = await setup({ detectsBaseArn: true, serverCount: 1 });
  world = there;
  await add(
    there,
    namespace('team', { [PERMITTED]: 'team' }),
    pod('team/pod', 'team'),
    pod('team/other', 'team'),
  );
  for (const name of ['steady/pod', 'team/pod', 'team/other']) {
    await eventually(async () => {
      expect((await there.as(name).credentials()).status).toBe(200);
    });
  }
  fail(there);
  await there.world.servers[0]?.kill();
  await there.world.startServer(0).ready();
  await expectLine(there.serverLog, { msg: 'role base arn not found yet' });
  await eventually(() => {
    expect(there.agentLog.filter(({ msg }) => msg === 'feed synced').length).toBeGreaterThan(1);
  });
  return there;
}

describe('a server that has started and does not know its base ARN yet', () => {
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
  ])('takes nothing from agents while $what', async ({ fail }) => {
    const there = await restartedInTheDark(fail);
    for (const name of ['steady/pod', 'team/pod'])
      expect((await there.as(name).credentials()).status).toBe(200);
  });

  it('still withdraws what its objects no longer permit', async () => {
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

  it('decides all Pods as soon as it knows it', async () => {
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
