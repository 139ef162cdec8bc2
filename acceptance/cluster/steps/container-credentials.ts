import { CoreV1Api } from '@kubernetes/client-node';
import { containerCredentials } from '@rolegate/protocol';
import type { HostPort } from '@rolegate/runtime';
import { containerCredentialsFlags, credentialsByToken, startPrograms } from '@rolegate/sandbox';
import type { HttpAnswer } from '@rolegate/sandbox';
import { createCniResultsDir, eventually, freePort } from '@rolegate/testing';
import type { PodOptions, RealPod } from '../cluster-objects.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';

const AUDIENCE = containerCredentials.audience;
const NODE_IP = '127.0.0.1';
const [ROLE, PERMITTED] = ['iam.amazonaws.com/role', 'iam.amazonaws.com/permitted'];
const HOUR_S = 3_600;
/** Covers the first read of the keys on a busy machine. */
const IN_FORCE = { withinMs: 20_000, everyMs: 100 };

/** Starts two servers and an agent that serves container credentials, with tokens and keys of the real API server. */
export async function containerCredentialSteps(world: ClusterWorld): Promise<ClusterStep[]> {
  const { stack } = world;
  const cni = stack.use(await createCniResultsDir());
  const endpoint = { host: NODE_IP, port: await freePort() };
  const agentFlags = containerCredentialsFlags(endpoint);
  const { servers } = await startPrograms(
    { ...world, serverCount: 2, cniDirectory: cni.path, agentFlags },
    (program) => {
      stack.defer(program.stop);
    },
  );
  const pods = createPods(world, { cni, endpoint });
  return [
    { title: 'Namespaces and Pods are created for container credentials', run: () => pods.make() },
    {
      title: 'A Pod gets credentials with a token of the API server',
      run: () => pods.expectCredentials('caller'),
    },
    {
      title: 'A Pod on the host network gets credentials with a token of the API server',
      run: () => pods.expectCredentials('on-host'),
    },
    ...refusalSteps(world, pods),
    {
      title:
        'With all servers stopped, running Pods still get credentials, also with tokens that no server has seen',
      async run() {
        await Promise.all(servers.map(({ stop }) => stop()));
        await pods.expectCredentials('caller');
        await pods.expectCredentials('on-host');
      },
    },
  ];
}

type Pods = ReturnType<typeof createPods>;

function refusalSteps({ objects, otherNode }: ClusterWorld, pods: Pods): ClusterStep[] {
  return [
    {
      title: 'A token for another audience, for two audiences, or without a Pod is invalid',
      async run() {
        for (const audiences of [['vault'], [AUDIENCE, 'vault']])
          await pods.expect(
            { from: 'caller', token: await pods.token('caller', { audiences }) },
            401,
            'TokenInvalid',
          );
        const unbound = await pods.token('caller', { bound: false });
        await pods.expect({ from: 'caller', token: unbound }, 401, 'TokenInvalid');
      },
    },
    {
      title: "A Pod's token is refused if another Pod or the node sends it",
      async run() {
        const token = await pods.token('caller');
        for (const from of ['second', 'on-host']) await pods.expect({ from, token }, 401, 'TokenForeign');
      },
    },
    {
      title: 'A token of a Pod on the host network is refused if another Pod sends it',
      run: async () =>
        pods.expect({ from: 'second', token: await pods.token('on-host') }, 401, 'TokenForeign'),
    },
    {
      title: 'A token of a Pod of another node gets no credentials on this node',
      async run() {
        await pods.start({ name: 'elsewhere', ip: '127.9.4.9', node: otherNode });
        await pods.expect({ from: 'caller', token: await pods.token('elsewhere') }, 503, 'HeldTimeout');
      },
    },
    {
      title: 'The token of a deleted Pod gets no credentials, also before the API server rejects it',
      async run() {
        const token = await pods.token('second');
        await objects.deletePod(pods.of('second'));
        await eventually(async () => {
          const { status } = await pods.ask({ from: 'second', token });
          if (status === 200) throw new Error('it still gets credentials');
        }, IN_FORCE);
      },
    },
  ];
}

interface PodsDeps {
  readonly cni: Awaited<ReturnType<typeof createCniResultsDir>>;
  readonly endpoint: HostPort;
}

interface Call {
  /** The Pod from whose address the request comes. */
  readonly from: string;
  readonly token: string;
}

function createPods({ objects, node, kubeConfig }: ClusterWorld, { cni, endpoint }: PodsDeps) {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const pods = new Map<string, RealPod>();
  let namespace = '';

  function of(name: string): RealPod {
    const found = pods.get(name);
    if (found === undefined) throw new Error(`there is no Pod ${name}`);
    return found;
  }

  async function start(options: Pick<PodOptions, 'name' | 'ip' | 'hostNetwork'> & { node?: string }) {
    const annotations = { [ROLE]: `team/${options.name}` };
    const pod = await objects.pod({ namespace, node, annotations, ...options });
    // The runtime records no address for a Pod on the host network.
    if (options.hostNetwork === undefined) await cni.add({ ...pod, ips: [pod.ip] });
    pods.set(pod.name, pod);
    await objects.reportRunning(pod);
  }

  async function token(
    name: string,
    { audiences = [AUDIENCE], bound = true }: { audiences?: string[]; bound?: boolean } = {},
  ): Promise<string> {
    const { uid } = of(name);
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid };
    const { status } = await core.createNamespacedServiceAccountToken({
      namespace,
      name: 'default',
      body: { spec: { audiences, expirationSeconds: HOUR_S, ...(bound && { boundObjectRef }) } },
    });
    return status?.token ?? '';
  }

  async function ask({ from, token: given }: Call): Promise<HttpAnswer> {
    const answer = await credentialsByToken({ from: of(from).ip, endpoint, token: given });
    if (answer.status === 0) throw new Error(`${from} got no answer: ${answer.body}`);
    return answer;
  }

  return {
    of,
    start,
    token,
    ask,
    async make(): Promise<void> {
      namespace = await objects.namespace('rolegate-tokens', { [PERMITTED]: 'team/.*' });
      await start({ name: 'caller', ip: '127.9.4.1' });
      await start({ name: 'second', ip: '127.9.4.2' });
      await start({ name: 'on-host', ip: NODE_IP, hostNetwork: true });
    },
    /** With a new token. */
    expectCredentials: async (name: string): Promise<void> => {
      const given = await token(name);
      await eventually(async () => {
        const { status, body } = await ask({ from: name, token: given });
        // The error does not show the body of a good answer, because it contains a key.
        if (status !== 200) throw new Error(`${name} got ${status} ${body}`);
        if (!body.includes('"AccessKeyId"')) throw new Error(`${name} got no key`);
      }, IN_FORCE);
    },
    async expect(call: Call, status: number, code: string): Promise<void> {
      const answer = await ask(call);
      if (answer.status !== status || !answer.body.includes(`"${code}"`))
        throw new Error(`${call.from} got ${answer.status}${answer.status === 200 ? '' : ` ${answer.body}`}`);
    },
  };
}
