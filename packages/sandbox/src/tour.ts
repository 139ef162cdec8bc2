import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, runSteps, SENTINELS } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { callerIdentity, ownerOf } from './caller-identity.ts';
import type { ImdsAnswer } from './imds-client.ts';
import { createImdsClient } from './imds-client.ts';
import { readManifests, watchManifests } from './manifests.ts';
import type { World } from './world.ts';

/** A change of the cluster is in force within a second (DESIGN.md 4.10); a busy machine gets some more. */
const IN_FORCE_WITHIN_MS = 5_000;

export interface TourOptions {
  readonly world: World;
  /** The folder of the manifests, which stay as they are. */
  readonly manifests: string;
  readonly print: (line: string) => void;
}

/** Shows each promise of the main job once, on the sandbox's own manifests. */
export async function tour({ world, manifests, print }: TourOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-tour-'));
  const stop = new AbortController();
  try {
    await cp(manifests, folder, { recursive: true });
    await world.apply(await readManifests(folder));
    watchManifests(folder, () => void readManifests(folder).then(world.apply), stop.signal);
    const all = steps(world, folder).map(([title, run]) => ({ title, run }));
    return await runSteps({ steps: all, world: { lines: [] }, print, signal: stop.signal });
  } finally {
    stop.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

function steps(world: World, folder: string): [string, () => Promise<void>][] {
  return [
    [
      'a permitted Pod gets the credentials of its own role, through an unmodified SDK',
      () => permitted(world),
    ],
    [
      "a role named by the ServiceAccount, permitted by kube2iam's annotation",
      () => expectRole(world, 'batch/nightly', 'batch-nightly'),
    ],
    ['a Namespace that permits nothing refuses', () => expectStatus(world, 'legacy/reports', 403)],
    ['a Pod that names no role gets none', () => expectStatus(world, 'shop/frontend', 404)],
    [
      "another Pod's role is refused",
      () => expectGet(world, 'shop/checkout', `${CREDENTIALS}shop/catalogue`, 403),
    ],
    [
      'rolegate.dev/metadata: deny closes all',
      () => expectGet(world, 'shop/sealed', '/latest/meta-data/placement/region', 403),
    ],
    ["the node's user-data is closed", () => expectGet(world, 'shop/checkout', '/latest/user-data', 404)],
    [
      "the node's own credentials are closed",
      () => expectGet(world, 'shop/checkout', `${CREDENTIALS}${NODE_ROLE}`, 403),
    ],
    ['an edited manifest takes effect live', () => liveEdit(world, folder)],
    ['a withdrawn permit takes effect live', () => withdrawn(world, folder)],
    ["an address that is handed over never yields the former Pod's credentials", () => handedOver(world)],
    ['one server stopped: nobody notices', () => serverStopped(world, 0)],
    ['both servers stopped: running Pods go on from memory', () => serverStopped(world, 1)],
  ];
}

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const NODE_ROLE = 'node-role';

async function permitted(world: World): Promise<void> {
  const { port } = podOf(world, 'shop/checkout');
  const { Arn } = await callerIdentity({ metadataPort: port, stsEndpoint: world.sts.url });
  const wanted = 'arn:aws:sts::123456789012:assumed-role/checkout/shop.default';
  if (Arn !== wanted) throw new Error(`the SDK is ${Arn}, not ${wanted}`);
}

async function liveEdit(world: World, folder: string): Promise<void> {
  await edit(
    join(folder, 'shop.yaml'),
    'iam.amazonaws.com/role: shop/catalogue',
    'iam.amazonaws.com/role: shop/editor',
  );
  await expectRole(world, 'shop/catalogue', 'shop/editor');
}

async function withdrawn(world: World, folder: string): Promise<void> {
  await edit(
    join(folder, 'shop.yaml'),
    'iam.amazonaws.com/permitted: shop/.*',
    'iam.amazonaws.com/permitted: shop/checkout',
  );
  await expectStatus(world, 'shop/catalogue', 403);
  await expectRole(world, 'shop/checkout', 'shop/checkout');
}

async function handedOver(world: World): Promise<void> {
  const { ip, manifest } = podOf(world, 'batch/nightly');
  await world.node.end('Pod batch/nightly');
  const heir = {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      name: 'heir',
      namespace: 'shop',
      annotations: { 'iam.amazonaws.com/role': 'shop/checkout' },
    },
  };
  await world.node.run({ ...heir, spec: {} }, { ip });
  // From the first answer on: the heir's own role or none, never the former's.
  for (let asked = 0; asked < 50; asked++) {
    const { role, body } = await clientOf(world, 'shop/heir').credentials();
    if (role === 'batch-nightly' || body.includes('batch-nightly'))
      throw new Error("the heir was given the former Pod's role");
  }
  await expectRole(world, 'shop/heir', 'shop/checkout');
}

async function serverStopped(world: World, index: number): Promise<void> {
  await world.servers[index]?.stop();
  for (let asked = 0; asked < 20; asked++) {
    const { status } = await clientOf(world, 'shop/checkout').credentials();
    if (status !== 200) throw new Error(`a running Pod got ${status}`);
  }
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} does not say ${from}`);
  await writeFile(path, text.replace(from, to));
}

function podOf(world: World, name: string) {
  const pod = world.node.pod(`Pod ${name}`);
  if (pod === undefined) throw new Error(`there is no Pod ${name}`);
  return pod;
}

function clientOf(world: World, name: string) {
  return createImdsClient({ ip: podOf(world, name).ip, agent: world.agent });
}

function expectRole(world: World, name: string, role: string): Promise<void> {
  return inForce(async () => {
    const answer = await clientOf(world, name).credentials();
    if (answer.status !== 200 || answer.role !== role)
      throw new Error(`${name} got ${answer.status} as ${answer.role || 'nobody'}, not ${role}`);
    const owner = await ownerOf(answer.body, world.sts.url);
    const wanted = `:assumed-role/${role.replace(/^.*\//, '')}/`;
    if (!owner.includes(wanted)) throw new Error(`${name} holds a key of ${owner}`);
  });
}

function expectStatus(world: World, name: string, status: number): Promise<void> {
  return inForce(async () => {
    expectAnswer(await clientOf(world, name).credentials(), name, status);
  });
}

function expectGet(world: World, name: string, path: string, status: number): Promise<void> {
  return inForce(async () => {
    expectAnswer(await clientOf(world, name).get(path), name, status);
  });
}

function expectAnswer(answer: ImdsAnswer, name: string, status: number): void {
  if (answer.status !== status)
    throw new Error(`${name} got ${answer.status}, not ${status}: ${answer.body}`);
  if ([...SENTINELS.never, ...SENTINELS.unlessAllowed].some((secret) => answer.body.includes(secret)))
    throw new Error(`${name} read what is the node's`);
}

/** Until it holds: what was changed a moment ago is on its way. */
function inForce(check: () => Promise<void>): Promise<void> {
  return eventually(check, { withinMs: IN_FORCE_WITHIN_MS, everyMs: 20 });
}
