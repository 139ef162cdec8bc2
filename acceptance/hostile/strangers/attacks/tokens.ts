import { randomBytes } from 'node:crypto';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackTold } from '../../watch/seen.ts';
import { strangersStep } from '../scene.ts';
import type { StrangersScene, StrangersStep } from '../scene.ts';
import { agentNodes, manyAddresses, SHARED_ADDRESS } from '../world/agent-nodes.ts';
import { attackBy } from './attack.ts';

/** The server closes a connection with more. */
const CALLS_EACH = 4;
const FORGED = 50;
/** More is refused before it is looked at. */
const LONG = 15 * 1024;

/** Claims that name live agent Pods, and a signature of nobody. */
async function forgedTokens(scene: StrangersScene): Promise<string[]> {
  const uids = await Promise.all(
    agentNodes.map(({ name }) =>
      scene.standIn.uid({ kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${name}` }),
    ),
  );
  return Array.from({ length: FORGED }, (_, at) => {
    const uid = uids[at % uids.length] ?? '';
    const claims = {
      aud: ['rolegate-server'],
      jti: String(at),
      'kubernetes.io': { namespace: SERVER_NAMESPACE, pod: { name: 'agent', uid } },
    };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${body}.${randomBytes(32).toString('base64url')}`;
  });
}

/** Of every bad sort, each several times. */
async function badTokens(scene: StrangersScene): Promise<string[]> {
  const { standIn } = scene;
  const pod = `${SERVER_NAMESPACE}/agent-${agentNodes[1]?.name ?? ''}`;
  const issued = [
    await standIn.token({ pod, endsMs: Date.now() - 1_000 }),
    await standIn.token({ pod, audiences: ['somebody-else'] }),
    await standIn.token({ serviceAccount: 'kept-0/app' }),
    await standIn.token({
      serviceAccount: `${SERVER_NAMESPACE}/rolegate-agent`,
      node: agentNodes[2]?.name ?? '',
    }),
  ];
  const garbage = Array.from({ length: 30 }, () => randomBytes(300).toString('base64url'));
  const long = Array.from({ length: 5 }, () => randomBytes((LONG * 3) / 4).toString('base64url'));
  return issued.concat(garbage, long, '', await forgedTokens(scene));
}

function show(scene: StrangersScene, tokens: readonly string[], from: object): Promise<AttackTold> {
  const plan = { ...from, connections: 100, opensPerSecond: 500 };
  const does = { kind: 'tokens', tokens, callsEach: CALLS_EACH } as const;
  return attackBy(scene, [
    { ...plan, does },
    { ...plan, does },
  ]);
}

export const tokenSteps: readonly StrangersStep[] = [
  strangersStep({
    title: 'Bad tokens of every sort from the address that some agents have too hold up no attestation',
    run: async (scene) => show(scene, await badTokens(scene), { addresses: [SHARED_ADDRESS] }),
  }),
  strangersStep({
    title: 'Nor do those from 2,000 addresses',
    run: async (scene) => show(scene, await badTokens(scene), { sources: manyAddresses }),
  }),
  strangersStep({
    title: 'Forged tokens that name live agent Pods hold up no attestation of these',
    run: async (scene) => show(scene, await forgedTokens(scene), { sources: manyAddresses }),
  }),
  strangersStep({
    title: 'A stolen node that shows tokens on the port of the feed holds up no renewal of others',
    async run(scene) {
      const { holder, identity } = scene.stolen;
      const tokens = (await badTokens(scene)).concat(Array.from({ length: 30 }, () => holder.token));
      const does = { kind: 'tokens', tokens, callsEach: 50 } as const;
      const plan = { port: scene.agents.ports().feed, identity, connections: 20, opensPerSecond: 200, does };
      return attackBy(scene, [plan, { ...plan, sources: manyAddresses }]);
    },
  }),
];
