import { setTimeout as sleep } from 'node:timers/promises';
import { METADATA } from '../../network/addresses.ts';
import type { Namespaces } from '../../network/namespaces.ts';
import { attachPod, detachPod, podAddresses } from '../../network/pod-links.ts';
import type { PodLink } from '../../network/pod-links.ts';
import { startScript } from '../../processes/start-script.ts';
import type { Cluster } from '../../stand-ins/cluster.ts';
import type { Requests, Watched } from './requests.ts';
import { metadataSituations } from './situations.ts';
import type { MetadataSituation } from './situations.ts';

/** The account of the Pods' roles, so that GetCallerIdentity shows whose credentials a client has. */
export const POD_ACCOUNT = '111111111111';

/** A Pod that one client runs in. */
export interface MetadataPod extends AsyncDisposable {
  /** The command that enters its network namespace. */
  readonly enter: readonly string[];
  /** Its requests and the answers until now. */
  readonly packets: Watched['packets'];
  /** When the Pod became known to the agent. Milliseconds since the epoch; undefined: not yet. */
  readonly knownMs: () => number | undefined;
}

export interface MetadataPods {
  readonly open: (situation: MetadataSituation) => Promise<MetadataPod>;
}

export interface MetadataPodsOptions {
  readonly namespaces: Namespaces;
  readonly cluster: Cluster;
  readonly requests: Requests;
}

/** Indexes below are those of Pods with container credentials. An address is used again as late as possible. */
const INDEXES = { first: 61, last: 250 };
/** A Pod that stays, so that the session of the others stays too, as that of the other replicas of a workload. */
const STAYING = { name: 'staying', index: 60, shape: 'eni' } as const;

export async function createMetadataPods(options: MetadataPodsOptions): Promise<MetadataPods> {
  const { cluster } = options;
  const { namespace, role } = metadataSituations.known;
  const staying = { name: STAYING.name, namespace, annotations: annotationsOf(role) };
  const pod = cluster.pod(staying, podAddresses(STAYING));
  await cluster.schedule(pod);
  await cluster.giveAddress(pod);
  await cluster.report(pod);
  let opened = 0;
  return {
    open(situation) {
      const index = INDEXES.first + (opened++ % (INDEXES.last - INDEXES.first + 1));
      return openPod(options, situation, { name: `client-${opened}`, index, shape: 'eni' });
    },
  };
}

async function openPod(
  { namespaces, cluster, requests }: MetadataPodsOptions,
  situation: MetadataSituation,
  link: PodLink,
): Promise<MetadataPod> {
  await using stack = new AsyncDisposableStack();
  const { namespace, role, lateMs } = situation;
  const { name } = link;
  const addresses = podAddresses(link);
  const pod = cluster.pod({ name, namespace, annotations: annotationsOf(role) }, addresses);
  let knownMs: number | undefined;
  const giveAddress = async () => {
    await cluster.giveAddress(pod);
    knownMs = Date.now();
  };

  await cluster.schedule(pod);
  stack.defer(() => cluster.delete(pod));
  stack.defer(() => cluster.takeAddress(pod));
  await openLink(namespaces, link, situation, stack);
  const wait = new AbortController();
  const watched = requests.watch(Object.values(addresses), (first) => {
    if (lateMs === undefined) return;
    const leftMs = Math.max(0, lateMs - (Date.now() - first.atMs));
    void sleep(leftMs, undefined, { signal: wait.signal }).then(giveAddress, () => undefined);
  });
  stack.defer(() => {
    wait.abort();
    watched.end();
  });
  if (lateMs === undefined) {
    await giveAddress();
    await cluster.report(pod);
  }
  const all = stack.move();
  return {
    enter: namespaces.enter(name),
    packets: watched.packets,
    knownMs: () => knownMs,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Connects the Pod, and changes in its network namespace what the situation wants. */
async function openLink(
  namespaces: Namespaces,
  link: PodLink,
  { ipv6Only, breaksTokens }: MetadataSituation,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { name } = link;
  await attachPod(namespaces, link);
  stack.defer(() => detachPod(namespaces, link));
  if (ipv6Only === true) await namespaces.ip(name, [`route add prohibit ${METADATA.ipv4}/32`]);
  if (breaksTokens !== true) return;
  await namespaces.ip(name, [`addr add ${METADATA.ipv4}/32 dev lo`]);
  const script = new URL('../../stand-ins/token-breaker.ts', import.meta.url);
  stack.defer((await startScript(namespaces.enter(name), script)).stop);
}

function annotationsOf(role: string | undefined): Readonly<Record<string, string>> {
  return role === undefined ? {} : { 'iam.amazonaws.com/role': `arn:aws:iam::${POD_ACCOUNT}:role/${role}` };
}
