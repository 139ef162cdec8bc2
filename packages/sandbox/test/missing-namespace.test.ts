import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createMemory, silentLog } from '@rolegate/runtime';
import type { Caller } from '../../agent/src/addresses/caller.ts';
import { createMetadataEndpoint } from '../../agent/src/metadata/endpoint.ts';
import { createPodServer } from '../../agent/src/pod-http/pod-server.ts';
import { createTokens } from '../../agent/src/imds-tokens/tokens.ts';
import { createCluster, startAgent, startServer } from './one-day-setup.ts';

const LIST = '/latest/meta-data/iam/security-credentials/';
const TTL = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server and an agent with its metadata API, for one permitted Pod, all on one clock. */
async function setup() {
  let seed = 0;
  const random = () => (seed += 0.618_033_988_75) % 1;
  const cluster = createCluster(random);
  const { clock, namespaces } = cluster;
  const agent = startAgent(cluster, { server: startServer(cluster, random), open: [] }, random);
  const { table } = agent;
  const identify = (): Caller => {
    const pod = table.pod('uid-a');
    return pod === undefined ? { kind: 'unknown', waitsFor: 'the Pod' } : { kind: 'pod', pod };
  };
  const reasons: string[] = [];
  const server = createPodServer({
    callers: { identify, onChange: table.onChange, onHandover: () => () => undefined },
    table,
    clock,
    log: silentLog,
    limitHit: () => undefined,
    metrics: { answered: ({ reason = 'served' }) => reasons.push(reason), held: () => undefined },
    longestHoldMs: 850,
    randomBytes,
  });
  const metadata = createMetadataEndpoint(
    {
      callers: { identify },
      table,
      tokens: createTokens({ clock, randomBytes }),
      other: { readable: () => 'file', everReadable: () => true, read: () => Promise.resolve('eu-west-1a') },
      settings: {
        hosts: ['127.0.0.1'],
        imdsv1: 'allow',
        groups: new Set(['placement']),
        holdMs: 850,
        holdGoMs: 400,
        holdPatientMs: 850,
      },
      memory: createMemory({ clock }),
    },
    server.parts,
  );
  const { port } = await server.listen(metadata, '127.0.0.1', 0);
  closing.push(async () => {
    agent.stop();
    const closed = server.close();
    await clock.advance(5_000);
    await closed;
  });
  await clock.advance(1_000);
  let version = 100;
  const shop = (permitted: string) => ({
    uid: 'n',
    name: 'shop',
    resourceVersion: String((version += 1)),
    annotations: { 'iam.amazonaws.com/permitted': permitted },
  });
  const statusOf = async (path: string, method = 'GET', headers: Readonly<Record<string, string>> = {}) => {
    const before = reasons.length;
    const answer = fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { connection: 'close', ...headers },
    });
    while (reasons.length === before) {
      await setImmediate();
      // Held requests end with their time.
      if (server.load().waiting > 0) await clock.advance(850);
    }
    return (await answer).status;
  };
  return {
    clock,
    reasons,
    removeNamespace: () => {
      namespaces.remove(shop('app'));
    },
    setNamespace: () => {
      namespaces.set(shop('app'));
    },
    /** Statuses of a token, the role's name, its credentials and other metadata. */
    statuses: async () => [
      await statusOf('/latest/api/token', 'PUT', TTL),
      await statusOf(LIST),
      await statusOf(`${LIST}app`),
      await statusOf('/latest/meta-data/placement/availability-zone'),
    ],
  };
}

it('The metadata API of a Pod whose Namespace was removed works for ten more seconds, and then closes until it returns', async () => {
  const { clock, reasons, removeNamespace, setNamespace, statuses } = await setup();
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  removeNamespace();
  await clock.advance(100);
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  await clock.advance(10_000);
  reasons.splice(0);
  expect(await statuses()).toEqual([403, 403, 403, 403]);
  expect(reasons).toEqual(Array(4).fill('MetadataDenied'));
  setNamespace();
  await clock.advance(1_000);
  expect(await statuses()).toEqual([200, 200, 200, 200]);
});

it('The metadata API waits again for a Namespace that is deleted again', async () => {
  const { clock, removeNamespace, setNamespace, statuses } = await setup();
  for (let times = 0; times < 3; times++) {
    removeNamespace();
    await clock.advance(5_000);
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    setNamespace();
    await clock.advance(1_000);
    expect(await statuses()).toEqual([200, 200, 200, 200]);
  }
});
