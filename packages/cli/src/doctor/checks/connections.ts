import { roughly, textOf } from '@rolegate/runtime';
import type { AgentServer } from '../../answers/agent-status.ts';
import { valueOf } from '../../answers/answer.ts';
import { isServer, latestLine } from '../cluster.ts';
import type { AgentReading, Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';
import { logMessages } from '../log-messages.ts';

/** As the alert RolegateAgentCertificateExpiring. Seconds. */
const AGENT_CERTIFICATE_S = 600;
/** As the agent's log line, and as the alert RolegateClockSkew. Milliseconds. */
const SKEW_TOLD_MS = 5_000;
const SKEW_ALERT_MS = 60_000;

/** The agents' connections to servers: feed, certificate and clock. */
export function checkConnections(cluster: Cluster): readonly Finding[] {
  const isServing = (valueOf(cluster.pods) ?? []).some(
    (pod) => isServer(pod) && isReady(pod.status?.conditions),
  );
  return cluster.agents.flatMap((agent) => {
    const server = valueOf(agent.status)?.server;
    return [
      ...(server === undefined ? [] : ofFeed(agent, server, isServing)),
      ...(server === undefined ? [] : ofCertificate(agent, server)),
      ...ofClock(agent, server),
    ];
  });
}

function isReady(conditions: readonly { readonly type: string; readonly status: string }[] = []): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function ofFeed({ node }: AgentReading, { feed }: AgentServer, isServing: boolean): readonly Finding[] {
  if (feed.connected !== false) return [];
  const { lastFault = 'no error is known', staleSeconds = 0, sinceSeconds = 0, server } = feed;
  const away = roughly(Math.max(staleSeconds, sinceSeconds) * 1000);
  const { cause, fix } = causeOf(lastFault, isServing);
  return [
    {
      severity: 'error',
      check: 'server',
      node,
      what: `the agent reaches no server: ${cause}`,
      evidence:
        server === undefined
          ? `no server reached for ${away}, so Pods get no credentials; ${lastFault}`
          : `${server} lost for ${away}, so new Pods get no credentials; ${lastFault}`,
      fix,
    },
  ];
}

interface Cause {
  readonly cause: string;
  readonly fix: string;
}

/** By what the connection failed of. */
function causeOf(fault: string, isServing: boolean): Cause {
  if (/ENOTFOUND|EAI_AGAIN|name resolution failed/i.test(fault))
    return {
      cause: 'its name is not resolved',
      fix: 'repair name resolution on the node, or correct --server-address (chart value server.address)',
    };
  if (/certificate|handshake failure|\bSSL|\bTLS\b|UNAUTHENTICATED|PERMISSION_DENIED/.test(fault))
    return {
      cause: 'one does not accept the other',
      fix: 'compare the authorities of agent and server: rolegate-server authority status, ConfigMap rolegate-authority',
    };
  if (!isServing)
    return {
      cause: 'no server is ready',
      fix: 'repair the servers first: kubectl get pods -l app.kubernetes.io/component=server -A',
    };
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES/i.test(fault))
    return {
      cause: 'a NetworkPolicy or a rule rejects 9610/tcp, though servers are ready',
      fix: 'look for the NetworkPolicy, or the rule on the node or on the node of the server; check the Service rolegate-server',
    };
  return {
    cause: 'a NetworkPolicy or a rule drops 9610/tcp, though servers are ready',
    fix: 'let the node reach 9610/tcp and 9611/tcp of the servers: look at NetworkPolicies, security groups and rules on both nodes',
  };
}

function ofCertificate({ node }: AgentReading, { certificate, feed }: AgentServer): readonly Finding[] {
  const { remainingSeconds, ends = 'unknown', of, state } = certificate;
  const about = { check: 'certificates', node } as const;
  const fix =
    'see why it is not renewed: the log of the agent and the alert RolegateAgentCertificateExpiring in docs/runbook.md';
  if (remainingSeconds !== undefined && remainingSeconds < AGENT_CERTIFICATE_S) {
    const evidence = `${of ?? 'certificate'}, until ${ends}`;
    const what =
      remainingSeconds <= 0
        ? 'the certificate of the agent has expired: no server accepts it'
        : 'the certificate of the agent expires within ten minutes: it then loses its feed';
    return [{ ...about, severity: 'error', what, evidence, fix }];
  }
  // Without a server there is no certificate, and the feed has a finding.
  const isNone = remainingSeconds === undefined && feed.connected === false;
  if (state === undefined || state === true || isNone) return [];
  const evidence = state === false ? 'rolegate-agent status' : state;
  return [
    {
      ...about,
      severity: 'warning',
      what: 'something is wrong with the certificate of the agent',
      evidence,
      fix,
    },
  ];
}

function ofClock({ node, lines }: AgentReading, server: AgentServer | undefined): readonly Finding[] {
  const skewMs = server?.clockSkewMs ?? loggedSkewMs(lines);
  if (skewMs === undefined || Math.abs(skewMs) <= SKEW_TOLD_MS) return [];
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  return [
    {
      severity: Math.abs(skewMs) >= SKEW_ALERT_MS ? 'error' : 'warning',
      check: 'clock',
      node,
      what: `the clock of the node is ${direction} the server's: SDKs misjudge when credentials expire`,
      evidence: `by ${roughly(Math.abs(skewMs))}, when the feed began`,
      fix: 'check time synchronization (chronyc tracking) on this node, or on the node of the server if all nodes have it; AWS rejects signatures that are minutes off',
    },
  ];
}

/** Agents that do not print the skew still log it. */
function loggedSkewMs(lines: AgentReading['lines']): number | undefined {
  const line = latestLine(lines, logMessages.skew, logMessages.noSkew);
  const skewMs = line?.['skewMs'];
  return typeof skewMs === 'number' ? skewMs : Number.parseInt(textOf(skewMs), 10) || undefined;
}
