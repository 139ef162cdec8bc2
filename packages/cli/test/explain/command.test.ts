import { describe, expect, it } from 'vitest';
import { refusal } from '../log-lines.ts';
import { explained, rolegatePod, standIn } from './cluster-setup.ts';
import { ROLE_ARN } from './evidence-setup.ts';

const POD = '/api/v1/namespaces/shop/pods/checkout';
const NO_EXEC = 'missing right: get and create pods/exec in Namespace rolegate';

describe('kubectl rolegate explain', () => {
  it('A Pod that has its role is explained on one page by its server and the agent of its node', async () => {
    const cluster = standIn();
    const { code, text, notes, verdict } = await explained(cluster);
    expect(verdict).toBe(`nothing is broken: the Pod gets ${ROLE_ARN}`);
    expect([code, notes]).toEqual([0, []]);
    expect(text).toMatch(/^agent +ok +has credentials …D6VS for 50 more minutes$/m);
    expect(text).toMatch(/^last refusals +none known of the last hour$/m);
    expect(cluster.asked).toContain(
      '/api/v1/namespaces/rolegate/pods/agent-a/log?container=agent&timestamps=true&sinceSeconds=3600&tailLines=2000&limitBytes=4194304',
    );
  });

  it('The agent and its log are asked without waiting for the servers', async () => {
    const cluster = standIn();
    cluster.after['server-0'] = 'agent-a status --json';
    expect((await explained(cluster)).code).toBe(0);
  });

  it.each([
    { word: 'checkout', namespace: undefined },
    { word: 'checkout', namespace: 'shop' },
    { word: 'shop/checkout', namespace: undefined },
  ])('$word with -n $namespace is the Pod shop/checkout', async (asked) => {
    expect((await explained(standIn(), asked)).text).toMatch(/^Pod +shop\/checkout \(uid-1\)$/m);
  });

  it.each([
    { word: 'a/b/c', namespace: undefined, says: 'is no Pod' },
    { word: 'Checkout', namespace: undefined, says: 'is no Pod' },
    { word: 'shop/checkout', namespace: 'till', says: 'is not in Namespace till' },
  ])('$word with -n $namespace is a usage error', async ({ says, ...asked }) => {
    const { code, notes } = await explained(standIn(), asked);
    expect([code, notes]).toEqual([2, [expect.stringContaining(says)]]);
  });

  it('The JSON is the page, and its texts cannot control a terminal', async () => {
    const decision = { kind: 'deny', reason: 'BadAnnotation', message: 'bad\u009b31m\u001b[31m' };
    const { code, text } = await explained(standIn({ server: { decision } }), { output: 'json' });
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      pod: 'shop/checkout',
      broken: 'annotation',
      decidedBy: 'server',
    });
    for (const control of ['\u001b', '\u009b']) expect(text).not.toContain(control);
  });

  it('The last refusals of the Pod are read from the log of its agent', async () => {
    const cluster = standIn();
    const own = { pod: 'checkout', uid: 'uid-1', time: '2026-11-30T07:00:00Z' };
    cluster.logs['agent-a'] = [refusal(own), refusal({ ...own, pod: 'cart' }), refusal(own)];
    const { text } = await explained(cluster);
    expect(text).toMatch(
      /^last refusals +2026-11-30T07:00:00Z GET credentials → 403 NamespaceDenied \(2 times\) the Namespace permits only team-\.\*$/m,
    );
    expect(text).toMatch(/^ +hint: Annotate the Namespace/m);
  });

  it('An agent that logs text for people is said to be unreadable', async () => {
    const cluster = standIn();
    cluster.logs['agent-a'] = ['2026-11-30T07:00:00Z INFO  request refused pod=checkout'];
    const { text } = await explained(cluster);
    expect(text).toMatch(/^last refusals +not read: the agent logs text for people, not JSON/m);
  });

  it('The variables that a Pod imports are named, and no value is printed', async () => {
    const cluster = standIn({ envFrom: [{ secretRef: { name: 'old-keys' } }] });
    cluster.objects['/api/v1/namespaces/shop/secrets/old-keys'] = {
      data: { AWS_ACCESS_KEY_ID: 'c2VjcmV0', AWS_SECRET_ACCESS_KEY: 'c2VjcmV0' },
    };
    const { code, text, verdict } = await explained(cluster);
    expect(code).toBe(1);
    expect(verdict).toContain('AWS_ACCESS_KEY_ID from Secret old-keys');
    expect(text).not.toContain('c2VjcmV0');
  });

  it('A Secret that does not exist imports nothing', async () => {
    const envFrom = [{ secretRef: { name: 'gone', optional: true } }];
    expect((await explained(standIn({ envFrom }))).verdict).toContain('nothing is broken');
  });

  it('Of two Pods of one name, the one that exists is explained', async () => {
    const cluster = standIn();
    const print = cluster.programs['server-0 --pod=shop/checkout --json'];
    const former = { ...print, uid: 'uid-0', decision: { kind: 'deny', reason: 'NoRole' } };
    cluster.programs['server-0 --pod=shop/checkout --json'] = [former, print];
    expect((await explained(cluster)).verdict).toContain('nothing is broken');
  });

  it('A Secret that may not be read is named as a warning', async () => {
    const cluster = standIn({ envFrom: [{ secretRef: { name: 'old-keys' } }] });
    cluster.objects['/api/v1/namespaces/shop/secrets/old-keys'] = 403;
    const { code, verdict } = await explained(cluster);
    expect(verdict).toContain('works, with a warning: environment: container app imports Secret old-keys');
    expect(verdict).toContain('(missing right: get secrets in Namespace shop)');
    expect(code).toBe(0);
  });
});

describe('kubectl rolegate explain, of a Pod that is not there', () => {
  it('A Pod that nobody knows is said not to exist, and near names are suggested', async () => {
    const cluster = standIn();
    cluster.objects['/api/v1/namespaces/shop/pods'] = {
      items: ['checkuot', 'checkout-0', 'till'].map((name) => ({ metadata: { name } })),
    };
    cluster.objects['/api/v1/pods?metadata.name=checkout'] = {
      items: [
        { metadata: { namespace: 'dev', name: 'checkout' } },
        { metadata: { namespace: 'dev', name: 'other' } },
      ],
    };
    cluster.objects[POD] = 404;
    cluster.programs['server-0 --pod=shop/checkout --json'] = { pod: 'shop/checkout', found: false };
    const { code, text, verdict } = await explained(cluster);
    expect(code).toBe(1);
    expect(verdict).toBe('broken at Pod: there is no such Pod in Namespace shop');
    for (const name of ['dev/checkout', 'shop/checkout-0', 'shop/checkuot'])
      expect(text).toMatch(new RegExp(`^ +kubectl rolegate explain ${name}$`, 'm'));
    expect(text).not.toMatch(/^(STS|agent|server|role|last refusals)/m);
  });

  it('Without the right to list Pods, nothing is suggested, and the Pod still does not exist', async () => {
    const cluster = standIn();
    Object.assign(cluster.objects, {
      [POD]: 404,
      '/api/v1/namespaces/shop/pods': 403,
      '/api/v1/namespaces/shop': 403,
    });
    cluster.programs['server-0 --pod=shop/checkout --json'] = { pod: 'shop/checkout', found: false };
    const { code, text } = await explained(cluster);
    expect(code).toBe(1);
    expect(text).toMatch(/^ +kubectl -n shop get pods$/m);
  });

  it('A Namespace that does not exist is said so', async () => {
    const cluster = standIn();
    for (const path of [POD, '/api/v1/namespaces/shop']) cluster.objects[path] = 404;
    cluster.programs['server-0 --pod=shop/checkout --json'] = { pod: 'shop/checkout', found: false };
    expect((await explained(cluster)).verdict).toBe('broken at Pod: Namespace shop does not exist');
  });

  it('A Pod that only the servers still know is explained as they remember it', async () => {
    const cluster = standIn();
    cluster.objects[POD] = 404;
    const { code, text, verdict } = await explained(cluster);
    expect(code).toBe(1);
    expect(verdict).toContain('the API server has no such Pod any more');
    expect(text).toMatch(/^Namespace +ok +permits /m);
  });
});

describe('kubectl rolegate explain, with less than it needs', () => {
  it('Without pods/exec the verb and resource are named once, and the rest is shown', async () => {
    const cluster = standIn();
    for (const key of Object.keys(cluster.programs)) cluster.programs[key] = { kind: 'forbidden' };
    const { code, text, notes, verdict } = await explained(cluster);
    expect([code, notes]).toEqual([3, [NO_EXEC]]);
    expect(verdict).toBe(`not known: Pod: no server explains it: ${NO_EXEC}`);
    expect(text).toMatch(/^environment +ok/m);
  });

  it('Without pods/log the page says that refusals were not read', async () => {
    const cluster = standIn();
    cluster.logs['agent-a'] = 403;
    const { code, text, notes, verdict } = await explained(cluster);
    const right = 'missing right: get pods/log in Namespace rolegate';
    expect([code, notes]).toEqual([3, [right]]);
    expect(text).toMatch(new RegExp(`^last refusals +not read: ${right}$`, 'm'));
    expect(verdict).toContain('nothing is broken');
  });

  it('Without the right to get Pods, the servers say where it is, and its environment is not known', async () => {
    const cluster = standIn();
    cluster.objects[POD] = 403;
    const { code, text, notes, verdict } = await explained(cluster);
    expect([code, notes]).toEqual([3, ['missing right: get pods in Namespace shop']]);
    expect(verdict).toBe(
      'not known: environment: the Pod cannot be read: missing right: get pods in Namespace shop',
    );
    expect(text).toMatch(
      /^next +ask an administrator for the roles in deploy\/kubectl-rolegate\/explain\.yaml$/m,
    );
    expect(text).toMatch(/^agent +ok +has credentials/m);
  });

  it('Without any server, the memory of the agent is shown and marked as such', async () => {
    const cluster = standIn();
    delete cluster.programs['server-0 --pod=shop/checkout --json'];
    const { code, text } = await explained(cluster);
    expect(code).toBe(3);
    expect(text).toMatch(
      /^server +no server explains the Pod \(no answer within 5 s\); the decision is the one that/m,
    );
    expect(text).toMatch(/^agent +ok +has credentials/m);
  });

  it('A cluster without Rolegate is said so', async () => {
    const cluster = standIn();
    cluster.objects['/api/v1/pods'] = { items: [] };
    const { code, text, verdict } = await explained(cluster);
    expect(code).toBe(1);
    expect(verdict).toBe('broken at agent: no agent runs on node-a: no Pod of Rolegate is in any Namespace');
    expect(text).toMatch(/^next +install Rolegate/m);
  });

  it('Without any right, nothing is claimed about the Pod', async () => {
    const cluster = standIn();
    for (const path of [POD, '/api/v1/pods', '/api/v1/namespaces/rolegate/pods']) cluster.objects[path] = 403;
    const { code, text, notes } = await explained(cluster);
    expect(code).toBe(3);
    expect(notes.filter((note) => note.includes('get pods in Namespace shop'))).toHaveLength(1);
    expect(text).toMatch(/^annotation +\? +only the server knows them$/m);
    expect(text).not.toMatch(/names no role|^\w+ +(ok|BROKEN)/m);
  });

  it('A Pod without a node has been refused nothing', async () => {
    const { text, verdict } = await explained(standIn({ podSpec: { nodeName: undefined } }));
    expect(verdict).toBe('broken at Pod: it is not scheduled to a node yet');
    expect(text).toMatch(/^last refusals +none known of the last hour$/m);
  });

  it('An agent of version 0.1 that has no status command is said not to answer', async () => {
    const cluster = standIn();
    const old = { kind: 'exited', code: 2, stdout: '', stderr: 'unknown command status\n' } as const;
    Object.assign(cluster.programs, {
      'agent-a --pod=shop/checkout --json': old,
      'agent-a status --json': old,
    });
    const { code, verdict } = await explained(cluster);
    expect(code).toBe(3);
    expect(verdict).toBe('not known: agent: the agent of node-a does not answer: unknown command status');
  });

  it('An agent of version 0.1 that a server has connected is to be upgraded', async () => {
    const cluster = standIn({ server: { agent: { version: '0.1.0', connectedForSeconds: 60 } } });
    delete cluster.programs['agent-a --pod=shop/checkout --json'];
    delete cluster.programs['agent-a status --json'];
    const { text, verdict } = await explained(cluster);
    expect(verdict).toContain('the agent of node-a is of version 0.1.0 and does not say');
    expect(text).toMatch(/^next +upgrade the agents to the version of the servers$/m);
  });

  it('An agent whose Pod has not started is broken, and an evicted one is none', async () => {
    const cluster = standIn();
    const server = rolegatePod('server', 'server-0');
    const agents = (phase: string) => ({ items: [rolegatePod('agent', 'agent-a', { phase }), server] });
    cluster.objects['/api/v1/pods'] = agents('Pending');
    const { code, text, verdict } = await explained(cluster);
    expect(verdict).toBe('broken at agent: the agent of node-a does not run: its Pod agent-a is Pending');
    expect(text).toMatch(/^ +kubectl -n rolegate describe pod agent-a$/m);
    expect(code).toBe(1);
    cluster.objects['/api/v1/pods'] = agents('Failed');
    const evicted = await explained(cluster);
    expect(evicted.verdict).toBe('broken at agent: no agent runs on node-a');
    expect(evicted.text).toMatch(/^interception +\? +not known: no agent runs on the node$/m);
  });

  it('Where Rolegate may be in another Namespace, a missing agent is not known', async () => {
    const cluster = standIn();
    cluster.objects['/api/v1/namespaces/other/pods'] = { items: [] };
    const { code, verdict } = await explained(cluster, { 'rolegate-namespace': 'other' });
    expect(code).toBe(3);
    expect(verdict).toContain('none was found in Namespace other (--rolegate-namespace names another)');
  });

  it('Of two servers, one of which does not answer, the silent one may have the session', async () => {
    const cluster = standIn({ server: { session: undefined, agent: undefined } });
    const pods = [
      rolegatePod('agent', 'agent-a'),
      rolegatePod('server', 'server-0'),
      rolegatePod('server', 'server-1'),
    ];
    cluster.objects['/api/v1/pods'] = { items: pods };
    const { code, text } = await explained(cluster);
    expect(text).toMatch(/^session +\? +shop\.default is not issued: no server that answered is connected/m);
    expect(text).toMatch(/^ +server server-1 did not answer: no answer within 5 s$/m);
    expect(code).toBe(3);
  });

  it('An interrupted command prints no page and ends with an error', async () => {
    const cluster = standIn();
    const signal = AbortSignal.abort();
    await expect(explained(cluster, { signal })).rejects.toThrow('aborted');
    cluster.objects[POD] = 'unreachable';
    await expect(explained(cluster, { signal })).rejects.toThrow();
  });

  it('An API server that does not answer is an error, not a page', async () => {
    const cluster = standIn();
    cluster.objects[POD] = 'unreachable';
    await expect(explained(cluster)).rejects.toThrow('it said no');
  });

  it('Of two agents of a node that is upgraded, the one that knows the Pod explains it', async () => {
    const cluster = standIn();
    cluster.objects['/api/v1/pods'] = {
      items: [
        rolegatePod('agent', 'agent-a', { conditions: [] }),
        {
          ...rolegatePod('agent', 'agent-a'),
          metadata: { ...metadataOf(rolegatePod('agent', 'agent-new')) },
        },
        rolegatePod('server', 'server-0'),
      ],
    };
    cluster.programs['agent-new --pod=shop/checkout --json'] = {
      subject: 'Pod shop/checkout',
      addresses: [],
    };
    const { code, text } = await explained(cluster);
    expect(code).toBe(0);
    expect(text).toMatch(/^agent +ok +has credentials/m);
  });
});

function metadataOf(pod: object): object {
  return (pod as { metadata: object }).metadata;
}
