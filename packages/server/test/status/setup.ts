import type { StatusAnswer } from '@rolegate/runtime';
import { parseServerConfig } from '../../src/config/config.ts';
import { createConnectedAgents } from '../../src/feed/connected-agents.ts';
import { createNodes } from '../../src/feed/nodes/nodes.ts';
import type { NodeStream } from '../../src/feed/nodes/node-view.ts';
import type { PodExplanation } from '../../src/status/explain-pod.ts';
import { createServerStatus } from '../../src/status/answers.ts';
import type { RoleExplanation } from '../../src/status/explain-role.ts';
import type { ServerStatus } from '../../src/status/server-status.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

const STREAM: NodeStream = {
  pod: () => undefined,
  podRemoved: () => undefined,
  session: () => undefined,
  sessionRemoved: () => undefined,
};

/** A server to which one node, `node-a`, can be connected. */
export function setup({
  synced = true,
  flags = [],
  monotonic,
  defaultRole,
}: { synced?: boolean; flags?: readonly string[]; monotonic?: () => number; defaultRole?: string } = {}) {
  const cluster = createClusterStandIn(defaultRole === undefined ? {} : { defaultRole });
  const { clock } = cluster;
  const outcome = parseServerConfig({
    argv: [
      '--cert=a',
      '--key=b',
      '--ca=c',
      '--region=eu-west-1',
      '--role-ceiling=arn:aws:iam::123456789012:role/*',
      ...flags,
    ],
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const agents = createConnectedAgents({ clock });
  const ignore = () => undefined;
  const nodes = createNodes({ ...cluster, warn: ignore, audit: ignore, metrics: { decision: ignore } });
  const status = createServerStatus({
    ...cluster,
    config: outcome.config,
    hostname: 'server-0',
    warnings: ['--x is ignored'],
    checks: [{ name: 'authority', ready: () => 'the Secret cannot be read' }],
    cluster: { ...cluster, synced: () => synced, syncedForMs: () => 5_000, watchAgeMs: () => 2_500 },
    agents,
    issuerKeys: {
      status: () => ({
        keys: 2,
        issuers: ['https://k.example'],
        ageMs: 61_000,
        error: 'get /openid/v1/jwks: 403',
      }),
    },
    roleBaseArn: () => cluster.base.arn,
    certificateSeconds: () => ({ certificate: 7_200 }),
    clock: monotonic === undefined ? clock : { ...clock, monotonic },
  });
  const ask = (query: string) => status(new URLSearchParams(query)) as StatusAnswer;
  const about = async (role: string) => status(new URLSearchParams({ role }));
  cluster.setServiceAccount('shop', 'default');
  return {
    ...cluster,
    ask,
    about,
    role: async (role: string) => (await about(role)).value as RoleExplanation,
    whole: () => ask('').value as ServerStatus,
    explain: (pod: string) => ask(`pod=${encodeURIComponent(pod)}`).value as PodExplanation,
    async connect() {
      const interception = { nat: true, filter: false };
      agents.joined('node-a', { version: '0.1.0', interception });
      nodes.join('node-a', STREAM, []);
      await clock.advance(1_000);
    },
  };
}
