import { readFile } from 'node:fs/promises';
import { callerIdentity } from './caller-identity.ts';
import { runProgramOnce } from './program.ts';
import { statusSocket } from './start-programs.ts';
import { credentialsByToken } from './token-client.ts';
import { expectAnswer, expectGet, inForce, podOf } from './tour-checks.ts';
import type { World } from './world.ts';

/** A Pod on the host network. */
export const HOST_POD = 'monitoring/log-shipper';
const POD = 'shop/checkout';
const OTHER_POD = 'shop/catalogue';

/** Steps of the tour about container credentials. */
export function byToken(world: World): [string, () => Promise<void>][] {
  return [
    [
      'A Pod on the host network gets its role by its ServiceAccount token, with an unmodified AWS SDK',
      () => hostPod(world),
    ],
    [
      'The metadata API refuses a Pod on the host network',
      () => expectGet(world, HOST_POD, '/latest/meta-data/iam/security-credentials/', 403),
    ],
    [
      "A Pod cannot use another Pod's ServiceAccount token",
      async () => {
        await expectByToken(world, POD, { status: 200 });
        await expectByToken(world, OTHER_POD, { tokenOf: POD, status: 401, code: 'TokenForeign' });
        await expectByToken(world, POD, { tokenOf: HOST_POD, status: 401, code: 'TokenForeign' });
      },
    ],
    ['The status commands show who is served by its ServiceAccount token', () => shown(world)],
  ];
}

async function hostPod(world: World): Promise<void> {
  await inForce(() => expectByToken(world, HOST_POD, { status: 200 }));
  const { tokenFile = '' } = podOf(world, HOST_POD);
  const { Arn } = await callerIdentity({
    endpoint: world.containerCredentials,
    tokenFile,
    stsEndpoint: world.sts.url,
  });
  const wanted = 'arn:aws:sts::123456789012:assumed-role/log-writer/monitoring.default';
  if (Arn !== wanted) throw new Error(`the SDK is ${Arn}, not ${wanted}`);
}

interface Expected {
  /** The Pod whose token is shown. Defaults to the one that asks. */
  readonly tokenOf?: string;
  readonly status: number;
  /** In the answer. */
  readonly code?: string;
}

/** The Pod's request with a ServiceAccount token is answered like this. */
export async function expectByToken(
  world: World,
  name: string,
  { tokenOf = name, status, code = '' }: Expected,
): Promise<void> {
  const { ip } = podOf(world, name);
  const { tokenFile = '' } = podOf(world, tokenOf);
  const token = await readFile(tokenFile, 'utf8');
  const answer = await credentialsByToken({ from: ip, endpoint: world.containerCredentials, token });
  expectAnswer(answer, `${name} with the token of ${tokenOf}`, status);
  if (!answer.body.includes(code)) throw new Error(`${name} got ${answer.body}, not ${code}`);
}

async function shown(world: World): Promise<void> {
  const { host, port } = world.containerCredentials;
  const agent = statusSocket(world, 'agent');
  await expectSaid('agent', [], { by: [agent], words: `listening on ${host}:${port}` });
  const ofPod = ['--pod', HOST_POD];
  await expectSaid('agent', ofPod, { by: [agent], words: 'served only by its ServiceAccount token' });
  // The agent is connected to one of them, which alone knows that the node serves container credentials.
  const servers = world.serverPorts.map((_, index) => statusSocket(world, `server-${index}`));
  await expectSaid('server', ofPod, { by: servers, words: 'role/log-writer' });
}

interface Said {
  /** The status sockets. */
  readonly by: readonly string[];
  readonly words: string;
}

/** The output of one of the programs' status commands contains the words. */
async function expectSaid(
  program: 'agent' | 'server',
  asked: readonly string[],
  { by, words }: Said,
): Promise<void> {
  const outputs = await Promise.all(
    by.map(async (socket) => {
      const { output } = await runProgramOnce(program, ['status', ...asked, '--status-socket', socket]);
      return output;
    }),
  );
  if (!outputs.some((output) => output.includes(words)))
    throw new Error(`${program} status does not say "${words}": ${outputs.join('\n')}`);
}
