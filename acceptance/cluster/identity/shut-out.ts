import type { AgentPeer, OpenFeed, ShownTls } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { IdentityStage } from './stage.ts';
import { createKubelet } from './kubelet.ts';
import type { Kubelet } from './kubelet.ts';
import type { ClusterStep } from '../world.ts';

/** DESIGN.md 4.6. A busy machine gets some more. */
const SHUT_OUT = { withinMs: 75_000, everyMs: 500 };
/** For an event of 8.4 MB, and a list if it cannot be read. */
const TOLD = { withinMs: 30_000, everyMs: 100 };

/** What the thief has taken. */
interface Loot {
  readonly kubelet: Kubelet;
  readonly token: string;
  readonly shown: ShownTls;
  /** One at each server. */
  readonly feeds: readonly OpenFeed[];
  /** Those that have not ended. */
  readonly goingOn: ReadonlySet<OpenFeed>;
}

/** The procedure of docs/threat-model.md against who has all of a node, and has prepared for it. */
export function shutOutSteps(stage: IdentityStage): ClusterStep[] {
  const { world } = stage;
  const [, b] = world.nodes;
  let loot: Loot | undefined;
  const stolen = (): Loot => {
    if (loot === undefined) throw new Error('the thief has not got what he was to get');
    return loot;
  };
  return [
    {
      title:
        'An attacker has the token, certificate, kubelet credentials and open streams of a node, and pads its Pods and adds finalizers to them',
      async run() {
        loot = await steal(stage);
      },
    },
    {
      title: "Removing an annotation from a padded Pod takes effect in the attacker's streams",
      run: () => removeRole(stage, stolen()),
    },
    {
      title:
        "After the Node and its Pods are deleted, all of the attacker's streams end, even if it recreates the Node and keeps the Pods",
      run: () => deleteAll(stage, stolen()),
    },
    {
      title: 'The certificate of a shut-out attacker opens no feed and resolves no address at any server',
      async run() {
        const { shown } = stolen();
        await refused(world, (peer) => peer.feed({ nodeName: b.name }, shown));
        await refused(world, (peer) => peer.resolve(stage.pod('of-b').ip, shown));
      },
    },
    {
      title: 'The token of a shut-out attacker gets no certificate',
      run: () => refused(world, (peer) => peer.attest(stolen().token)),
    },
    {
      title:
        'A shut-out attacker receives nothing after its streams have ended, even when the finalizers on its Pods are removed',
      run: () => expectSilence(stage, stolen()),
    },
  ];
}

/** Pods of the node: an honest one, the agent's and the thief's own. */
function podsOfThief({ world, open, pod }: IdentityStage) {
  const [, b] = world.nodes;
  const mirror = { namespace: open(), name: 'of-thief' };
  const { namespace, name } = pod('of-b');
  return { mirror, all: [{ namespace, name }, { namespace: world.namespace, name: b.pod.name }, mirror] };
}

async function steal(stage: IdentityStage): Promise<Loot> {
  const { world } = stage;
  const [, b] = world.nodes;
  const kubelet = await createKubelet({ kubeConfig: world.kubeConfig, node: b });
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...b.pod } });
  const shown = await world.peer().attest(token);
  const report = { nodeName: b.name };
  const goingOn = new Set<OpenFeed>();
  const feeds = await Promise.all(world.peers.map((peer) => peer.openFeed(report, shown)));
  for (const feed of feeds) {
    goingOn.add(feed);
    void feed.ended.then(() => goingOn.delete(feed));
  }
  const { mirror, all } = podsOfThief(stage);
  await kubelet.mirror(mirror);
  for (const pod of all) {
    await kubelet.pad(pod);
    await kubelet.hold(pod);
  }
  return { kubelet, token, shown, feeds, goingOn };
}

async function removeRole(stage: IdentityStage, { feeds }: Loot): Promise<void> {
  const pod = stage.pod('of-b');
  await stage.objects.annotatePod(pod, { 'iam.amazonaws.com/role': null });
  await eventually(() => {
    for (const { updates } of feeds) {
      const last = updates.filter((update) => update.pod?.uid === pod.uid).at(-1)?.pod;
      if (last?.deny?.reason !== 'NoRole')
        throw new Error(`a stream still has ${JSON.stringify(last ?? {}).slice(0, 300)}`);
    }
  }, TOLD);
}

async function deleteAll(stage: IdentityStage, { kubelet, goingOn }: Loot): Promise<void> {
  const { world } = stage;
  const [, b] = world.nodes;
  await world.core.deleteNode({ name: b.name });
  const uid = await kubelet.register();
  for (const { namespace, name } of podsOfThief(stage).all)
    await world.core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
  const again = { namespace: stage.open(), name: 'of-thief-again' };
  await kubelet.mirror(again, { 'iam.amazonaws.com/role': 'team/of-thief' }, { name: b.name, uid });
  await kubelet.pad(again);
  await eventually(() => {
    if (goingOn.size > 0) throw new Error(`${goingOn.size} streams go on`);
  }, SHUT_OUT);
}

async function expectSilence(stage: IdentityStage, { feeds, shown }: Loot): Promise<void> {
  const { world } = stage;
  const [, b] = world.nodes;
  const before = feeds.map(({ updates }) => updates.length);
  for (const { namespace, name } of podsOfThief(stage).all) {
    const body = [{ op: 'remove', path: '/metadata/finalizers' }];
    await world.core.patchNamespacedPod({ namespace, name, body }).catch(() => undefined);
  }
  await refused(world, (peer) => peer.feed({ nodeName: b.name }, shown));
  if (feeds.some(({ updates }, at) => updates.length !== before[at]))
    throw new Error('a stream that has ended has told more');
}

/** By every server, as a call of a node that is not the cluster's. */
async function refused(
  world: IdentityStage['world'],
  attempt: (peer: AgentPeer) => Promise<unknown>,
): Promise<void> {
  await eventually(async () => {
    for (const peer of world.peers) {
      const said = await attempt(peer).then(
        () => 'it was answered',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (!said.includes('ForeignNode')) throw new Error(`it is not refused as ForeignNode: ${said}`);
    }
  }, SHUT_OUT);
}
