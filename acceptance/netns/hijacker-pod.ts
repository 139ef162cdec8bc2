import { sendFrom } from './send-from-pod.ts';
import { httpRequest } from './pod-tasks.ts';
import type { PodRequest } from './pod-tasks.ts';
import type { AttachedPod } from './pods.ts';
import { HIJACKED } from './portmap.ts';
import { podNamed } from './checks.ts';
import type { NetnsWorld } from './world.ts';
import { NODE } from '../network/addresses.ts';
import { startScript } from '../processes/start-script.ts';

export type GuardRequest = PodRequest & { readonly loopback: boolean };

export function requestTo(name: string, host: string, port: number): GuardRequest {
  return {
    name: `${name}, ${host}:${port}`,
    host,
    port,
    bytes: httpRequest({ target: '/metrics', host: 'node', connection: 'keep-alive' }),
    loopback: host === '127.0.0.1',
  };
}

/** Requests to the port on all addresses of the node. Pods skip loopback, which is their own. */
export function requestEach(name: string, port: number): readonly GuardRequest[] {
  return [NODE.ipv4, NODE.ipv6, '127.0.0.1'].map((host) => requestTo(name, host, port));
}

/** Runs a Pod that answers everything on port 80. Afterwards the rules of other tools are installed again. */
export async function withHijacker(
  world: NetnsWorld,
  run: (world: NetnsWorld, pod: AttachedPod) => Promise<string>,
): Promise<string> {
  world.state.markOtherRulesChanged();
  const pod = await world.network.attach({
    name: 'hijacker',
    shape: 'bridge',
    namespace: 'open',
    annotations: {},
    listed: 'refused',
  });
  // As the plugin sets it, so that the node's loopback traffic can be redirected to a Pod.
  await world.namespaces.sysctl('node', { 'ipv4/conf/cni0/route_localnet': 1 });
  const { stop } = await startScript(pod.enter, new URL('./hijacker.ts', import.meta.url));
  try {
    return await run(world, pod);
  } finally {
    await stop();
    await world.namespaces.sysctl('node', { 'ipv4/conf/cni0/route_localnet': 0 });
    await pod.detach();
  }
}

/** Sends the requests from the node and from a Pod. Returns those that the hijacker answers. */
export async function sendFromNodeAndPod(
  world: NetnsWorld,
  requests: readonly GuardRequest[],
): Promise<{ readonly hijacked: readonly string[]; readonly asked: number }> {
  const fromPod = requests.filter(({ loopback }) => !loopback);
  const task = { kind: 'tcp', atOnce: requests.length, silenceMs: 1_500 } as const;
  const answers = await Promise.all([
    sendFrom(world.node, { ...task, requests }),
    sendFrom(podNamed(world, 'permitted').enter, { ...task, requests: fromPod }),
  ]);
  const [byNode, byPod] = answers.map((all) => all.filter(({ text }) => text.includes(HIJACKED)));
  return {
    hijacked: [
      ...(byNode ?? []).map(({ name }) => `the node, ${name}`),
      ...(byPod ?? []).map(({ name }) => `a Pod, ${name}`),
    ],
    asked: requests.length + fromPod.length,
  };
}
