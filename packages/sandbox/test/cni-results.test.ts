import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NODE_NAME } from '../src/sandbox-node.ts';
import { add, eventually, expectLine, namespace, PERMITTED, ROLE, setup } from './setup.ts';
import type { Setup } from './setup.ts';

const NAMESPACE = 'cni';

describe('CNI results', () => {
  let world: Setup;
  let made = 0;
  beforeAll(async () => {
    world = await setup();
    await add(world, namespace(NAMESPACE, { [PERMITTED]: 'r[0-9]+' }));
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** A Pod that the API knows and whose address only a CNI result can tell, as in the first second of its life. */
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

  /** Held in vain, while another Pod is served. */
  async function expectUnknown(ip: string): Promise<void> {
    const [answer, other] = await Promise.all([
      world.from(ip).credentials(),
      world.as('steady/pod').credentials(),
    ]);
    expect([answer.status, other.status]).toEqual([503, 200]);
    await expectLine(world.agentLog, { msg: 'request refused', ip, reason: 'HeldTimeout' });
  }

  it('that are half-written are read again, and count when they are whole', async () => {
    const one = newPod();
    const { path, finish } = await world.world.cni.writeHalf(one.result);
    await expectUnknown(one.ip);
    await expectLine(world.agentLog, { msg: 'CNI result passed over', file: path, error: 'it is not JSON' });
    await finish();
    await expectServed(one);
  });

  it.each([
    { says: 'that are not JSON', content: 'not JSON', fault: 'it is not JSON' },
    { says: 'that are empty', content: '', fault: 'it is not JSON' },
    { says: 'that are another kind of JSON', content: '[]', fault: 'its kind is not cniCacheV1' },
    {
      says: 'that name no Pod',
      content: '{"kind":"cniCacheV1","ifName":"eth0","cniArgs":null}',
      fault: 'it names no Pod',
    },
    { says: 'that are larger than any', content: ' '.repeat(1_000_001), fault: 'it is too large' },
  ])('$says are passed over with a line', async ({ content, fault }) => {
    const path = await world.world.cni.writeRaw(`bad-${randomUUID()}-eth0`, content);
    await expectLine(world.agentLog, { msg: 'CNI result passed over', file: path, error: fault });
    expect((await world.as('steady/pod').credentials()).status).toBe(200);
  });

  it('without a UID count by namespace and name', async () => {
    const one = newPod();
    const { namespace: inNamespace, name, ips } = one.result;
    await world.world.cni.add({ namespace: inNamespace, name, ips });
    await expectServed(one);
  });

  it('of the loopback and of a second interface give no address', async () => {
    const one = newPod();
    const second = '127.9.2.1';
    await world.world.cni.addLoopback(one.result);
    await world.world.cni.add({ ...one.result, ifName: 'eth1', ips: [second] });
    await world.world.cni.add(one.result);
    await expectServed(one);
    await expectUnknown(second);
  });

  it('left over from a Pod long gone give nothing, and yield to the next holder', async () => {
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

  it('that are removed end the address at once', async () => {
    const one = newPod();
    const path = await world.world.cni.add(one.result);
    await expectServed(one);
    await world.world.cni.remove(path);
    await eventually(async () => {
      expect((await world.from(one.ip).credentials()).status).toBe(503);
    });
  });
});
