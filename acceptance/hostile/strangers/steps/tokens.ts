import { randomBytes } from 'node:crypto';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackReport } from '../../watch/seen.ts';
import { strangersStep } from '../step.ts';
import type { StrangersWorld, StrangersStep } from '../step.ts';
import { agentNodes, manyAddresses, SHARED_ADDRESS } from '../world/agent-nodes.ts';
import { attackBy } from './attack.ts';
import type { StrangerPlan } from './attack.ts';

/** The server closes a connection to the port of attestation with more. */
const CALLS_EACH = 4;
/** More is refused before it is looked at. Bytes. */
const LONG = 15 * 1024;
/** What honest agents ask for in a second, at most. */
const HONEST = 35;
/** With one address of bad tokens beside them: it has ten connections a second, and forty after a rest. */
const REVIEWS = { perSecond: HONEST + 10 * CALLS_EACH, burst: 40 * CALLS_EACH };

/** Claims that name live agent Pods, and a signature of nobody. */
async function forgedTokens({ standIn }: StrangersWorld): Promise<string[]> {
  const forged: string[] = [];
  for (const { name } of agentNodes) {
    const pod = { kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${name}` } as const;
    const claims = {
      aud: ['rolegate-server'],
      'kubernetes.io': {
        namespace: SERVER_NAMESPACE,
        pod: { name: pod.name, uid: await standIn.uid(pod) },
      },
    };
    forged.push(`${partOf({ alg: 'RS256' })}.${partOf(claims)}.#`);
  }
  return forged;
}

function partOf(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url');
}

/** Of every bad sort. */
async function badTokens(world: StrangersWorld): Promise<string[]> {
  const { standIn } = world;
  const pod = `${SERVER_NAMESPACE}/agent-${agentNodes[1]?.name ?? ''}`;
  const account = `${SERVER_NAMESPACE}/rolegate-agent`;
  const issued = [
    await standIn.token({ pod, endsMs: Date.now() - 1_000 }),
    await standIn.token({ pod, audiences: ['somebody-else'] }),
    await standIn.token({ serviceAccount: 'kept-0/app' }),
    await standIn.token({ serviceAccount: account, node: agentNodes[2]?.name ?? '' }),
  ];
  const long = randomBytes((LONG * 3) / 4).toString('base64url');
  return issued.concat('', '#', '..#', `${long}#`, await forgedTokens(world));
}

async function show(
  world: StrangersWorld,
  tokens: readonly string[],
  { callsEach = CALLS_EACH, ...from }: Partial<StrangerPlan> & { readonly callsEach?: number },
): Promise<AttackReport> {
  const plan = { connections: 100, ...from, does: { kind: 'tokens', tokens, callsEach } as const };
  const before = await world.standIn.tokenReviews(undefined);
  const startMs = performance.now();
  const report = await attackBy(world, [plan, plan]);
  const seconds = (performance.now() - startMs) / 1_000;
  const reviews = (await world.standIn.tokenReviews(undefined)) - before;
  const isOneSource = from.sources === undefined;
  const isFault = isOneSource && reviews > REVIEWS.burst + REVIEWS.perSecond * seconds;
  return {
    said: `${report.said}; ${reviews} TokenReviews, those of honest agents among them`,
    faults: (report.faults ?? []).concat(
      isFault ? [`the API server was asked for ${reviews} TokenReviews in ${seconds.toFixed(1)} s`] : [],
    ),
  };
}

export const tokenSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'Bad tokens of every kind from an address that some agents share delay no attestation',
    run: async (world) => show(world, await badTokens(world), { addresses: [SHARED_ADDRESS] }),
  }),
  strangersStep({
    title: 'Bad tokens of every kind from 2,000 addresses delay no attestation',
    run: async (world) => show(world, await badTokens(world), { sources: manyAddresses }),
  }),
  strangersStep({
    title: 'Forged tokens that name live agent Pods do not delay the attestation of these Pods',
    run: async (world) => show(world, await forgedTokens(world), { sources: manyAddresses }),
  }),
  strangersStep({
    title:
      'A stolen node that presents tokens of every kind at the feed port delays no renewal of other nodes',
    async run(world) {
      const { holder, identity } = world.stolen;
      const tokens = (await badTokens(world)).concat(holder.token);
      const { feed: port } = world.agents.ports();
      return show(world, tokens, { port, identity, connections: 10, callsEach: 50 });
    },
  }),
];
