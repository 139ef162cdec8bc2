import type { Recipe } from '../../cluster/calls.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { strangersStep } from '../step.ts';
import type { StrangersStep, StrangersWorld } from '../step.ts';
import { manyAddresses, SHARED_ADDRESS } from '../world/agent-nodes.ts';
import { asStolenNode, tlsAttack } from './attack.ts';
import type { TlsPlan } from './attack.ts';

/** More than a node may have reviewed in a second. */
const podsOfStolenNode: Recipe = {
  kind: 'Pod',
  name: 'pod',
  namespace: 'stolen',
  node: 'stolen',
  serviceAccount: 'app',
  count: 40,
};
/** TokenReviews for one node, and those that honest agents cause at most in a second. */
const REVIEWS = { burst: 60, perSecond: 20, honestPerSecond: 35 };

/** Unsigned tokens of all Pods of the node, which only a review can refuse. */
async function forgedPodTokens({ standIn }: StrangersWorld): Promise<string[]> {
  const { namespace = '', name, count } = podsOfStolenNode;
  const tokens: string[] = [];
  for (let at = 0; at < count; at++) {
    const token = await standIn.token({ pod: `${namespace}/${name}-${at}`, audiences: ['rolegate'] });
    tokens.push(`${token.slice(0, token.lastIndexOf('.'))}.#`);
  }
  return tokens;
}

async function haveReviewed(world: StrangersWorld): Promise<AttackReport> {
  const { standIn } = world;
  const tokens = await forgedPodTokens(world);
  const plan: TlsPlan = {
    ...asStolenNode(world),
    // With more the server closes the oldest, and fewer calls are answered.
    connections: 1,
    opensPerSecond: 5,
    behavior: { kind: 'tokens', method: 'ReviewToken', tokens, callsEach: 1_000 },
  };
  const before = await standIn.tokenReviews(undefined);
  const startMs = performance.now();
  const report = await tlsAttack(world, [plan, plan]);
  const seconds = (performance.now() - startMs) / 1_000;
  const reviews = (await standIn.tokenReviews(undefined)) - before;
  const most = Math.ceil(REVIEWS.burst + (REVIEWS.perSecond + REVIEWS.honestPerSecond) * seconds);
  const faults = [
    ...(reviews <= REVIEWS.burst / 2 ? [`only ${reviews} TokenReviews, which proves nothing`] : []),
    ...(reviews > most
      ? [`${reviews} TokenReviews in ${seconds.toFixed(1)} s; at most ${most} are due`]
      : []),
  ];
  return {
    summary: `${report.summary}; ${reviews} TokenReviews, including those of honest agents`,
    problems: (report.problems ?? []).concat(faults),
  };
}

export const stolenNodeSteps: readonly StrangersStep[] = [
  strangersStep({
    title: '200 streams and 1,000 connections from a stolen node end no stream of other nodes',
    run(world) {
      const plan = asStolenNode(world);
      return tlsAttack(world, [
        { ...plan, connections: 1_000, sources: manyAddresses, behavior: { kind: 'preface' } },
        { ...plan, connections: 4, behavior: { kind: 'streams', count: 50 } },
      ]);
    },
  }),
  strangersStep({
    title:
      'Connections of a stolen node from an address that some agents share end no stream of these agents',
    run(world) {
      const plan = { ...asStolenNode(world), addresses: [SHARED_ADDRESS] };
      return tlsAttack(world, [
        { ...plan, connections: 500, behavior: { kind: 'nothing' } },
        { ...plan, connections: 20, behavior: { kind: 'streams', count: 50 } },
      ]);
    },
  }),
  strangersStep({
    title:
      "A stolen node that has its Pods' ServiceAccount tokens reviewed as fast as it can delays no attestation and no stream of other nodes",
    prepare: ({ standIn }) => standIn.fill({ recipe: podsOfStolenNode, perSecond: 1_000 }),
    async run(world) {
      try {
        return await haveReviewed(world);
      } finally {
        await world.standIn.clear([podsOfStolenNode]);
      }
    },
  }),
];
