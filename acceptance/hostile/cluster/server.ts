import { join } from 'node:path';
import { REGION, ROLE_BASE_ARN } from '@rolegate/sandbox';
import type { TestCa } from '@rolegate/testing';
import type { Cgroups, Group } from '../../cgroups/group.ts';
import { readChart } from '../../chart-programs/chart.ts';
import type { ChartContainer } from '../../chart-programs/chart.ts';
import { placedArgs } from '../../chart-programs/flags.ts';
import type { Mounts } from '../../chart-programs/flags.ts';
import { createKeptProgram } from '../../processes/kept-program.ts';
import type { KeptProgram } from '../../processes/kept-program.ts';
import { asUser, imageWords, OWN_KEY, PROGRAM_WEIGHT } from '../../chart-programs/program-words.ts';
import { makeFolder, makeServerRun, makeServerVolumes } from '../../chart-programs/volumes.ts';

/** The server's own Namespace, if it is its own authority. */
export const SERVER_NAMESPACE = 'rolegate';

/** What agents know the server by: certificates from files that this authority signs, or the server's own authority. */
export type ServerIdentity = { readonly ca: TestCa } | 'own authority';

/** The server under test, with what its chart says of it. */
export interface ServerProgram extends KeptProgram {
  readonly chart: ChartContainer;
  readonly group: Group;
}

export interface ServerOptions {
  /** Exists and is empty. */
  readonly folder: string;
  /** Of its control group. */
  readonly name: string;
  readonly identity: ServerIdentity;
  /** The folder of the programs. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  /** The command that enters its network namespace. */
  readonly enter: readonly string[];
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly onLine: (line: string) => void;
}

/** The bundled server as image and chart start it, in a control group with the chart's limit. It does not run yet. */
export async function prepareServer(options: ServerOptions): Promise<ServerProgram> {
  const { folder, name, identity, bundles, cgroups, enter, kubeconfig, stsEndpoint, onLine } = options;
  const rendering = identity === 'own authority' ? 'minimal' : 'existing-secret';
  const chart = await readChart('server', 'server', rendering);
  const mounts = await makeVolumes(options, chart.user);
  const compiled = join(folder, 'compiled');
  await makeFolder(compiled, chart.user);
  const image = await imageWords(bundles, 'server');
  const group = await cgroups.make({
    name,
    memoryBytes: chart.memoryLimitBytes,
    cpuWeight: PROGRAM_WEIGHT,
  });
  const changes = {
    kubeconfig,
    region: REGION,
    'role-base-arn': ROLE_BASE_ARN,
    'sts-endpoint': stsEndpoint,
    'agent-identity': 'attested',
    'status-socket': '/run/rolegate/server.sock',
  };
  const args = placedArgs(chart, changes, mounts);
  const program = createKeptProgram({
    command: [...group.enter, ...enter, ...asUser(chart.user), ...image.words, ...args],
    env: { ...image.env, NODE_COMPILE_CACHE: compiled, POD_NAMESPACE: SERVER_NAMESPACE, ...OWN_KEY },
    onLine,
  });
  return { ...program, chart, group };
}

function makeVolumes({ folder, identity }: ServerOptions, user: number): Promise<Mounts> {
  return identity === 'own authority'
    ? makeServerRun({ folder, user })
    : makeServerVolumes({ folder, user, ca: identity.ca });
}
