// Records the messages between a server and an agent of this version, for tests of later versions (N-1): node
// --conditions=development packages/sandbox/test/record-streams.ts
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '@rolegate/runtime';
import type { Pod } from '../../server/src/kubernetes/objects/objects.ts';
import { createCluster, startAgent, startServer } from './one-day-setup.ts';
import { podObject } from './pod-object.ts';

const packages = new URL('../../', import.meta.url).pathname;
const said = { update: [] as string[], report: [] as string[] };
let [seed, version] = [0, 100];
const random = () => (seed += 0.618_033_988_75) % 1;
const next = () => String((version += 1));

const cluster = createCluster(random);
const there = {
  server: startServer(cluster, random),
  open: [],
  heard: (kind: 'update' | 'report', bytes: Buffer) => {
    said[kind].push(bytes.toString('base64'));
  },
};

function setPod(name: string, role: string | undefined, more: Partial<Pod> = {}): Pod {
  const annotations = role === undefined ? {} : { 'iam.amazonaws.com/role': role };
  const pod = podObject(name, { resourceVersion: next(), annotations, ips: ['198.18.1.1'], ...more });
  cluster.store.set(pod);
  return pod;
}

/** One Pod per kind of answer. */
setPod('denied', 'other');
setPod('plain', undefined);
setPod('pending', 'app', { namespace: 'unborn' });
setPod('mirror', undefined, { staticPod: true, runtimeUid: 'runtime-uid' });
setPod('host', 'app', { hostNetwork: true });
const agent = startAgent(cluster, there, random);
await cluster.clock.advance(1_000);
agent.ask('uid-a');
agent.reporter.answered('');
agent.reporter.answered('NamespaceDenied');
agent.reporter.firstDelivery({
  podUid: 'uid-a',
  sessionId: agent.table.cachedSessions()[0]?.id ?? '',
  heldMs: 12,
});
// Later changes: a new Pod, a removed one, a role that STS refuses, renewed credentials.
cluster.sts.fault = Object.assign(new Error('not authorized to perform sts:AssumeRole'), {
  name: 'AccessDenied',
});
setPod('refused', 'app', { serviceAccount: 'other' });
cluster.serviceAccounts.set({
  uid: 's2',
  name: 'other',
  namespace: 'shop',
  resourceVersion: next(),
  annotations: {},
});
const gone = setPod('gone', 'app');
await cluster.clock.advance(15_000);
cluster.store.remove({ ...gone, resourceVersion: next() });
cluster.sts.fault = undefined;
await cluster.clock.advance(30 * 60_000);
// The stream has reached its maximum age, so the second one begins with cached sessions.
agent.stop();

const reach = agent.table.pods().map(({ uid, decision }) => {
  const credentials =
    decision.kind === 'allow' && agent.table.session(decision.sessionId)?.credentials !== undefined;
  return { uid, kind: decision.kind, reason: decision.kind === 'deny' ? decision.reason : '', credentials };
});
await write('agent', `feed-${VERSION}.json`, { version: VERSION, updates: said.update, pods: reach });
await write('server', `reports-${VERSION}.json`, { version: VERSION, reports: said.report });
console.log(`${said.update.length} updates, ${said.report.length} reports of ${VERSION}`);

async function write(name: 'agent' | 'server', file: string, content: object): Promise<void> {
  const folder = join(packages, name, 'test/feed/recorded');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
}
