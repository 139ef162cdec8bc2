import type { AgentPeer, OpenFeed, PresentedTls } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { IdentityContext } from './context.ts';
import { createKubelet } from './kubelet.ts';
import type { Kubelet } from './kubelet.ts';
import type { ClusterStep } from '../world.ts';

/** DESIGN.md 4.6 allows a minute. Covers a busy machine. */
const SHUT_OUT = { withinMs: 75_000, everyMs: 500 };
/** Time for an event of 8.4 MB, and for a list if it cannot be read. */
const RECEIVED = { withinMs: 30_000, everyMs: 100 };

/** What the attacker has stolen. */
interface StolenNode {
  readonly kubelet: Kubelet;
  readonly token: string;
  readonly tls: PresentedTls;
  /** One stream at each server. */
  readonly feeds: readonly OpenFeed[];
  /** Streams that have not ended. */
  readonly openFeeds: ReadonlySet<OpenFeed>;
}

/** The procedure of docs/threat-model.md against an attacker who has a whole node and is prepared. */
export function shutOutSteps(context: IdentityContext): ClusterStep[] {
  const { world } = context;
  const [, b] = world.nodes;
  let result: StolenNode | undefined;
  const stolen = (): StolenNode => {
    if (result === undefined) throw new Error('the first step failed');
    return result;
  };
  return [
    {
      title:
        'An attacker has the token, certificate, kubelet credentials and open streams of a node, and pads its Pods and adds finalizers to them',
      async run() {
        result = await steal(context);
      },
    },
    {
      title: "Removing an annotation from a padded Pod takes effect in the attacker's streams",
      run: () => removeRole(context, stolen()),
    },
    {
      title:
        "After the Node and its Pods are deleted, all of the attacker's streams end, even if it recreates the Node and keeps the Pods",
      run: () => deleteAll(context, stolen()),
    },
    {
      title: 'The certificate of a shut-out attacker opens no feed and resolves no address at any server',
      async run() {
        const { tls } = stolen();
        await expectForeignNode(world, (peer) => peer.feed({ nodeName: b.name }, tls));
        await expectForeignNode(world, (peer) => peer.resolve(context.pod('of-b').ip, tls));
      },
    },
    {
      title: 'The token of a shut-out attacker gets no certificate',
      run: () => expectForeignNode(world, (peer) => peer.attest(stolen().token)),
    },
    {
      title:
        'A shut-out attacker receives nothing after its streams have ended, even when the finalizers on its Pods are removed',
      run: () => expectSilence(context, stolen()),
    },
  ];
}

/** The Pods of the node: an honest one, the agent's and the attacker's. */
function podsOfNode({ world, open, pod }: IdentityContext) {
  const [, b] = world.nodes;
  const mirror = { namespace: open(), name: 'of-attacker' };
  const { namespace, name } = pod('of-b');
  return { mirror, all: [{ namespace, name }, { namespace: world.namespace, name: b.pod.name }, mirror] };
}

async function steal(context: IdentityContext): Promise<StolenNode> {
  const { world } = context;
  const [, b] = world.nodes;
  const kubelet = await createKubelet({ kubeConfig: world.kubeConfig, node: b });
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...b.pod } });
  const tls = await world.peer().attest(token);
  const report = { nodeName: b.name };
  const openFeeds = new Set<OpenFeed>();
  const feeds = await Promise.all(world.peers.map((peer) => peer.openFeed(report, tls)));
  for (const feed of feeds) {
    openFeeds.add(feed);
    void feed.ended.then(() => openFeeds.delete(feed));
  }
  const { mirror, all } = podsOfNode(context);
  await kubelet.mirror(mirror);
  for (const pod of all) {
    await kubelet.pad(pod);
    await kubelet.addFinalizer(pod);
  }
  return { kubelet, token, tls, feeds, openFeeds };
}

async function removeRole(context: IdentityContext, { feeds }: StolenNode): Promise<void> {
  const pod = context.pod('of-b');
  await context.objects.annotatePod(pod, { 'iam.amazonaws.com/role': null });
  await eventually(() => {
    for (const { updates } of feeds) {
      const last = updates.filter((update) => update.pod?.uid === pod.uid).at(-1)?.pod;
      if (last?.deny?.reason !== 'NoRole')
        throw new Error(`a stream still has ${JSON.stringify(last ?? {}).slice(0, 300)}`);
    }
  }, RECEIVED);
}

async function deleteAll(context: IdentityContext, { kubelet, openFeeds }: StolenNode): Promise<void> {
  const { world } = context;
  const [, b] = world.nodes;
  await world.core.deleteNode({ name: b.name });
  const uid = await kubelet.register();
  for (const { namespace, name } of podsOfNode(context).all)
    await world.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
  const again = { namespace: context.open(), name: 'of-attacker-again' };
  await kubelet.mirror(again, { 'iam.amazonaws.com/role': 'team/of-attacker' }, { name: b.name, uid });
  await kubelet.pad(again);
  await eventually(() => {
    if (openFeeds.size > 0) throw new Error(`${openFeeds.size} streams are still open`);
  }, SHUT_OUT);
}

async function expectSilence(context: IdentityContext, { feeds, tls }: StolenNode): Promise<void> {
  const { world } = context;
  const [, b] = world.nodes;
  const before = feeds.map(({ updates }) => updates.length);
  for (const { namespace, name } of podsOfNode(context).all) {
    const body = [{ op: 'remove', path: '/metadata/finalizers' }];
    await world.core.patchNamespacedPod({ namespace, name, body }).catch(() => undefined);
  }
  await expectForeignNode(world, (peer) => peer.feed({ nodeName: b.name }, tls));
  if (feeds.some(({ updates }, at) => updates.length !== before[at]))
    throw new Error('an ended stream received more updates');
}

/** Expects that every server refuses the call as ForeignNode. */
async function expectForeignNode(
  world: IdentityContext['world'],
  attempt: (peer: AgentPeer) => Promise<unknown>,
): Promise<void> {
  await eventually(async () => {
    for (const peer of world.peers) {
      const outcome = await attempt(peer).then(
        () => 'it was accepted',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (!outcome.includes('ForeignNode')) throw new Error(`it is not refused as ForeignNode: ${outcome}`);
    }
  }, SHUT_OUT);
}
