import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_NAME } from '../src/sandbox-node.ts';
import { add, eventually, expectLine, namespace, PERMITTED, pod, ROLE, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const TEAM = namespace('team', { [PERMITTED]: '[ab]' });

describe('Pods without CNI results', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  beforeAll(async () => {
    world = opened.use(await setup({ cniResults: false }));
    await add(world, TEAM);
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  it('Pods without CNI results are identified by their status, which the agent warns of at start', async () => {
    await expectSteady(world);
    await expectLine(world.agentLog, {
      level: 'warn',
      msg: 'CNI results unusable; reading Pod addresses from Pod status',
    });
  });

  it('A Pod without an IP is held, and gets its role once it has one', async () => {
    const ip = '127.9.1.1';
    const bare = {
      kind: 'Pod',
      metadata: { namespace: 'team', name: 'late', annotations: { [ROLE]: 'a' } },
      spec: { nodeName: NODE_NAME },
    };
    world.world.api.apply({ ...bare, status: { phase: 'Pending' } });
    const [answer, other] = await Promise.all([
      world.from(ip).credentials(),
      world.as('steady/pod').credentials(),
    ]);
    expect([answer.status, other.status]).toEqual([503, 200]);
    await expectLine(world.agentLog, { ip, reason: 'HeldTimeout' });
    world.world.api.apply({ ...bare, status: { phase: 'Running', podIP: ip } });
    await eventually(async () => {
      expect(seen(await world.from(ip).credentials())).toEqual({ status: 200, role: 'a' });
    });
  });

  it('Two live Pods with one IP get nothing, and the remaining one gets its role', async () => {
    const { node } = world.world;
    const ip = '127.9.1.2';
    await node.run(pod('team/one', 'a'), { ip });
    await node.run(pod('team/other', 'b'), { ip });
    await eventually(async () => {
      const [answer, other] = await Promise.all([
        world.from(ip).credentials(),
        world.as('steady/pod').credentials(),
      ]);
      expect([answer.status, other.status]).toEqual([403, 200]);
    });
    await expectLine(world.agentLog, { ip, reason: 'AmbiguousIp', status: 403 });
    await node.end('Pod team/one');
    await eventually(async () => {
      expect(seen(await world.from(ip).credentials())).toEqual({ status: 200, role: 'b' });
    });
  });
});

describe('Bad objects', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  beforeAll(async () => {
    world = opened.use(await setup());
    await add(world, TEAM);
    await expectSteady(world);
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  const lines = [
    { says: 'is not JSON', line: 'not JSON' },
    { says: 'is null', line: 'null' },
    { says: 'is a list', line: '[]' },
    { says: 'has no object', line: '{"type":"ADDED"}' },
    { says: 'is of an unknown type', line: '{"type":"RENAMED","object":{"metadata":{"name":"x"}}}' },
    { says: 'is an object without fields', line: '{"type":"ADDED","object":{}}' },
    { says: 'is a Pod without metadata', line: '{"type":"MODIFIED","object":{"kind":"Pod","spec":null}}' },
    {
      says: 'has fields of other types',
      line: JSON.stringify({
        type: 'ADDED',
        object: {
          kind: 'Pod',
          metadata: { name: 'odd', namespace: 'team', uid: 'u', resourceVersion: '1', annotations: 7 },
          spec: { nodeName: NODE_NAME, serviceAccountName: ['x'], hostNetwork: 'yes' },
          status: { phase: 3, podIP: {}, podIPs: 'all' },
        },
      }),
    },
    { says: 'is the deletion of nobody', line: '{"type":"DELETED","object":{"metadata":{"name":"nobody"}}}' },
  ];

  it.each(lines)('An event that $says is skipped, and the next change takes effect', async ({ line }) => {
    const { api } = world.world;
    for (const kind of ['Pod', 'Namespace', 'ServiceAccount'] as const) api.sendRaw(kind, line);
    const role = world.world.manifests.some(({ metadata }) => metadata.annotations?.[ROLE] === 'a')
      ? 'b'
      : 'a';
    await add(world, pod('team/pod', role));
    await eventually(async () => {
      expect(seen(await world.as('team/pod').credentials())).toEqual({ status: 200, role });
    });
    await expectSteady(world);
  });

  it('Unreadable events are logged by the server, and stop none', () => {
    expect(world.serverLog).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        msg: expect.stringMatching(/unreadable object from API server/) as unknown,
      }),
    );
    expect(world.world.servers.map(({ running }) => running)).toEqual([true, true]);
  });
});

async function expectSteady({ as }: Setup): Promise<void> {
  await eventually(async () => {
    expect((await as('steady/pod').credentials()).status).toBe(200);
  });
}
