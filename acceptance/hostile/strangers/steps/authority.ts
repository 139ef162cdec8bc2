import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '@rolegate/testing';
import { outputOf, PLAIN_ENV } from '@rolegate/testing';
import { signLeaf } from '../../../../packages/server/src/identity/authority/certificates.ts';
import type { NodeIdentity } from '../../cluster/calls.ts';
import { imageWords } from '../../../chart-programs/program-words.ts';
import { SERVER_NAMESPACE } from '../../cluster/server.ts';
import type { AttackReport } from '../../watch/observations.ts';
import { strangersStep } from '../step.ts';
import type { StrangersWorld, StrangersStep } from '../step.ts';
import { agentNodes } from '../world/agent-nodes.ts';
import { authoritiesOf, putBack, readSecret } from '../world/authority.ts';
import type { StoredAuthority } from '../world/authority.ts';

const HOUR_MS = 3_600_000;
/** The lifetime of a forged certificate. */
const FORGED_LIFE_MS = 300 * 24 * HOUR_MS;
/** Servers read the Secret every 8 to 12 s. Milliseconds. */
const MERGED_WITHIN_MS = 14_000;
const LOOK_EVERY_MS = 100;

/** The Secret from before the authority was removed. */
let backup: KubernetesObject | undefined;

/** Runs the commands of the threat model and restarts the server, which knows the removed authority only from the Secret. */
async function withdrawAuthority(world: StrangersWorld): Promise<void> {
  const { cluster, standIn, bundles, enter } = world;
  backup = await readSecret(standIn);
  await cluster.server.stop();
  const { words, env } = await imageWords(bundles, 'server');
  for (const word of [['prepare'], ['activate', '--now'], ['retire', '--now']])
    await outputOf([...enter, ...words, 'authority', ...word, ...whereOf(world)], {
      env: { ...PLAIN_ENV, ...env },
    });
  await world.agents.connect();
}

function whereOf({ cluster }: StrangersWorld): string[] {
  return [`--kubeconfig=${cluster.kubeconfig}`, `--namespace=${SERVER_NAMESPACE}`];
}

/** Forges a certificate for a live agent Pod of an honest node. */
async function forge(world: StrangersWorld, issuer: StoredAuthority, lifeMs: number): Promise<NodeIdentity> {
  const { name: node = '', address = '' } = agentNodes[1] ?? {};
  const pod = { kind: 'Pod', namespace: SERVER_NAMESPACE, name: `agent-${node}` } as const;
  const uid = await world.standIn.uid(pod);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = await signLeaf({
    issuer,
    publicKey,
    purpose: 'client',
    subject: 'rolegate-agent',
    names: [`spiffe://rolegate/node/${node}`, `urn:rolegate:pod:${uid}`].map((value) => ({
      type: 'url',
      value,
    })),
    nowMs: Date.now(),
    lifeMs,
  });
  return { node, address, cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

async function putBackAndTry(world: StrangersWorld): Promise<AttackReport> {
  if (backup === undefined) throw new Error('no authority was removed');
  const { standIn } = world;
  const withdrawn = activeOf(backup);
  const present = activeOf(await readSecret(standIn));
  const forged = {
    'the removed authority, for 300 days': await forge(world, withdrawn, FORGED_LIFE_MS),
    'the removed authority, for an hour': await forge(world, withdrawn, HOUR_MS),
    'the present authority, for 300 days': await forge(world, present, FORGED_LIFE_MS),
  };
  await putBack(standIn, backup);
  const [startMs, opened] = [performance.now(), new Set<string>()];
  let tries = 0;
  let isMerged = false;
  const keepTrying = async ([by, identity]: readonly [string, NodeIdentity]) => {
    do {
      tries++;
      if (await opens(world, identity)) opened.add(by);
    } while (!isMerged && performance.now() - startMs < MERGED_WITHIN_MS);
  };
  const trying = Promise.all(Object.entries(forged).map(keepTrying));
  while (!isMerged && performance.now() - startMs < MERGED_WITHIN_MS) {
    await sleep(LOOK_EVERY_MS);
    isMerged = await keepsWithdrawn(world, withdrawn);
  }
  await trying;
  const took = `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
  return {
    summary: `${tries} attempts with forged certificates; the Secret was merged after ${took}`,
    problems: [...opened]
      .map((by) => `a certificate from ${by} opens a stream`)
      .concat(isMerged ? [] : [`the Secret still has the removed authority after ${took}`]),
  };
}

async function opens(world: StrangersWorld, identity: NodeIdentity): Promise<boolean> {
  const { node, address = '' } = identity;
  const agentToken = { node, address, token: '' };
  const order = { action: 'open a stream', ports: world.agents.ports(), agentToken, identity } as const;
  return (await world.agents.call.attempt(order)).failure === '';
}

async function keepsWithdrawn({ standIn }: StrangersWorld, { id }: StoredAuthority): Promise<boolean> {
  const { authorities, removed = [] } = authoritiesOf(await readSecret(standIn));
  return authorities.every((one) => one.id !== id) && removed.some((one) => one.id === id);
}

function activeOf(secret: KubernetesObject): StoredAuthority {
  const found = authoritiesOf(secret).authorities.find(({ state }) => state === 'active');
  if (found === undefined) throw new Error('no authority is active');
  return found;
}

export const authoritySteps: readonly StrangersStep[] = [
  strangersStep({
    title:
      'Restoring an older backup of the authority Secret revives no removed authority, and forged certificates open no stream',
    prepare: withdrawAuthority,
    run: putBackAndTry,
  }),
];
