import { callerIdentity, createImdsClient, startRelay } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import { boto3Identity } from '../clients.ts';
import type { ClusterObjects, PodWish, RealPod } from '../cluster-objects.ts';
import type { ScenarioStep } from '../steps.ts';

/** A change is in force within a second of its watch event; a busy machine gets more. */
const IN_FORCE_WITHIN_MS = 10_000;
const ROLE = 'iam.amazonaws.com/role';

export interface ScenarioDeps {
  readonly objects: ClusterObjects;
  readonly cni: {
    add(result: { uid: string; namespace: string; name: string; ips: string[] }): Promise<string>;
    remove(path: string): Promise<void>;
  };
  readonly agent: { readonly host: string; readonly port: number };
  readonly node: string;
  readonly otherNode: string;
  readonly stsEndpoint: string;
  readonly python: string;
  readonly stopServers: () => Promise<void>;
}

/** What is shown against a real API server, in this order; each step throws an Error that says what was otherwise. */
export function scenario(deps: ScenarioDeps): ScenarioStep[] {
  const { objects, cni, agent, stsEndpoint, python } = deps;
  const cniResults = new Map<string, string>();
  const made = { namespace: '', closed: '', pods: {} as Record<string, RealPod> };

  /** As a kubelet and its runtime do it: CNI first, then containers, and some time later the status. */
  async function start(wish: Omit<PodWish, 'node'> & { node?: string }): Promise<RealPod> {
    const pod = await objects.pod({ node: deps.node, ...wish });
    cniResults.set(
      pod.uid,
      await cni.add({ uid: pod.uid, namespace: pod.namespace, name: pod.name, ips: [pod.ip] }),
    );
    made.pods[wish.name] = pod;
    return pod;
  }

  async function end(pod: RealPod): Promise<void> {
    const path = cniResults.get(pod.uid);
    if (path !== undefined) await cni.remove(path);
    await objects.deletePod(pod);
  }

  function pod(name: string): RealPod {
    const found = made.pods[name];
    if (found === undefined) throw new Error(`the Pod ${name} was not made`);
    return found;
  }

  const ask = ({ ip }: RealPod) => createImdsClient({ ip, agent });

  async function expectStatus(of: RealPod, status: number): Promise<void> {
    await inForce(async () => {
      const answer = await ask(of).credentials();
      if (answer.status !== status)
        throw new Error(`${of.name} got ${answer.status}, not ${status}: ${answer.body}`);
    });
  }

  async function expectIdentity(of: RealPod, role: string, by: 'JavaScript' | 'boto3'): Promise<void> {
    const relay = await startRelay({ from: of.ip, to: agent });
    try {
      const where = { metadataPort: relay.port, stsEndpoint };
      const { Arn } = await (by === 'boto3' ? boto3Identity(python, where) : callerIdentity(where));
      const session = `assumed-role/${role}/${made.namespace}.default`;
      if (!Arn.endsWith(session)) throw new Error(`${of.name} is ${Arn} by ${by}, not ${session}`);
    } finally {
      await relay.close();
    }
  }

  return [
    {
      name: 'namespaces and Pods are made',
      async run() {
        made.namespace = await objects.namespace('rolegate-open', {
          'iam.amazonaws.com/permitted': 'team/.*',
        });
        made.closed = await objects.namespace('rolegate-closed');
        const { namespace } = made;
        await start({ namespace, name: 'permitted', ip: '127.9.1.1', annotations: { [ROLE]: 'team/app' } });
        await start({ namespace, name: 'second', ip: '127.9.1.2', annotations: { [ROLE]: 'team/second' } });
        await start({ namespace, name: 'plain', ip: '127.9.1.3' });
        await start({
          namespace: made.closed,
          name: 'refused',
          ip: '127.9.1.4',
          annotations: { [ROLE]: 'team/app' },
        });
        await objects.serviceAccount(namespace, 'worker', { [ROLE]: 'team/worker' });
        await start({ namespace, name: 'by-account', ip: '127.9.1.5', serviceAccount: 'worker' });
        await start({ namespace, name: 'malformed', ip: '127.9.1.6', annotations: { [ROLE]: 'arn:x' } });
        await start({
          namespace,
          name: 'foreign',
          ip: '127.9.1.7',
          node: deps.otherNode,
          annotations: { [ROLE]: 'team/app' },
        });
      },
    },
    {
      name: 'boto3 has its role on the first try, before the API knows the address',
      run: () => expectIdentity(pod('permitted'), 'app', 'boto3'),
    },
    {
      name: 'the AWS SDK for JavaScript has its role on the first try',
      run: () => expectIdentity(pod('second'), 'second', 'JavaScript'),
    },
    {
      name: 'both again, now that the kubelet has reported the Pods',
      async run() {
        await Promise.all(Object.values(made.pods).map(objects.reportRunning));
        await expectIdentity(pod('permitted'), 'app', 'JavaScript');
        await expectIdentity(pod('second'), 'second', 'boto3');
      },
    },
    { name: 'a role named by the ServiceAccount', run: () => expectStatus(pod('by-account'), 200) },
    { name: 'a Pod without a role has none', run: () => expectStatus(pod('plain'), 404) },
    { name: 'a malformed role is refused', run: () => expectStatus(pod('malformed'), 403) },
    { name: 'a Pod of another node is unknown here', run: () => expectStatus(pod('foreign'), 503) },
    {
      name: 'a Namespace that permits nothing refuses, and an Event says why',
      async run() {
        await expectStatus(pod('refused'), 403);
        await inForce(async () => {
          const events = await objects.events(made.closed);
          if (!events.some(({ type, reason }) => type === 'Warning' && reason === 'NamespaceDenied'))
            throw new Error('no Event came');
        });
      },
    },
    {
      name: 'an annotation that is changed takes effect live',
      async run() {
        await objects.annotatePod(pod('second'), { [ROLE]: 'team/third' });
        await inForce(() => expectIdentity(pod('second'), 'third', 'JavaScript'));
      },
    },
    {
      name: 'a permit that is withdrawn takes effect live, and comes back',
      async run() {
        await objects.annotateNamespace(made.namespace, { 'iam.amazonaws.com/permitted': 'none' });
        await expectStatus(pod('permitted'), 403);
        await objects.annotateNamespace(made.namespace, { 'iam.amazonaws.com/permitted': 'team/.*' });
        await expectStatus(pod('permitted'), 200);
      },
    },
    {
      name: "an address that is handed over never yields the former Pod's credentials",
      async run() {
        const former = pod('second');
        await end(former);
        const heir = await start({
          namespace: made.namespace,
          name: 'heir',
          ip: former.ip,
          annotations: { [ROLE]: 'team/heir' },
        });
        const roles = new Set<string>();
        for (let asked = 0; asked < 50; asked++) roles.add((await ask(heir).credentials()).role);
        if (roles.has('team/second') || roles.has('team/third'))
          throw new Error(`the heir was given ${[...roles].join(', ')}`);
        await inForce(() => expectIdentity(heir, 'heir', 'boto3'));
      },
    },
    {
      name: 'with all servers stopped running Pods go on, through both SDKs',
      async run() {
        await deps.stopServers();
        await expectIdentity(pod('permitted'), 'app', 'boto3');
        await expectIdentity(pod('heir'), 'heir', 'JavaScript');
      },
    },
  ];
}

/** Until it holds: what was changed a moment ago is on its way. */
function inForce(check: () => Promise<void>): Promise<void> {
  return eventually(check, { withinMs: IN_FORCE_WITHIN_MS, everyMs: 50 });
}
