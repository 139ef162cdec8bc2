import { describe, expect, it } from 'vitest';
import { createCniResultsDir, SENTINELS } from '@rolegate/testing';
import { soon, startAgent } from '../whole-agent.ts';

const POD_IP = '127.9.0.77';
const TTL = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
const REGION = '/latest/meta-data/placement/region';

async function setup(argv: readonly string[] = []) {
  const cni = await createCniResultsDir();
  await cni.add({ uid: 'u', namespace: 'shop', name: 'cart', ips: [POD_IP] });
  const agent = await startAgent(['--mode=firewall', '--cni-cache-dir', cni.path, ...argv]);
  const of = (path: string, options: object = {}) => agent.ask({ path, localAddress: POD_IP, ...options });
  await soon(async () => {
    expect((await agent.ops('/readyz')).status).toBe(200);
    expect(agent.lines('CNI results directory readable')).toHaveLength(1);
  });
  expect((await of('/')).status).not.toBe(0);
  return {
    ...agent,
    of,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await cni[Symbol.asyncDispose]();
    },
  };
}

describe('Firewall mode', () => {
  it.each([
    { path: '/latest/api/token', method: 'PUT', headers: TTL },
    { path: '/latest/meta-data/iam/security-credentials' },
    { path: '/latest/meta-data/iam/security-credentials/' },
    { path: '/latest/meta-data/iam/security-credentials/node-role' },
    { path: '/latest/meta-data/iam/info' },
    { path: '/latest/user-data' },
    { path: '/latest/dynamic/instance-identity/document' },
    { path: '/latest/meta-data/' },
    { path: REGION },
    { path: '/' },
    { path: '/latest/meta-data/made-up' },
  ])(
    'In firewall mode a request for $path is refused without asking IMDS, whether or not the Pod is known',
    async (wanted) => {
      await using t = await setup();
      for (const localAddress of [POD_IP, '127.9.0.78']) {
        const { status, body } = await t.ask({ ...wanted, localAddress });
        expect([status, (JSON.parse(body) as { Code: string }).Code]).toEqual([403, 'MetadataDenied']);
      }
      expect(t.imds.requests).toEqual([]);
    },
  );

  it('In firewall mode the node itself is refused with HostNetwork', async () => {
    await using t = await setup();
    const { status, body } = await t.ask({ path: REGION, localAddress: '127.0.0.1' });
    expect([status, JSON.parse(body)]).toEqual([403, expect.objectContaining({ Code: 'HostNetwork' })]);
  });

  it('In firewall mode the log names Namespace and Pod if the CNI results know them', async () => {
    await using t = await setup();
    const before = t.lines('request refused').length;
    await t.of(REGION);
    await t.of(REGION, { localAddress: '127.9.0.78' });
    const [known, unknown] = t.lines('request refused').slice(before);
    expect(known).toMatchObject({ ip: POD_IP, namespace: 'shop', pod: 'cart', reason: 'MetadataDenied' });
    expect(unknown).toMatchObject({ ip: '127.9.0.78', namespace: undefined, pod: undefined, uid: undefined });
  });

  it('In firewall mode the agent is ready without a server, and has no checks or metrics about one', async () => {
    await using t = await setup();
    const { status, body } = await t.ops('/readyz?verbose');
    expect([status, body.split('\n')]).toEqual([
      200,
      [
        '[+]metadata ok',
        '[+]ports ok',
        '[!]interception unknown; set --cni-socket to the socket of rolegate-agent reconcile',
        '[+]probes ok',
        'ok',
        '',
      ],
    ]);
    expect(await t.metrics(/^rolegate_(feed|reader|interception|node)/)).toEqual([]);
  });
});

describe('Firewall mode exceptions', () => {
  it('A metadata group that firewall mode allows is served to all Pods, with tokens, and nothing else is', async () => {
    await using t = await setup(['--metadata-groups=placement']);
    const { status, body: token } = await t.of('/latest/api/token', { method: 'PUT', headers: TTL });
    expect(status).toBe(200);
    const headers = { 'x-aws-ec2-metadata-token': token };
    expect(await t.of(REGION, { headers })).toMatchObject({ status: 200, body: 'eu-central-1' });
    expect((await t.of(REGION, { headers: { 'x-aws-ec2-metadata-token': 'x' } })).status).toBe(401);
    expect(await t.of('/latest/meta-data/', { headers })).toMatchObject({ status: 200, body: 'placement/' });
    const closed = [
      '/latest/meta-data/iam/security-credentials/',
      '/latest/meta-data/iam/security-credentials/node-role',
      '/latest/user-data',
      '/latest/dynamic/instance-identity/document',
      '/latest/meta-data/instance-id',
      '/latest/dynamic/',
      '/latest/meta-data/iam/info',
      '/latest/meta-data/tags/instance/Name',
    ];
    for (const path of closed) {
      const { status: refused, body } = await t.of(path, { headers });
      expect([path, [403, 404].includes(refused)]).toEqual([path, true]);
      for (const sentinel of Object.values(SENTINELS).flat()) expect(body).not.toContain(sentinel);
    }
  });

  it('In firewall mode --allow-path opens only the path that it names', async () => {
    await using t = await setup(['--allow-path=/latest/dynamic/instance-identity/document']);
    expect((await t.of('/latest/dynamic/instance-identity/document')).status).toBe(200);
    expect((await t.of(REGION)).status).toBe(404);
    expect(await t.of('/latest/meta-data/iam/security-credentials/')).toMatchObject({ status: 403 });
  });
});
