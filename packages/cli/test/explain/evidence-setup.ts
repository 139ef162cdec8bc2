import type { V1EnvFromSource, V1EnvVar, V1Pod } from '../../src/answers/objects.ts';
import { readAgentExplanations } from '../../src/answers/agent-explanation.ts';
import { readAgentStatus } from '../../src/answers/agent-status.ts';
import { valueOf } from '../../src/answers/answer.ts';
import type { Answer } from '../../src/answers/answer.ts';
import { readServerExplanations } from '../../src/answers/server-explanation.ts';
import type { AgentPod, Evidence } from '../../src/explain/evidence.ts';
import type { RecentRefusal } from '../../src/explain/refusals.ts';

export const ROLE_ARN = 'arn:aws:iam::123456789012:role/checkout';
const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';

type Fields = Readonly<Record<string, unknown>>;

export interface Planted {
  readonly env?: readonly V1EnvVar[];
  readonly envFrom?: readonly V1EnvFromSource[];
  readonly podSpec?: Fields;
  readonly podStatus?: Fields;
  readonly podMetadata?: Fields;
  /** Replaces fields of the server's explanation. */
  readonly server?: Fields;
  readonly noServer?: string;
  /** Replaces fields of the agent's explanation. */
  readonly agent?: Fields;
  readonly noAgent?: string;
  readonly agents?: Evidence['agents'];
  /** Replaces fields of the agent's whole status. */
  readonly status?: Fields;
  readonly refusals?: readonly RecentRefusal[];
  readonly imported?: Evidence['imported'];
  readonly absence?: Evidence['absence'];
  readonly silentServers?: Evidence['silentServers'];
}

const AGENT: AgentPod = { namespace: 'rolegate', name: 'agent-a', phase: 'Running', ready: true };

/** A Pod shop/checkout that has its role, with what a test plants. */
export function evidence(planted: Planted = {}): Evidence {
  const { noServer, noAgent } = planted;
  return {
    name: 'shop/checkout',
    pod: planted.absence === undefined ? { value: podOf(planted) } : { fault: 'it does not exist' },
    absence: planted.absence,
    isInstalled: true,
    server:
      noServer === undefined
        ? first(readServerExplanations(JSON.stringify(serverPrints(planted))))
        : { fault: noServer },
    silentServers: planted.silentServers ?? [],
    agents: planted.agents ?? [AGENT],
    agent:
      noAgent === undefined
        ? first(readAgentExplanations(JSON.stringify(agentPrints(planted))))
        : { fault: noAgent },
    agentStatus:
      noAgent === undefined ? readAgentStatus(JSON.stringify(statusPrints(planted))) : { fault: noAgent },
    refusals: { value: planted.refusals ?? [] },
    imported: planted.imported ?? {},
  };
}

function first<T>(all: Answer<readonly T[]>): Answer<T> {
  const [one] = valueOf(all) ?? [];
  if (one === undefined) throw new Error('the answer cannot be read');
  return { value: one };
}

export function podOf({ env = [], envFrom = [], podSpec, podStatus, podMetadata }: Planted): V1Pod {
  return {
    metadata: {
      namespace: 'shop',
      name: 'checkout',
      uid: 'uid-1',
      annotations: { [ROLE]: 'checkout' },
      ...podMetadata,
    },
    spec: {
      nodeName: 'node-a',
      serviceAccountName: 'default',
      containers: [{ name: 'app', env: [...env], envFrom: [...envFrom] }],
      ...podSpec,
    },
    status: { phase: 'Running', ...podStatus },
  };
}

/** `rolegate-server status --pod shop/checkout --json`. */
export function serverPrints({ server }: Planted): object {
  return {
    pod: 'shop/checkout',
    uid: 'uid-1',
    node: 'node-a',
    serviceAccount: 'default',
    ips: ['192.0.2.7'],
    traits: [],
    annotations: {
      pod: { [ROLE]: 'checkout' },
      serviceAccount: {},
      namespace: { [PERMITTED]: 'checkout|cart' },
    },
    settings: { roleBaseArn: 'arn:aws:iam::123456789012:role/', roleCeiling: [], namespacePolicy: 'enforce' },
    decision: { kind: 'allow', role: ROLE_ARN, sessionName: 'shop.default', durationSeconds: 3_600 },
    session: SESSION,
    agent: { version: '0.2.0', connectedForSeconds: 60, servesContainerCredentials: false },
    ...server,
  };
}

export const SESSION = {
  role: ROLE_ARN,
  sessionName: 'shop.default',
  state: 'valid',
  nodes: ['node-a'],
  remainingSeconds: 3_000,
  nextInSeconds: 1_200,
};

/** `rolegate-agent status --pod shop/checkout --json`. */
export function agentPrints({ agent }: Planted): object {
  return {
    subject: 'Pod shop/checkout',
    addresses: [{ ip: '192.0.2.7', by: 'cni', says: 'CNI result names shop/checkout (uid-1)' }],
    pod: AGENT_POD,
    state: 'ok',
    answers: {
      token: '200, a token',
      list: '200, checkout',
      credentials: '200, the credentials, from memory',
    },
    ...agent,
  };
}

export const AGENT_POD = {
  namespace: 'shop',
  name: 'checkout',
  uid: 'uid-1',
  serviceAccount: 'default',
  ips: ['192.0.2.7'],
  role: ROLE_ARN,
  sessionName: 'shop.default',
  state: 'ok',
  remainingMinutes: 50,
  accessKeyId: '…D6VS',
};

/** `rolegate-agent status --json`. */
export function statusPrints({ status }: Planted): object {
  return {
    version: '0.2.0',
    node: 'node-a',
    mode: 'roles',
    notReady: [],
    server: { feed: { connected: true, server: 's:9610', sinceSeconds: 60 }, certificate: { state: true } },
    interception: { readerConnected: true, layers: LAYERS, nodeImdsv1Open: false },
    ports: { held: [], foreignListeners: [] },
    addresses: { source: 'cni', directories: { '/var/lib/cni/results': 'ok' } },
    ...status,
  };
}

export const LAYERS = { nat: true, filter: true, route: true, input: true, ports: true };
