import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentFlags, identityFlags, serverFlags } from '@rolegate/sandbox';
import { createTestCa, freePort, openFolder, startImds } from '@rolegate/testing';
import type { TestCa, World } from '@rolegate/testing';
import type { Bundle, Bundles } from './bundle.ts';
import { openBundles } from './bundle.ts';
import type { RawAgent } from './children/streams.ts';
import { nodeName } from './cluster-objects.ts';
import type { Options } from './options.ts';
import type { Row } from './row.ts';

export interface ServerStart {
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly words?: readonly string[];
}

export interface AgentStart {
  readonly serverPort: number;
  readonly cniDirectory: string;
  readonly logLevel?: 'info' | 'debug';
  /** Additional flags. */
  readonly moreFlags?: readonly string[];
}

/** A program with its ports on 127.0.0.1. */
export interface Running {
  readonly bundle: Bundle;
  readonly port: number;
  readonly opsPort: number;
}

/** The programs with their certificates and a temporary folder. */
export interface BenchWorld extends World {
  readonly options: Options;
  /** Rows measured so far. */
  readonly rows: Row[];
  readonly bundles: Bundles;
  /** The CA certificate in PEM. */
  readonly ca: string;
  readonly startServer: (start: ServerStart) => Promise<Running>;
  /** Starts the agent of the first node. */
  readonly startAgent: (start: AgentStart) => Promise<Running>;
  /** Certificates of the first nodes. */
  readonly rawAgents: (count: number) => Promise<RawAgent[]>;
  readonly writeKubeconfig: (text: string) => Promise<string>;
}

export async function openWorld(options: Options): Promise<BenchWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await openFolder('rolegate-bench-', stack);
  const imds = stack.use(await startImds({}));
  const ca = await createTestCa();
  const identity = await identityFlags({ folder, node: nodeName(0) }, ca);
  const bundles = await openBundles(options, folder);
  let kubeconfigs = 0;
  const all = stack.move();

  return {
    options,
    folder,
    // The programs write their logs to files.
    lines: [],
    rows: [],
    bundles,
    ca: ca.pem,
    async startServer({ words = [], ...start }) {
      const ports = { port: await freePort(), opsPort: await freePort() };
      const bundle = bundles.start({
        name: 'server',
        env: { AWS_ACCESS_KEY_ID: 'AKIAROLEGATEBENCH000', AWS_SECRET_ACCESS_KEY: 'of the server' },
        words: [...serverFlags({ ...start, clusterName: 'bench' }, ports), ...identity.server, ...words],
      });
      return { bundle, ...ports };
    },
    async startAgent({ serverPort, cniDirectory, logLevel = 'info', moreFlags = [] }) {
      const ports = { port: await freePort(), opsPort: await freePort() };
      const flags = agentFlags(
        {
          node: nodeName(0),
          serverPorts: [serverPort],
          imdsEndpoint: imds.url,
          cniDirectory,
          logLevel,
        },
        ports,
      );
      const words = [...flags, ...moreFlags, ...identity.agent];
      return { bundle: bundles.start({ name: 'agent', discardLog: logLevel === 'debug', words }), ...ports };
    },
    rawAgents: (count) => Promise.all(Array.from({ length: count }, (_, index) => rawAgent(ca, index))),
    async writeKubeconfig(text) {
      const path = join(folder, `kubeconfig-${kubeconfigs++}`);
      await writeFile(path, text);
      return path;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function rawAgent(ca: TestCa, index: number): Promise<RawAgent> {
  const node = nodeName(index);
  return { node, ...(await ca.issue({ uris: [`spiffe://rolegate/node/${node}`] })) };
}
