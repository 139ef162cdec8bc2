import { randomBytes } from 'node:crypto';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { strangersStep } from '../step.ts';
import type { StrangersWorld, StrangersStep } from '../step.ts';
import { agentNodes, manyAddresses, SHARED_ADDRESS } from '../world/agent-nodes.ts';
import { tlsAttack } from './attack.ts';
import type { TlsPlan } from './attack.ts';

/** The server closes a connection to the attestation port after this many calls. */
const CALLS_EACH = 4;
/** Just below the message size limit. Bytes. */
const LONG = 15 * 1024;
/** TokenReviews per second that honest agents cause at most. */
const HONEST_REVIEWS = 35;
/** Plus one attacking address, which gets ten connections a second and a burst of 40. */
const REVIEWS = { perSecond: HONEST_REVIEWS + 10 * CALLS_EACH, burst: 40 * CALLS_EACH };

/** Tokens with the claims of live agent Pods and random signatures. */
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

/** One bad token of each kind. */
async function badTokens(world: StrangersWorld): Promise<string[]> {
  const { standIn } = world;
  const pod = `${SERVER_NAMESPACE}/agent-${agentNodes[1]?.name ?? ''}`;
  const account = `${SERVER_NAMESPACE}/rolegate-agent`;
  const issued = [
    await standIn.token({ pod, endsMs: Date.now() - 1_000 }),
    await standIn.token({ pod, audiences: ['somebody-else'] }),
    await standIn.token({ serviceAccount: 'stable-0/app' }),
    await standIn.token({ serviceAccount: account, node: agentNodes[2]?.name ?? '' }),
  ];
  const long = randomBytes((LONG * 3) / 4).toString('base64url');
  return issued.concat('', '#', '..#', `${long}#`, await forgedTokens(world));
}

async function show(
  world: StrangersWorld,
  tokens: readonly string[],
  { callsEach = CALLS_EACH, ...from }: Partial<TlsPlan> & { readonly callsEach?: number },
): Promise<AttackReport> {
  const plan = { connections: 100, ...from, behavior: { kind: 'tokens', tokens, callsEach } as const };
  const before = await world.standIn.tokenReviews(undefined);
  const startMs = performance.now();
  const report = await tlsAttack(world, [plan, plan]);
  const seconds = (performance.now() - startMs) / 1_000;
  const reviews = (await world.standIn.tokenReviews(undefined)) - before;
  const isOneSource = from.sources === undefined;
  const isProblem = isOneSource && reviews > REVIEWS.burst + REVIEWS.perSecond * seconds;
  return {
    summary: `${report.summary}; ${reviews} TokenReviews, including those of honest agents`,
    problems: (report.problems ?? []).concat(
      isProblem ? [`the server made ${reviews} TokenReviews in ${seconds.toFixed(1)} s`] : [],
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
      const { agentToken, identity } = world.stolen;
      const tokens = (await badTokens(world)).concat(agentToken.token);
      const { feed: port } = world.agents.ports();
      return show(world, tokens, { port, identity, connections: 10, callsEach: 50 });
    },
  }),
];
