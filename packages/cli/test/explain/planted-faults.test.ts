import { reasons } from '@rolegate/protocol';
import type { Reason } from '@rolegate/protocol';
import { describe, expect, it } from 'vitest';
import { explainPage } from '../../src/explain/page.ts';
import { pageText } from '../../src/explain/page-text.ts';
import { createColors } from '../../src/output/colors.ts';
import { AGENT_POD, LAYERS, ROLE_ARN, SESSION, evidence } from './evidence-setup.ts';
import type { Planted } from './evidence-setup.ts';

const ROLE = 'iam.amazonaws.com/role';
const WRONG_ARN = 'arn:aws:iam::999999999999:role/checkout';
const NOT_AUTHORIZED =
  'User: arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0 is not authorized to perform: sts:AssumeRole';

const wide = { width: 1_000, colors: createColors(false) };

interface Case extends Planted {
  readonly fault: string;
  /** The broken link. */
  readonly at: string;
  /** The one line that names the fault. */
  readonly says: string;
  readonly next: string;
  readonly command?: string;
}

/** The server's explanation of a Pod that is denied. */
function denied(reason: Reason, message: string, more: object = {}) {
  const { meaning, remedy } = reasons[reason];
  const decision = { kind: 'deny', reason, message, meaning, remedy, role: 'checkout' };
  return { decision, session: undefined, ...more };
}

/** The server's explanation of a Pod whose session fails. */
function failing(reason: Reason, error: string) {
  return { session: { ...SESSION, state: 'failing', remainingSeconds: undefined, reason, error } };
}

const cases: readonly Case[] = [
  {
    fault: 'A missing permit',
    server: denied(
      'NamespaceDenied',
      `Namespace shop does not permit ${ROLE_ARN}: it has neither iam.amazonaws.com/permitted nor iam.amazonaws.com/allowed-roles`,
      {
        annotations: { pod: { [ROLE]: 'checkout' }, serviceAccount: {}, namespace: {} },
      },
    ),
    at: 'Namespace',
    says: `NamespaceDenied: Namespace shop does not permit ${ROLE_ARN}: it has neither`,
    next: 'permit the role in the Namespace',
    command: 'kubectl annotate --overwrite namespace shop iam.amazonaws.com/permitted=checkout',
  },
  {
    fault: 'A wrong account in the role ARN',
    server: denied('OutsideCeiling', `${WRONG_ARN} is outside the role ceiling of the server`, {
      annotations: { pod: { [ROLE]: WRONG_ARN }, serviceAccount: {}, namespace: {} },
    }),
    at: 'ceiling',
    says: "the role is in account 999999999999, but the server's account is 123456789012",
    next: 'correct the account in the role ARN',
    command: `kubectl -n shop annotate --overwrite pod checkout ${ROLE}=${ROLE_ARN}`,
  },
  {
    fault: 'A role that does not trust the server',
    server: failing('StsAccessDenied', NOT_AUTHORIZED),
    at: 'STS',
    says: 'StsAccessDenied: the role does not exist, does not trust the server, or the server may not assume it: User: arn:aws:sts::123456789012:assumed-role/rolegate-server/i-0 is not authorized',
    next: 'let its trust policy allow sts:AssumeRole to arn:aws:iam::123456789012:role/rolegate-server,',
  },
  {
    fault: 'A role that does not exist',
    server: failing('StsAccessDenied', NOT_AUTHORIZED),
    at: 'STS',
    says: 'StsAccessDenied',
    next: 'if the role does not exist, create it or correct its name',
    command: 'aws iam get-role --role-name checkout',
  },
  {
    fault: 'A throttled STS',
    server: failing('StsThrottled', 'Rate exceeded'),
    at: 'STS',
    says: 'StsThrottled: STS throttles the account: Rate exceeded',
    next: 'raise the STS quota of the account',
  },
  {
    fault: "Expired credentials of the server's own",
    server: failing('ServerCredentials', 'The security token included in the request is expired'),
    at: 'STS',
    says: "ServerCredentials: the server's own AWS credentials are missing, expired or invalid: The security token included in the request is expired",
    next: "repair the source of the server's own credentials",
  },
  {
    fault: 'A base ARN that is not detected',
    server: {
      decision: { kind: 'pending', reason: 'Pending', message: 'role base ARN' },
      settings: { roleCeiling: [], namespacePolicy: 'enforce' },
      session: undefined,
    },
    at: 'ceiling',
    says: 'the role base ARN is not detected',
    next: 'or set --role-base-arn (chart value roles.baseArn)',
  },
  {
    fault: 'IRSA variables on the Pod',
    env: [
      { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::123456789012:role/irsa-value' },
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/token-value' },
    ],
    at: 'environment',
    says: 'container app has IRSA variables (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN), which outrank IMDS',
    next: 'remove eks.amazonaws.com/role-arn from the ServiceAccount',
  },
  {
    fault: 'Static keys in the environment',
    env: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: 'old-keys', key: name } },
    })),
    at: 'environment',
    says: 'container app has static keys (AWS_ACCESS_KEY_ID from Secret old-keys, AWS_SECRET_ACCESS_KEY from Secret old-keys)',
    next: 'remove the keys from the Pod template',
  },
  {
    fault: 'A Pod on the host network',
    podSpec: { hostNetwork: true },
    server: denied('HostNetwork', 'Pod shop/checkout uses the host network', {
      traits: ['on the host network'],
    }),
    at: 'Pod',
    says: 'HostNetwork: Pod shop/checkout uses the host network',
    next: "Let the node's agent serve container credentials",
  },
  {
    fault: 'A static Pod',
    server: denied('StaticPod', 'Pod shop/checkout is a static Pod', { traits: ['static'] }),
    at: 'Pod',
    says: 'StaticPod: Pod shop/checkout is a static Pod',
    next: 'Create the Pod through the API server',
  },
  {
    fault: 'A node without an agent',
    agents: [],
    noAgent: 'no agent runs on the node',
    at: 'agent',
    says: 'no agent runs on node-a',
    next: "see which of the node's taints the DaemonSet of the agent does not tolerate",
    command: 'kubectl describe node node-a',
  },
  {
    fault: 'The rules of nat flushed',
    status: { interception: { readerConnected: true, layers: { ...LAYERS, nat: false } } },
    at: 'interception',
    says: 'the rules of layer nat are not installed',
    next: "see what changes the node's rules",
  },
  {
    fault: 'A foreign listener on 8181',
    status: { ports: { held: [], foreignListeners: [{ address: '192.0.2.10', port: 8181, uid: 1_000 }] } },
    at: 'interception',
    says: 'a foreign listener has 192.0.2.10:8181 (UID 1000)',
    next: 'ss -ltnp sport = :8181',
  },
  {
    fault: 'A server that the agent cannot reach, for a new Pod',
    noServer: 'exec: timeout',
    agent: {
      pod: {
        ...AGENT_POD,
        state: 'ServerUnavailable',
        note: 'waiting for credentials, but no server is connected',
        remainingMinutes: undefined,
      },
      state: 'ServerUnavailable',
      remedy: 'Check the servers and the network path to them',
      answers: { credentials: 'held, then 503 ServerUnavailable' },
    },
    at: 'agent',
    says: 'ServerUnavailable: waiting for credentials, but no server is connected',
    next: 'Check the servers and the network path to them',
  },
];

describe('The page of explain', () => {
  it.each(cases)(
    '$fault is named in one line at the link $at, with the next step',
    ({ at, says, next, command, ...planted }) => {
      const page = explainPage(evidence(planted));
      expect(page.broken).toBe(at);
      expect(page.verdict).toContain(`broken at ${at}: ${says}`);
      expect(page.next).toContain(next);
      const lines = pageText(page, wide).split('\n');
      expect(lines.filter((line) => line.startsWith(at) && line.includes('BROKEN'))).toHaveLength(1);
      expect(lines.find((line) => line.startsWith('verdict'))).toContain(says);
      expect(lines.find((line) => line.startsWith('next'))).toContain(next);
      if (command !== undefined) expect(lines.map((line) => line.trim())).toContain(command);
    },
  );

  it.each([
    {
      fault: 'A missing CNI directory',
      status: { addresses: { source: 'pod-status', directories: { '/var/lib/cni/results': 'missing' } } },
      says: 'no usable CNI results (/var/lib/cni/results missing)',
    },
    {
      fault: 'A flushed layer that is not the only one',
      status: { interception: { readerConnected: true, layers: { ...LAYERS, filter: false } } },
      says: 'the rules of layer filter are not installed',
    },
    {
      fault: 'IMDSv1 on the node',
      status: { interception: { readerConnected: true, layers: LAYERS, nodeImdsv1Open: true } },
      says: 'the IMDS of the node answers IMDSv1',
    },
    {
      fault: 'A lost feed',
      status: {
        server: {
          feed: { connected: false, staleSeconds: 90, lastFault: 'reset' },
          certificate: { state: true },
        },
      },
      says: 'has credentials …D6VS for 50 more minutes',
    },
    { fault: 'A profile', env: [{ name: 'AWS_PROFILE', value: 'x' }], says: 'container app has AWS_PROFILE' },
  ])('$fault is a warning while the Pod still gets its role', ({ says, ...planted }) => {
    const page = explainPage(evidence(planted));
    expect(page.broken).toBeUndefined();
    expect(page.verdict).toContain('works, with a warning');
    expect(page.verdict).toContain(says);
  });

  it('A Pod that has its role shows each link, which rule permits it and how long its credentials last', () => {
    const page = explainPage(evidence());
    expect(page.verdict).toBe(`nothing is broken: the Pod gets ${ROLE_ARN}`);
    expect(page.next).toBeUndefined();
    expect(page.links.map(({ state }) => state)).toEqual(Array.from({ length: 10 }, () => 'ok'));
    expect(pageText(page, wide)).toMatch(
      new RegExp(`^Namespace +ok +permits ${ROLE_ARN} by iam.amazonaws.com/permitted: checkout\\|cart$`, 'm'),
    );
    expect(pageText(page, wide)).toMatch(/^agent +ok +has credentials …D6VS for 50 more minutes$/m);
  });

  it('Interception that nobody watches is no fault, and one that is not told is not known', () => {
    const unwatched = explainPage(evidence({ status: { interception: { layers: {} } } }));
    expect(unwatched.verdict).toBe(`nothing is broken: the Pod gets ${ROLE_ARN}`);
    const untold = explainPage(evidence({ status: { interception: { readerConnected: true, layers: {} } } }));
    expect(untold.verdict).toContain('not known: interception');
  });

  it('Of several rules and entries, the one that decides is shown first, and the others below it', () => {
    const list = '["cart*", "check*"]';
    const allowed = 'iam.amazonaws.com/allowed-roles';
    const server = {
      annotations: {
        pod: { [ROLE]: 'checkout' },
        serviceAccount: {},
        namespace: { 'iam.amazonaws.com/permitted': 'cart', [allowed]: list },
      },
      permittedBy: { annotation: allowed, entry: 'check*' },
    };
    const namespace = explainPage(evidence({ server })).links.find(({ name }) => name === 'Namespace');
    expect(namespace).toMatchObject({
      state: 'ok',
      says: `permits ${ROLE_ARN} by ${allowed}: check*`,
      details: ['iam.amazonaws.com/permitted: cart', `${allowed}: ${list}`],
    });
  });

  it('What STS refused is not told as a fault of the agent', () => {
    const pod = { ...AGENT_POD, state: 'StsAccessDenied', remainingMinutes: undefined };
    const server = failing('StsAccessDenied', NOT_AUTHORIZED);
    const page = explainPage(evidence({ server, agent: { pod, state: 'StsAccessDenied' } }));
    expect(page.links.find(({ name }) => name === 'agent')).toMatchObject({
      state: 'unreached',
      says: 'has nothing to give: StsAccessDenied',
    });
    expect(page.verdict).not.toContain('also broken');
  });

  it('A host-network Pod gets its role by its token, and must have the variables that lead there', () => {
    const agent = {
      answers: { credentials: '403 HostNetwork' },
      state: 'HostNetwork',
      byToken: '200, the credentials',
      pod: { ...AGENT_POD, note: 'served only by its ServiceAccount token' },
    };
    const planted = { podSpec: { hostNetwork: true, containers: [{ name: 'app' }] }, agent };
    const without = explainPage(evidence(planted));
    expect(without.verdict).toContain('broken at environment: no container has the variables');
    const value = 'http://169.254.170.23:8182/v1/credentials';
    const env = [{ name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value }];
    const page = explainPage(
      evidence({ agent, podSpec: { hostNetwork: true, containers: [{ name: 'app', env }] } }),
    );
    expect(page.verdict).toContain('nothing is broken');
    const text = pageText(page, wide);
    expect(text).toContain('for 50 more minutes, served only by its ServiceAccount token');
    expect(text.match(/served only by/g)).toHaveLength(1);
  });

  it('A Pod without a role that closes the metadata API shows both', () => {
    const annotations = { pod: { 'rolegate.dev/metadata': 'deny' }, serviceAccount: {}, namespace: {} };
    const server = denied('NoRole', 'neither Pod shop/checkout nor its ServiceAccount has a role', {
      annotations,
    });
    const annotation = explainPage(evidence({ server })).links.find(({ name }) => name === 'annotation');
    expect(annotation).toMatchObject({ state: 'broken', details: ['rolegate.dev/metadata: deny'] });
  });

  it('A Pod that no server knows is broken at its first link, with what the server waits for', () => {
    const server = {
      uid: undefined,
      decision: undefined,
      session: undefined,
      waitsFor: 'the first list of Pods',
    };
    const page = explainPage(evidence({ server, agent: { pod: undefined, waitsFor: 'the first feed' } }));
    expect(page.verdict).toContain(
      'broken at Pod: the server does not know it; it waits for the first list of Pods',
    );
  });

  it('What lies behind the broken link is not reached, and its facts are shown', () => {
    const page = explainPage(
      evidence({
        server: denied('NamespaceDenied', 'Namespace shop does not permit it'),
        agent: { pod: { ...AGENT_POD, state: 'NamespaceDenied' } },
      }),
    );
    const states = Object.fromEntries(page.links.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      annotation: 'ok',
      ServiceAccount: 'ok',
      Namespace: 'broken',
      ceiling: 'unreached',
      session: 'unreached',
      STS: 'unreached',
      agent: 'unreached',
      interception: 'ok',
    });
  });

  it('An agent that still serves what the server refuses by now is a warning besides', () => {
    const page = explainPage(evidence({ server: denied('NamespaceDenied', 'no more') }));
    expect(page.verdict).toBe('broken at Namespace: NamespaceDenied: no more');
    expect(page.links.find(({ name }) => name === 'agent')).toMatchObject({
      state: 'warning',
      says: 'still serves what was allowed before: answers 200, the credentials, from memory',
    });
  });

  it('A Pod to which the metadata API is closed must have the variables of container credentials', () => {
    const answers = { credentials: '403 MetadataDenied' };
    const page = explainPage(evidence({ agent: { answers, byToken: '200, the credentials, from memory' } }));
    expect(page.verdict).toContain('broken at environment: no container has the variables');
  });

  it('Without any answer of a server, what the agent has of the decision counts', () => {
    const pod = { ...AGENT_POD, state: 'OutsideCeiling', note: 'it is outside the role ceiling' };
    const { remedy } = reasons.OutsideCeiling;
    const page = explainPage(
      evidence({ noServer: 'no answer within 5 s', agent: { pod, state: pod.state, remedy } }),
    );
    expect(page.verdict).toBe('broken at ceiling: OutsideCeiling: it is outside the role ceiling');
    expect(page).toMatchObject({ next: remedy, decidedBy: 'agent', serverFault: 'no answer within 5 s' });
    expect(pageText(page, wide)).toMatch(
      /^server +no server explains the Pod \(no answer within 5 s\); the decision is the one that the agent remembers$/m,
    );
  });

  it('While STS has not answered for the first time, nothing is broken, and nothing is claimed', () => {
    const session = { ...SESSION, state: 'waiting', remainingSeconds: undefined, nextInSeconds: undefined };
    const pod = { ...AGENT_POD, state: 'Pending', remainingMinutes: undefined };
    const page = explainPage(evidence({ server: { session }, agent: { pod, state: 'Pending' } }));
    expect(page.broken).toBeUndefined();
    expect(page.verdict).toContain('not known: session: shop.default of');
    expect(page.verdict).toContain('the STS call is in progress');
    expect(page.next).toBe('ask again in a few seconds');
  });

  it('Without a server, a Pod that waits for credentials is allowed its role', () => {
    const pod = { ...AGENT_POD, state: 'Pending', remainingMinutes: undefined };
    const page = explainPage(evidence({ noServer: 'no answer', agent: { pod, state: 'Pending' } }));
    expect(page).toMatchObject({ decision: 'allow', decidedBy: 'agent' });
  });

  it('Agents in firewall mode refuse all Pods, and the page says so', () => {
    const page = explainPage(
      evidence({
        noServer: 'none was found in any Namespace',
        agent: { pod: undefined, waitsFor: 'nothing: --mode firewall refuses all Pods' },
        status: { mode: 'firewall', server: undefined },
      }),
    );
    expect(page.verdict).toBe(
      'broken at agent: the agent of node-a runs in firewall mode, which refuses all Pods',
    );
  });

  it('If nobody answers, the page says so and claims nothing', () => {
    const page = explainPage(
      evidence({ noServer: 'cannot create pods/exec', noAgent: 'cannot create pods/exec' }),
    );
    expect(page.broken).toBeUndefined();
    expect(page.verdict).toBe('not known: Pod: no server explains it: cannot create pods/exec');
    expect(page.links.some(({ state, name }) => state === 'ok' && name !== 'environment')).toBe(false);
  });

  it('An ended Pod and one that is not scheduled get nothing', () => {
    const ended = explainPage(evidence({ podStatus: { phase: 'Succeeded' } }));
    expect(ended.verdict).toContain('broken at Pod: it has ended (Succeeded)');
    const pending = explainPage(evidence({ podSpec: { nodeName: undefined } }));
    expect(pending.commands).toEqual(['kubectl -n shop describe pod checkout']);
    for (const { links } of [ended, pending])
      expect(links.slice(5, 9).map(({ state }) => state)).toEqual(Array(4).fill('unreached'));
  });

  it('The last five refusals are shown, with what was asked and answered', () => {
    const refusals = Array.from({ length: 7 }, (_, at) => ({
      time: `2026-11-30T07:00:0${at}Z`,
      count: at + 1,
      reason: 'HeldTimeout',
      asked: 'GET credentials',
      status: 503,
      detail: 'waited for credentials',
      hint: 'Look.',
    }));
    const text = pageText(explainPage(evidence({ refusals })), wide);
    expect(text.match(/503 HeldTimeout/g)).toHaveLength(5);
    expect(text).toContain(
      '2026-11-30T07:00:06Z GET credentials → 503 HeldTimeout (7 times) waited for credentials',
    );
    expect(text.match(/hint: Look\./g)).toHaveLength(1);
  });

  it('Foreign text cannot start a line or control the terminal', () => {
    const message = 'bad\n\u001b[31mverdict nothing is broken';
    const text = pageText(explainPage(evidence({ server: denied('BadAnnotation', message) })), wide);
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').filter((line) => line.startsWith('verdict'))).toHaveLength(1);
  });
});
