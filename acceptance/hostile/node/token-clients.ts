import type { Answers } from '../clients/calls.ts';
import { createTally } from '../clients/tally.ts';
import { startHonestPod } from '../watch/others.ts';
import type { HonestChild } from '../watch/others.ts';
import type { AttachedPod } from './pods.ts';
import type { NodeWorld } from './step.ts';

/** Fresh tokens of each Pod, one after the other. */
const TOKENS = { count: 3, apartMs: 1_000 };
/** When the Pod is created that asks at once. Milliseconds. */
const NEWCOMER_AFTER_MS = 1_500;

/** Honest Pods of several Namespaces that show fresh ServiceAccount tokens. */
export interface TokenClients {
  /** TokenReviews that they cause. */
  readonly reviews: number;
  /** Shows the tokens once, which takes some seconds. Resolves to the answers. */
  readonly run: () => Promise<Answers>;
}

/**
 * The Pods that must not be affected and one on the host network, each with tokens of which the last is of a key that nobody
 * knows, and a Pod that is created during the attack. The processes end with the stack.
 */
export async function startTokenClients(
  world: NodeWorld,
  stack: AsyncDisposableStack,
): Promise<TokenClients> {
  const { cluster, pods } = world;
  const start = async (pod: AttachedPod) => ({ pod, child: stack.use(await startHonestPod(world, pod)) });
  const present = await Promise.all([...pods.others, pods.onHost].map(start));
  const newcomer = await start(pods.newcomer());

  async function freshTokens({ pod }: AttachedPod): Promise<string[]> {
    const tokens: string[] = [];
    while (tokens.length < TOKENS.count) tokens.push(await cluster.token(pod));
    return tokens.concat(await cluster.token(pod, { unpublished: true }));
  }

  async function runPresent({ pod, child }: { pod: AttachedPod; child: HonestChild }): Promise<Answers> {
    const tokens = await freshTokens(pod);
    return child.call.showTokens({ ...TOKENS, ip: pod.pod.addresses.ipv4, tokens });
  }

  async function runNewcomer({ pod: attached, child }: typeof newcomer): Promise<Answers> {
    const { pod } = attached;
    await new Promise((resolve) => setTimeout(resolve, NEWCOMER_AFTER_MS * world.durationFactor));
    await cluster.schedule(pod);
    const token = await cluster.token(pod);
    await cluster.giveAddress(pod);
    await cluster.report(pod);
    const answers = await child.call.showTokens({ ip: pod.addresses.ipv4, tokens: [token], apartMs: 0 });
    await cluster.takeAddress(pod);
    await cluster.delete(pod);
    return answers;
  }

  return {
    reviews: present.length,
    async run() {
      const tally = createTally();
      for (const answers of await Promise.all([...present.map(runPresent), runNewcomer(newcomer)]))
        tally.add(answers);
      return tally.answers();
    },
  };
}
