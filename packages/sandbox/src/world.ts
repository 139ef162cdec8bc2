import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCniResultsDir, startImds, startKubernetesApi, startSts } from '@rolegate/testing';
import type { FakeSts, KubernetesApi } from '@rolegate/testing';
import type { Manifest } from './manifests.ts';
import { isPlayed, manifestKey } from './manifests.ts';
import type { Program } from './program.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { createSandboxNode, NODE_NAME } from './sandbox-node.ts';
import { startPrograms } from './start-programs.ts';

const SERVERS = 2;

export interface WorldOptions {
  /** Each log line of the agent. */
  readonly onAgentLine: (line: string) => void;
  /** Each log line of a server. */
  readonly onServerLine?: (line: string) => void;
}

export interface World extends AsyncDisposable {
  readonly sts: FakeSts;
  readonly node: SandboxNode;
  readonly agent: { readonly host: string; readonly port: number };
  readonly servers: readonly Program[];
  /** What the cluster holds by `apply`. */
  readonly manifests: readonly Manifest[];
  /** Makes the cluster hold exactly these objects. */
  apply(manifests: readonly Manifest[]): Promise<void>;
}

/** The whole system on loopback: stand-ins for the API server, STS and the node's IMDS, two real servers, a real agent. */
export async function startWorld({
  onAgentLine,
  onServerLine = () => undefined,
}: WorldOptions): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-sandbox-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const api = await startKubernetesApi({});
  stack.defer(() => api.close());
  const sts = stack.use(await startSts({}));
  const imds = await startImds({});
  stack.defer(() => imds.close());
  const cni = stack.use(await createCniResultsDir());
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());

  const programs = await startPrograms(
    {
      folder,
      serverCount: SERVERS,
      kubeconfig,
      stsEndpoint: sts.url,
      imdsEndpoint: imds.url,
      cniDirectory: cni.path,
      node: NODE_NAME,
      onAgentLine,
      onServerLine,
    },
    (program) => {
      stack.defer(async () => void (await program.stop()));
    },
  );
  const node = createSandboxNode({ api, cni, agent: programs.metadata });
  stack.defer(() => node.close());

  let manifests: readonly Manifest[] = [];
  const all = stack.move();
  return {
    sts,
    node,
    agent: programs.metadata,
    servers: programs.servers,
    get manifests() {
      return manifests;
    },
    async apply(wanted) {
      const before = manifests;
      manifests = wanted;
      await applyChanges(api, node, before, wanted);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function applyChanges(
  api: KubernetesApi,
  node: SandboxNode,
  before: readonly Manifest[],
  wanted: readonly Manifest[],
): Promise<void> {
  const there = new Map(before.map((manifest) => [manifestKey(manifest), JSON.stringify(manifest)]));
  const kept = new Set(wanted.map(manifestKey));
  for (const manifest of before) {
    const { kind, metadata } = manifest;
    if (kept.has(manifestKey(manifest))) continue;
    if (kind === 'Pod') await node.end(manifestKey(manifest));
    else if (isPlayed(kind)) api.delete(kind, metadata.namespace ?? '', metadata.name);
  }
  for (const manifest of wanted) {
    if (there.get(manifestKey(manifest)) === JSON.stringify(manifest)) continue;
    if (manifest.kind === 'Pod') await node.run(manifest);
    else if (isPlayed(manifest.kind)) api.apply({ ...manifest, kind: manifest.kind });
  }
}
