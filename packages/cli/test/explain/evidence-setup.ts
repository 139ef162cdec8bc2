import type { V1EnvFromSource, V1EnvVar, V1Pod } from '../../src/answers/objects.ts';
import { readAgentExplanations } from '../../src/answers/agent-explanation.ts';
import type { AgentExplanation } from '../../src/answers/agent-explanation.ts';
import { readAgentStatus } from '../../src/answers/agent-status.ts';
import { valueOf } from '../../src/answers/answer.ts';
import type { Answer } from '../../src/answers/answer.ts';
import { readServerExplanations } from '../../src/answers/server-explanation.ts';
import type { ServerExplanation } from '../../src/answers/server-explanation.ts';
import type { Evidence } from '../../src/explain/evidence.ts';

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
  readonly agentOnNode?: boolean;
  /** Replaces fields of the agent's whole status. */
  readonly status?: Fields;
  readonly refusals?: Evidence['refusals'];
}

/** A Pod shop/checkout that has its role, with what a test plants. */
export function evidence(planted: Planted = {}): Evidence {
  const { noServer, noAgent } = planted;
  return {
    name: 'shop/checkout',
    pod: { value: podOf(planted) },
    server: noServer === undefined ? first(serverOf(planted)) : { fault: noServer },
    agentOnNode: planted.agentOnNode ?? true,
    agent: noAgent === undefined ? first(agentOf(planted)) : { fault: noAgent },
    agentStatus:
      noAgent === undefined ? readAgentStatus(JSON.stringify(statusOf(planted))) : { fault: noAgent },
    refusals: planted.refusals ?? [],
  };
}

function first<T>(all: Answer<readonly T[]>): Answer<T> {
  const [one] = valueOf(all) ?? [];
  if (one === undefined) throw new Error('the answer cannot be read');
  return { value: one };
}

function podOf({ env = [], envFrom = [], podSpec, podStatus, podMetadata }: Planted): V1Pod {
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

function serverOf({ server }: Planted): Answer<readonly ServerExplanation[]> {
  const explanation = {
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
  return readServerExplanations(JSON.stringify(explanation));
}

export const SESSION = {
  role: ROLE_ARN,
  sessionName: 'shop.default',
  state: 'valid',
  nodes: ['node-a'],
  remainingSeconds: 3_000,
  nextInSeconds: 1_200,
};

function agentOf({ agent }: Planted): Answer<readonly AgentExplanation[]> {
  const explanation = {
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
  return readAgentExplanations(JSON.stringify(explanation));
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

function statusOf({ status }: Planted): object {
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
