import { callerIdentity, createImdsClient, startPrograms, startRelay } from '@rolegate/sandbox';
import { createCniResultsDir, eventually } from '@rolegate/testing';
import { boto3Identity } from '../boto3-identity.ts';
import type { PodOptions, RealPod } from '../cluster-objects.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';

/** Changes take one second; covers a busy machine. Milliseconds. */
const IN_FORCE_WITHIN_MS = 10_000;
const ROLE = 'iam.amazonaws.com/role';
const PERMITTED = 'iam.amazonaws.com/permitted';

/** Starts two servers and an agent with certificates from files. */
export async function certificateFileSteps(world: ClusterWorld): Promise<ClusterStep[]> {
  const { stack, objects } = world;
  const cni = stack.use(await createCniResultsDir());
  const { servers, metadata: agent } = await startPrograms(
    { ...world, serverCount: 2, cniDirectory: cni.path },
    (program) => {
      stack.defer(program.stop);
    },
  );
  const pods = createPods(world, { cni, agent });
  return [
    { title: 'Namespaces and Pods are created for certificates from files', run: () => pods.make() },
    ...sdkSteps(pods),
    ...answerSteps(pods),
    {
      title: 'A Pod whose Namespace permits nothing is refused, and an Event says why',
      async run() {
        await pods.expectStatus('refused', 403);
        await inForce(async () => {
          const events = await objects.events(pods.deniedNamespace());
          if (!events.some(({ type, reason }) => type === 'Warning' && reason === 'NamespaceDenied'))
            throw new Error('no Event was posted');
        });
      },
    },
    ...changeSteps(world, pods),
    {
      title: 'With all servers stopped, running Pods still get credentials through both SDKs',
      async run() {
        await Promise.all(servers.map(({ stop }) => stop()));
        await pods.expectIdentity('permitted', 'app', 'boto3');
        await pods.expectIdentity('reused', 'reused', 'JavaScript');
      },
    },
  ];
}

type Pods = ReturnType<typeof createPods>;

function sdkSteps(pods: Pods): ClusterStep[] {
  return [
    {
      title: 'boto3 gets its role on the first try, before the API server knows the address',
      run: () => pods.expectIdentity('permitted', 'app', 'boto3'),
    },
    {
      title: 'The AWS SDK for JavaScript gets its role on the first try',
      run: () => pods.expectIdentity('second', 'second', 'JavaScript'),
    },
    {
      title: 'Both SDKs get their roles again after the kubelet has reported the Pods',
      async run() {
        await pods.reportAll();
        await pods.expectIdentity('permitted', 'app', 'JavaScript');
        await pods.expectIdentity('second', 'second', 'boto3');
      },
    },
  ];
}

function answerSteps(pods: Pods): ClusterStep[] {
  return [
    {
      title: 'A Pod gets the role that its ServiceAccount names',
      run: () => pods.expectStatus('by-account', 200),
    },
    { title: 'A Pod without a role gets none', run: () => pods.expectStatus('plain', 404) },
    { title: 'A malformed role is refused', run: () => pods.expectStatus('malformed', 403) },
    {
      title: 'A Pod of another node is unknown to the agent of this node',
      run: () => pods.expectStatus('foreign', 503),
    },
  ];
}

function changeSteps({ objects }: ClusterWorld, pods: Pods): ClusterStep[] {
  return [
    {
      title: 'A changed annotation takes effect without a restart',
      async run() {
        await objects.annotatePod(pods.of('second'), { [ROLE]: 'team/third' });
        await inForce(() => pods.expectIdentity('second', 'third', 'JavaScript'));
      },
    },
    {
      title: 'Revoking a permit and granting it again take effect without a restart',
      async run() {
        await objects.annotateNamespace(pods.permittedNamespace(), { [PERMITTED]: 'none' });
        await pods.expectStatus('permitted', 403);
        await objects.annotateNamespace(pods.permittedNamespace(), { [PERMITTED]: 'team/.*' });
        await pods.expectStatus('permitted', 200);
      },
    },
    {
      title: "A reused address never yields the former Pod's credentials",
      async run() {
        const previous = pods.of('second');
        await pods.end('second');
        await pods.start({
          namespace: pods.permittedNamespace(),
          name: 'reused',
          ip: previous.ip,
          annotations: { [ROLE]: 'team/reused' },
        });
        const roles = new Set<string>();
        for (let asked = 0; asked < 50; asked++) roles.add((await pods.ask('reused').credentials()).role);
        if (roles.has('team/second') || roles.has('team/third'))
          throw new Error(`the new Pod got ${[...roles].join(', ')}`);
        await inForce(() => pods.expectIdentity('reused', 'reused', 'boto3'));
      },
    },
  ];
}

interface PodsDeps {
  readonly cni: Awaited<ReturnType<typeof createCniResultsDir>>;
  readonly agent: { readonly host: string; readonly port: number };
}

/** The Pods by name. */
function createPods(
  { objects, node, otherNode, stsEndpoint, python }: ClusterWorld,
  { cni, agent }: PodsDeps,
) {
  const cniResults = new Map<string, string>();
  const pods = new Map<string, RealPod>();
  let [permitted, denied] = ['', ''];

  function of(name: string): RealPod {
    const found = pods.get(name);
    if (found === undefined) throw new Error(`there is no Pod ${name}`);
    return found;
  }

  /** As kubelet and runtime do: first the CNI result, and later the status. */
  async function start(options: Omit<PodOptions, 'node'> & { node?: string }): Promise<void> {
    const pod = await objects.pod({ node, ...options });
    const { uid, namespace, name, ip } = pod;
    cniResults.set(uid, await cni.add({ uid, namespace, name, ips: [ip] }));
    pods.set(name, pod);
  }

  const ask = (name: string) => createImdsClient({ ip: of(name).ip, agent });

  return {
    of,
    permittedNamespace: () => permitted,
    deniedNamespace: () => denied,
    start,
    ask,
    async make(): Promise<void> {
      permitted = await objects.namespace('rolegate-permitted', { [PERMITTED]: 'team/.*' });
      denied = await objects.namespace('rolegate-denied');
      const app = { [ROLE]: 'team/app' };
      const namespace = permitted;
      await start({ namespace, name: 'permitted', ip: '127.9.1.1', annotations: app });
      await start({ namespace, name: 'second', ip: '127.9.1.2', annotations: { [ROLE]: 'team/second' } });
      await start({ namespace, name: 'plain', ip: '127.9.1.3' });
      await start({ namespace: denied, name: 'refused', ip: '127.9.1.4', annotations: app });
      await objects.serviceAccount(namespace, 'worker', { [ROLE]: 'team/worker' });
      await start({ namespace, name: 'by-account', ip: '127.9.1.5', serviceAccount: 'worker' });
      await start({ namespace, name: 'malformed', ip: '127.9.1.6', annotations: { [ROLE]: 'arn:x' } });
      await start({ namespace, name: 'foreign', ip: '127.9.1.7', node: otherNode, annotations: app });
    },
    async reportAll(): Promise<void> {
      await Promise.all([...pods.values()].map(objects.reportRunning));
    },
    async end(name: string): Promise<void> {
      const path = cniResults.get(of(name).uid);
      if (path !== undefined) await cni.remove(path);
      await objects.deletePod(of(name));
    },
    expectStatus: (name: string, status: number): Promise<void> =>
      inForce(async () => {
        const answer = await ask(name).credentials();
        if (answer.status !== status)
          throw new Error(`${name} got ${answer.status}, not ${status}: ${answer.body}`);
      }),
    async expectIdentity(name: string, role: string, by: 'JavaScript' | 'boto3'): Promise<void> {
      const relay = await startRelay({ from: of(name).ip, to: agent });
      try {
        const where = { metadataPort: relay.port, stsEndpoint };
        const { Arn } = await (by === 'boto3' ? boto3Identity(python, where) : callerIdentity(where));
        const session = `assumed-role/${role}/${permitted}.default`;
        if (!Arn.endsWith(session)) throw new Error(`${name} is ${Arn} by ${by}, not ${session}`);
      } finally {
        await relay.close();
      }
    },
  };
}

/** Retries the check until the change is in force. */
function inForce(check: () => Promise<void>): Promise<void> {
  return eventually(check, { withinMs: IN_FORCE_WITHIN_MS, everyMs: 50 });
}
