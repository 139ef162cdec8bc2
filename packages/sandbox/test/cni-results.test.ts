import { randomUUID } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_NAME } from '../src/sandbox-node.ts';
import { add, eventually, expectLine, namespace, PERMITTED, ROLE, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const NAMESPACE = 'cni';

describe('CNI results', () => {
  const opened = new AsyncDisposableStack();
  let world: Setup;
  let made = 0;
  beforeAll(async () => {
    world = opened.use(await setup());
    await add(world, namespace(NAMESPACE, { [PERMITTED]: 'r[0-9]+' }));
  });
  afterAll(async () => {
    await opened.disposeAsync();
  });

  /** A Pod that the API knows but whose address only a CNI result tells, as in the first second of its life. */
  function newPod() {
    const [name, role, ip] = [`pod-${made}`, `r${made}`, `127.9.1.${made + 1}`];
    made += 1;
    const uid = randomUUID();
    world.world.api.apply({
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, uid, annotations: { [ROLE]: role } },
      spec: { nodeName: NODE_NAME },
      status: { phase: 'Pending' },
    });
    return { name, role, ip, result: { uid, namespace: NAMESPACE, name, ips: [ip] } };
  }

  async function expectServed({ ip, role }: { ip: string; role: string }): Promise<void> {
    await eventually(async () => {
      expect(await world.from(ip).credentials()).toMatchObject({ status: 200, role });
    });
  }

  /** Checks that its request times out while another Pod is served. */
  async function expectUnknown(ip: string): Promise<void> {
    const [answer, other] = await Promise.all([
      world.from(ip).credentials(),
      world.as('steady/pod').credentials(),
    ]);
    expect([answer.status, other.status]).toEqual([503, 200]);
    await expectLine(world.agentLog, { msg: 'request refused', ip, reason: 'HeldTimeout' });
  }

  it('A half-written CNI result is read again, and takes effect when it is complete', async () => {
    const one = newPod();
    const { path, finish } = await world.world.cni.writeHalf(one.result);
    await expectUnknown(one.ip);
    await expectLine(world.agentLog, {
      msg: 'cannot read CNI result',
      file: path,
      error: 'the file is truncated',
    });
    await finish();
    await expectServed(one);
  });

  it.each([
    { says: 'that are not JSON', content: 'not JSON', fault: 'not a JSON object' },
    { says: 'that are empty', content: '', fault: 'the file is truncated' },
    { says: 'that are another kind of JSON', content: '[]', fault: 'not a JSON object' },
    {
      says: 'that are of another kind',
      content: '{"kind":"cniCacheV2"}',
      fault: 'the kind is not cniCacheV1',
    },
    {
      says: 'that are larger than 8 MiB',
      content: ' '.repeat(8 * 1024 * 1024 + 1),
      fault: 'the file is larger than 8 MiB',
    },
  ])('CNI results $says are reported, and another Pod stays served', async ({ content, fault }) => {
    const path = await world.world.cni.writeRaw(`bad-${randomUUID()}-eth0`, content);
    await expectLine(world.agentLog, { msg: 'cannot read CNI result', file: path, error: fault });
    expect((await world.as('steady/pod').credentials()).status).toBe(200);
  });

  it('CNI results without a UID count by their namespace and name', async () => {
    const one = newPod();
    const { namespace: inNamespace, name, ips } = one.result;
    await world.world.cni.add({ namespace: inNamespace, name, ips });
    await expectServed(one);
  });

  it('CNI results of the loopback and of a second interface give no address', async () => {
    const one = newPod();
    const second = '127.9.2.1';
    await world.world.cni.addLoopback(one.result);
    await world.world.cni.add({ ...one.result, ifName: 'eth1', ips: [second] });
    await world.world.cni.add(one.result);
    await expectServed(one);
    await expectUnknown(second);
  });

  it('S4, N5: A CNI result left over from a running Pod yields to the next owner, whatever its date', async () => {
    const [former, next] = [newPod(), newPod()];
    const leftover = await world.world.cni.add(former.result);
    await expectServed(former);
    const large = { 'example.com/note': 'x'.repeat(1_100_000) };
    await world.world.cni.add({ ...next.result, ips: [former.ip], annotations: large });
    await expectServed({ ip: former.ip, role: next.role });
    await utimes(leftover, 4_000_000_000, 4_000_000_000);
    await world.world.cni.add({ ...former.result, containerId: 'sandbox-2', ips: [next.ip] });
    await expectServed({ ip: next.ip, role: former.role });
    await expectServed({ ip: former.ip, role: next.role });
  });

  it('A CNI result left over from a deleted Pod gives nothing, and yields to the next owner', async () => {
    const one = newPod();
    await world.world.cni.add({
      uid: randomUUID(),
      namespace: NAMESPACE,
      name: 'long-gone',
      ips: [one.ip],
    });
    await expectUnknown(one.ip);
    await world.world.cni.add(one.result);
    await expectServed(one);
  });

  it('A removed CNI result ends the address immediately', async () => {
    const one = newPod();
    const path = await world.world.cni.add(one.result);
    await expectServed(one);
    await world.world.cni.remove(path);
    await eventually(async () => {
      expect((await world.from(one.ip).credentials()).status).toBe(503);
    });
  });
});
