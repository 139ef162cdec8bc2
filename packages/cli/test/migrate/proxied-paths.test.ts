import { expect, it } from 'vitest';
import { createProxiedPaths, proxiedRequest } from '../../src/migrate/report/proxied-paths.ts';

const text = (path: string) =>
  `time="2026-11-29T10:00:00Z" level=info msg="GET ${path} (200) took 1.2 ms" req.method=GET req.path=${path} req.remote=10.1.2.3 res.status=200`;

it.each([
  [text('/latest/meta-data/instance-id'), 'meta-data/instance-id'],
  [text('//2021-07-15//meta-data/placement/region/'), 'meta-data/placement/region'],
  [text('"/latest/user-data?x=1"'), 'user-data'],
  [
    text('/latest/meta-data/network/interfaces/macs/02:29:96:8f:6a:2d/vpc-id'),
    'meta-data/network/interfaces/macs/<mac>/vpc-id',
  ],
  [text('/latest/meta-data/tags/instance/Some Name'.replace(' ', '%20')), 'meta-data/tags/instance/<tag>'],
  [
    JSON.stringify({ 'req.path': '/1.0/meta-data/ami-id', 'req.remote': '10.1.2.3:4711' }),
    'meta-data/ami-id',
  ],
])('The line %s of kube2iam is about the path %s', (line, path) => {
  expect(proxiedRequest(line)).toEqual({ path, ip: '10.1.2.3' });
});

it.each([
  text('/latest/meta-data/iam/security-credentials/'),
  text('/latest/meta-data/iam/security-credentials/app'),
  text('/latest/api/token'),
  text('/healthz'),
  'time="x" level=info msg="Listening on port 8181"',
  '{"level":"info"}',
  '{ broken',
  '',
])('The line %s of kube2iam is about nothing that it took from the node', (line) => {
  expect(proxiedRequest(line)).toBeUndefined();
});

it('Each path has what opens it, and the Pods that asked for it', () => {
  const paths = createProxiedPaths((ip) => (ip === '10.1.2.3' ? 'shop/cart-0' : undefined));
  for (const path of [
    'meta-data/instance-id',
    'meta-data/instance-id',
    'meta-data/placement/region',
    'dynamic/instance-identity/document',
    'meta-data/network/interfaces/macs/<mac>/vpc-id',
    'meta-data/tags/instance/<tag>',
    'meta-data',
    'user-data',
    'meta-data/unheard-of',
    'meta-data/iam/info',
    'meta-data/identity-credentials/ec2/info',
  ])
    paths.add({ path, ip: path === 'meta-data/instance-id' ? '10.1.2.3' : '10.9.9.9' });
  const rows = paths.rows();
  expect(rows[0]).toMatchObject({ path: 'meta-data/instance-id', calls: 2, pods: ['shop/cart-0'] });
  expect(rows.map(({ then }) => then)).toEqual([
    'metadata.groups: instance',
    'open by default',
    'metadata.groups: identity-document',
    'metadata.groups: network',
    'metadata.groups: tags',
    'lists what the Pod may read',
    'metadata.allowPaths',
    'metadata.allowPaths',
    "made for the Pod's own role",
    'never',
  ]);
});

it('Paths beyond the first 200 are said to be left out, and those before keep their counts', () => {
  const paths = createProxiedPaths(() => undefined);
  for (let n = 0; n < 1_300; n += 1) paths.add({ path: `user-data/${n}`, ip: '10.9.9.9' });
  paths.add({ path: 'user-data/7', ip: '10.9.9.9' });
  expect(paths.rows()).toHaveLength(200);
  expect(paths.rows()[0]).toMatchObject({ path: 'user-data/7', calls: 2 });
  expect(paths.omitted()).toEqual(['1,100 requests for metadata other than the first 200 paths']);
});
