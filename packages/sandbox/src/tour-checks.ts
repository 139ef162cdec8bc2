import { eventually, SENTINELS } from '@rolegate/testing';
import { ownerOf } from './caller-identity.ts';
import { createImdsClient } from './imds-client.ts';
import type { HttpAnswer } from './request-from.ts';
import type { World } from './world.ts';

/** A change in the cluster takes effect within a second (DESIGN.md 4.10). A busy machine gets longer. */
const IN_FORCE_WITHIN_MS = 5_000;

/** The running Pod `namespace/name`. */
export function podOf(world: World, name: string) {
  const pod = world.node.pod(`Pod ${name}`);
  if (pod === undefined) throw new Error(`no Pod ${name}`);
  return pod;
}

/** Sends requests to the metadata API as the Pod. */
export function clientOf(world: World, name: string) {
  return createImdsClient({ ip: podOf(world, name).ip, agent: world.agent });
}

/** The Pod gets credentials of the role by the metadata API, and STS knows them. */
export function expectRole(world: World, name: string, role: string): Promise<void> {
  return inForce(async () => {
    const answer = await clientOf(world, name).credentials();
    if (answer.status !== 200 || answer.role !== role)
      throw new Error(`${name} got ${answer.status} as ${answer.role || 'nobody'}, not ${role}`);
    await expectOwner(world, name, { document: answer.body, role });
  });
}

/** STS knows the credentials in the document as the role's. */
async function expectOwner(
  { sts }: World,
  name: string,
  { document, role }: { readonly document: string; readonly role: string },
): Promise<void> {
  const owner = await ownerOf(document, sts.url);
  const wanted = `:assumed-role/${role.replace(/^.*\//, '')}/`;
  if (!owner.includes(wanted)) throw new Error(`${name} got a key of ${owner}`);
}

/** The Pod's request for credentials is answered with the status. */
export function expectStatus(world: World, name: string, status: number): Promise<void> {
  return inForce(async () => {
    expectAnswer(await clientOf(world, name).credentials(), name, status);
  });
}

/** The Pod's request to the metadata API is answered with the status. */
export function expectGet(world: World, name: string, path: string, status: number): Promise<void> {
  return inForce(async () => {
    expectAnswer(await clientOf(world, name).get(path), name, status);
  });
}

/** The answer has the status, and no secret of the node. */
export function expectAnswer(answer: HttpAnswer, name: string, status: number): void {
  if (answer.status !== status)
    throw new Error(`${name} got ${answer.status}, not ${status}: ${answer.body}`);
  if ([...SENTINELS.never, ...SENTINELS.unlessAllowed].some((secret) => answer.body.includes(secret)))
    throw new Error(`${name} read a secret of the node`);
}

/** Repeats the check until it passes, because a change takes a moment to arrive. */
export function inForce(check: () => Promise<void>): Promise<void> {
  return eventually(check, { withinMs: IN_FORCE_WITHIN_MS, everyMs: 20 });
}
