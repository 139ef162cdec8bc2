import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLE_BASE_ARN } from '../src/program-flags.ts';
import { add, eventually, expectLine, namespace, PERMITTED, pod, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';

describe('STS faults', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  beforeAll(async () => {
    world = opened.use(await setup());
    await add(world, namespace('team', { [PERMITTED]: '[a-z]+' }), pod('team/steady', 'steady'));
    await eventually(async () => {
      expect((await world.as('team/steady').credentials()).status).toBe(200);
    });
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  it('A role that STS refuses is answered to its Pod as by IMDS, and reported by an Event', async () => {
    const { sts, api } = world.world;
    sts.fail(`${ROLE_BASE_ARN}untrusting`, 'AccessDenied');
    await add(world, pod('team/untrusting', 'untrusting'));
    await eventually(async () => {
      const answer = await world.as('team/untrusting').credentials();
      expect(seen(answer)).toEqual({ status: 200, role: 'untrusting' });
      expect(JSON.parse(answer.body)).toMatchObject({ Code: 'AssumeRoleUnauthorizedAccess' });
    });
    await expectLine(world.agentLog, {
      msg: 'request refused',
      pod: 'untrusting',
      reason: 'StsAccessDenied',
    });
    await eventually(() => {
      expect(api.events).toContainEqual(
        expect.objectContaining({ type: 'Warning', reason: 'StsAccessDenied' }),
      );
    });
    expect((await world.as('team/steady').credentials()).status).toBe(200);
  });

  it('While STS throttles or hangs, new Pods wait and running ones are served', async () => {
    const { sts } = world.world;
    sts.fail('all', 'Throttling');
    await add(world, pod('team/new', 'new'));
    const [fresh, running] = await Promise.all([
      world.as('team/new').credentials(),
      world.as('team/steady').credentials(),
    ]);
    expect([fresh.status, running.status]).toEqual([503, 200]);
    sts.mend('all');
    sts.hang();
    await add(world, pod('team/newer', 'newer'));
    expect((await world.as('team/newer').credentials()).status).toBe(503);
    sts.resume();
    await eventually(async () => {
      expect(seen(await world.as('team/new').credentials())).toEqual({ status: 200, role: 'new' });
      expect(seen(await world.as('team/newer').credentials())).toEqual({ status: 200, role: 'newer' });
    });
  });

  it('Expired credentials of the server make a new Pod wait, which is served once they are renewed', async () => {
    const { sts } = world.world;
    sts.expireServerCredentials();
    await add(world, pod('team/innocent', 'innocent'));
    expect((await world.as('team/innocent').credentials()).status).toBe(503);
    sts.renewServerCredentials();
    await eventually(async () => {
      expect((await world.as('team/innocent').credentials()).status).toBe(200);
    });
  });

  it('STS is called once for a session, however many Pods share it', async () => {
    const { sts } = world.world;
    const before = sts.calls.length;
    await add(world, ...Array.from({ length: 20 }, (_, at) => pod(`team/many${at}`, 'shared')));
    await eventually(async () => {
      for (let at = 0; at < 20; at++)
        expect((await world.as(`team/many${at}`).credentials()).status).toBe(200);
    });
    expect(sts.calls.slice(before).filter(({ roleArn }) => roleArn.endsWith('/shared'))).toHaveLength(1);
  });
});
