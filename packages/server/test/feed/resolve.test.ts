import { expect, it } from 'vitest';
import { REQUEST_ID_KEY } from '@rolegate/protocol';
import { silentLog } from '@rolegate/runtime';
import { createFeedService } from '../../src/feed/feed-service.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import { createPeersStandIn } from './peers-stand-in.ts';
import { createClusterStandIn } from './cluster-stand-in.ts';
import { fakeCall } from './call-stand-in.ts';
import { feedDeps } from './feed-deps.ts';

const IP = '10.1.0.7';

function setup() {
  const cluster = createClusterStandIn();
  const lines: Record<string, unknown>[] = [];
  const keep = (msg: string, fields: object = {}) => void lines.push({ msg, ...fields });
  const log = { ...silentLog, debug: keep, error: keep };
  const ignore = () => undefined;
  const nodes = createNodes({ ...cluster, warn: ignore, audit: ignore, metrics: { decision: ignore } });
  const { handlers } = createFeedService({
    ...feedDeps(cluster),
    nodes,
    log,
    ...createPeersStandIn({ ...cluster, log, foreignNode: ignore, identityOf: () => ({ node: 'node-a' }) }),
  });
  const resolve = (requestId: string, ip = IP) => {
    const metadata = { get: (key: string) => (key === REQUEST_ID_KEY ? [requestId] : []) };
    const call = Object.assign(fakeCall('node-a'), { metadata, request: { ip } });
    handlers.Resolve(call as never, () => undefined);
    return lines.at(-1);
  };
  return { ...cluster, resolve, lines };
}

it("A server's log line about an address has the ID of the Pod's request that asked for it", () => {
  const { setPod, resolve } = setup();
  expect(resolve('1a2b3c4d-z1')).toEqual({
    msg: 'address resolved to Pod',
    requestId: '1a2b3c4d-z1',
    node: 'node-a',
    ip: IP,
  });
  setPod('a', { ips: [IP] });
  expect(resolve('1a2b3c4d-z2')).toMatchObject({ requestId: '1a2b3c4d-z2', pod: 'a', uid: 'uid-a' });
});

it("The log lines about an address of another node and its refusal have the ID of the Pod's request", () => {
  const { setPod, resolve, lines } = setup();
  setPod('b', { ips: [IP], nodeName: 'node-b' });
  expect(resolve('r-1')).toMatchObject({
    msg: 'cannot resolve address to Pod',
    requestId: 'r-1',
    reason: 'ForeignNode',
  });
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'agent refused', requestId: 'r-1' }));
});

it.each(['', 'a b', 'x\ny', 'x'.repeat(65)])('The invalid request ID %j is not logged', (requestId) => {
  const { resolve } = setup();
  expect(resolve(requestId)).toMatchObject({ msg: 'address resolved to Pod', requestId: undefined });
});
