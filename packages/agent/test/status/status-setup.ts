import type { HostPort } from '@rolegate/runtime';
import { parseAgentConfig } from '../../src/config/config.ts';
import type { FeedStatus } from '../../src/feed/feed-state.ts';
import type { KnownPod } from '../../src/feed/table/known-pod.ts';
import { createAgentStatus } from '../../src/status/agent-status.ts';
import type { AgentStatus } from '../../src/status/agent-status-text.ts';
import type { Explanation } from '../../src/status/explain.ts';
import type { NodeReadings } from '../../src/status/readings.ts';
import type { CredentialsReadings } from '../../src/status/token-answers.ts';
import { setup as setupCallers } from '../addresses/callers-setup.ts';
import { credentials as credentialsUntil } from '../addresses/known-pods.ts';

/** The status of an agent in roles mode, with table, addresses and feed controlled by the test. */
export function setup({
  reconcile,
  held = [],
  credentials,
}: {
  reconcile?: NodeReadings['reconcile'];
  held?: readonly HostPort[];
  credentials?: CredentialsReadings;
} = {}) {
  const parts = setupCallers();
  const { clock, table, callers, results, feed } = parts;
  const outcome = parseAgentConfig({
    argv: ['--node-name=node-1', '--host-ip=192.0.2.10', '--server-address=s:1', '--ca=ca.pem'],
    env: {},
  });
  if (outcome.kind !== 'config') throw new Error(JSON.stringify(outcome));
  const standing: { now: FeedStatus } = {
    now: { server: 's:1', sinceMs: clock.monotonic(), lastFault: undefined },
  };
  const skew = { latestMs: 0 };
  const status = createAgentStatus({
    load: () => ({ connections: 2, waiting: 1 }),
    limits: () => ({ connections_per_pod: 3 }),
    clientsOf: (uid) => (uid === 'uid-1' ? ['boto3/1.34.0'] : []),
    config: outcome.config,
    mode: {
      pods: table.pods,
      session: table.session,
      cachedSessions: table.cachedSessions,
      peek: callers.peek,
      source: () => callers.source,
      server: {
        feed: {
          get connected() {
            return feed.lostSinceMs === undefined;
          },
          get lostSinceMs() {
            return feed.lostSinceMs;
          },
          status: () => standing.now,
        },
        synced: () => table.synced,
        skewMs: () => skew.latestMs,
        identity: {
          tls: { current: () => ({ ca: Buffer.from('') }) },
          check: { name: 'certificate', ready: () => 'none yet: no server has been contacted yet' },
        },
      },
    },
    node: { cniResults: { ...results, awaited: undefined }, reconcile },
    ports: { held: () => held },
    other: { readable: () => undefined },
    credentials,
    checks: [{ name: 'table', ready: () => table.synced || 'no server has told of the Pods yet' }],
    clock,
  });
  const ask = (query: string) => status(new URLSearchParams(query));
  return {
    ...parts,
    standing,
    skew,
    ask,
    whole: () => ask('').value as AgentStatus,
    explain: (query: string) => ask(query).value as Explanation,
    hold: (minutes = 50) => {
      table.setSession({
        id: 'session-1',
        credentials: credentialsUntil(clock.monotonic() + minutes * 60_000),
      });
    },
    fail: (reason: 'StsAccessDenied' | 'StsThrottled') => {
      table.setSession({ id: 'session-1', failure: { reason, message: `STS says ${reason}` } });
    },
    stateOf: (uid = 'uid-1') =>
      (ask('').value as AgentStatus).pods.find((row) => row.uid === uid)?.state ?? 'not there',
  };
}

export const DENIED: KnownPod['decision'] = {
  kind: 'deny',
  reason: 'NamespaceDenied',
  message: 'Namespace shop does not permit it',
  roleName: 'cart',
};
