import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSteps } from '@rolegate/testing';
import type { Outcome } from '@rolegate/testing';
import { callerIdentity } from './caller-identity.ts';
import { readManifests, watchManifests } from './manifests.ts';
import { clientOf, expectGet, expectRole, expectStatus, podOf } from './tour-checks.ts';
import { byPlugin } from './tour-by-plugin.ts';
import { byToken, expectByToken, HOST_POD } from './tour-by-token.ts';
import type { World } from './world.ts';

export interface TourOptions {
  readonly world: World;
  /** The folder of the manifests. The tour edits a copy. */
  readonly manifests: string;
  readonly print: (line: string) => void;
  /** Ends the tour early. */
  readonly signal: AbortSignal;
}

/** Checks each main promise once, on the sandbox's own manifests. */
export async function tour({ world, manifests, print, signal }: TourOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-tour-'));
  const stop = new AbortController();
  try {
    await cp(manifests, folder, { recursive: true });
    await world.apply(await readManifests(folder));
    watchManifests(folder, () => void readManifests(folder).then(world.apply), stop.signal);
    const all = steps(world, folder).map(([title, run]) => ({ title, run }));
    return await runSteps({ steps: all, world: { lines: [] }, print, signal });
  } finally {
    stop.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

function steps(world: World, folder: string): [string, () => Promise<void>][] {
  return [
    ["An unmodified AWS SDK gets credentials for its Pod's permitted role", () => permitted(world)],
    [
      "A Pod gets its ServiceAccount's role, permitted by kube2iam's annotation on the Namespace",
      () => expectRole(world, 'batch/nightly', 'batch-nightly'),
    ],
    ['A Pod is refused if its Namespace permits no role', () => expectStatus(world, 'legacy/reports', 403)],
    ['A Pod without a role gets no credentials', () => expectStatus(world, 'shop/frontend', 404)],
    [
      "A Pod cannot get another Pod's role",
      () => expectGet(world, 'shop/checkout', `${CREDENTIALS}shop/catalogue`, 403),
    ],
    [
      'The annotation rolegate.dev/metadata: deny closes the metadata API to a Pod',
      () => expectGet(world, 'shop/sealed', '/latest/meta-data/placement/region', 403),
    ],
    [
      "A Pod cannot read the node's user data",
      () => expectGet(world, 'shop/checkout', '/latest/user-data', 404),
    ],
    [
      "A Pod cannot get the node's own credentials",
      () => expectGet(world, 'shop/checkout', `${CREDENTIALS}${NODE_ROLE}`, 403),
    ],
    ...byToken(world),
    ...byPlugin(world),
    ['A changed role annotation takes effect while the Pod runs', () => liveEdit(world, folder)],
    ['A revoked permit takes effect while the Pod runs', () => withdrawn(world, folder)],
    [
      'A Pod that reuses an address never gets the credentials of the Pod that had it before',
      () => handedOver(world),
    ],
    ['Pods notice nothing when one of two servers stops', () => serverStopped(world, 0)],
    ['Running Pods are served from memory when both servers are stopped', () => serverStopped(world, 1)],
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
  const successor = {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      name: 'successor',
      namespace: 'shop',
      annotations: { 'iam.amazonaws.com/role': 'shop/checkout' },
    },
  };
  await world.node.run({ ...successor, spec: {} }, { ip });
  // Even the first answer is for the new Pod's role or none, never the former Pod's.
  for (let asked = 0; asked < 50; asked++) {
    const { role, body } = await clientOf(world, 'shop/successor').credentials();
    if (role === 'batch-nightly' || body.includes('batch-nightly'))
      throw new Error("the new Pod got the former Pod's role");
  }
  await expectRole(world, 'shop/successor', 'shop/checkout');
}

async function serverStopped(world: World, index: number): Promise<void> {
  await world.servers[index]?.stop();
  for (let asked = 0; asked < 20; asked++) {
    const { status } = await clientOf(world, 'shop/checkout').credentials();
    if (status !== 200) throw new Error(`a running Pod got HTTP ${status}`);
    await expectByToken(world, HOST_POD, { status: 200 });
  }
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`);
  await writeFile(path, text.replace(from, to));
}
