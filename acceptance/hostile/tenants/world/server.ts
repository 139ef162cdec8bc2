import { join } from 'node:path';
import { REGION, ROLE_BASE_ARN } from '../../../../packages/sandbox/src/start-programs.ts';
import type { Cgroups, Group } from '../../node/cgroups.ts';
import { readChart } from '../../node/chart.ts';
import type { ChartContainer } from '../../node/chart.ts';
import { placedArgs } from '../../node/flags.ts';
import { createKeptProgram } from '../../node/kept-program.ts';
import type { KeptProgram } from '../../node/kept-program.ts';
import { asUser, imageWords, OWN_KEY, PROGRAM_WEIGHT } from '../../node/program-words.ts';
import { makeFolder, makeServerVolumes } from '../../node/volumes.ts';
import type { ServerVolumesOptions } from '../../node/volumes.ts';

/** The server under test, with what its chart says of it. */
export interface ServerProgram extends KeptProgram {
  readonly chart: ChartContainer;
  readonly group: Group;
}

export interface ServerOptions extends Pick<ServerVolumesOptions, 'ca'> {
  /** Exists and is empty. */
  readonly folder: string;
  /** Of its control group. */
  readonly name: string;
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
  const { folder, name, bundles, cgroups, enter, ca, kubeconfig, stsEndpoint, onLine } = options;
  const chart = await readChart('server', 'server');
  const mounts = await makeServerVolumes({ folder, ca, user: chart.user });
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
    env: { ...image.env, NODE_COMPILE_CACHE: compiled, ...OWN_KEY },
    onLine,
  });
  return { ...program, chart, group };
}
