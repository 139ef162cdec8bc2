import { REGION, ROLE_BASE_ARN } from '@rolegate/sandbox';
import type { Cgroups, Group } from '../cgroups/group.ts';
import { createKeptProgram } from '../processes/kept-program.ts';
import type { KeptProgram } from '../processes/kept-program.ts';
import type { ChartContainer } from './chart.ts';
import { placedArgs } from './flags.ts';
import type { FlagChanges, Mounts } from './flags.ts';
import { asUser, imageWords, OWN_KEY } from './program-words.ts';
import type { Image } from './program-words.ts';

/** Keeps enough CPU for a program during an attack: the charts request CPU too. */
const CPU_WEIGHT = 200;

/** A program under test with its container in the chart. */
export interface ChartProgram extends KeptProgram {
  readonly chart: ChartContainer;
  readonly group: Group;
}

export interface ChartProgramOptions {
  /** Name of the control group. */
  readonly name: string;
  readonly image: Image;
  readonly chart: ChartContainer;
  /** The folder with the bundled programs. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  /** The command that enters the network namespace. */
  readonly enter: readonly string[];
  readonly changes: FlagChanges;
  readonly mounts: Mounts;
  /** Added to the variables of the image. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** Prepares a bundled program as image and chart start it, in a control group with the chart's limit. Does not start it. */
export async function prepareChartProgram(options: ChartProgramOptions): Promise<ChartProgram> {
  const { name, image, chart, bundles, cgroups, enter, changes, mounts, env, onLine } = options;
  const { words, env: imageEnv } = await imageWords(bundles, image);
  const group = await cgroups.make({ name, memoryBytes: chart.memoryLimitBytes, cpuWeight: CPU_WEIGHT });
  const program = createKeptProgram({
    command: [
      ...group.enter,
      ...enter,
      ...asUser(chart.user),
      ...words,
      ...placedArgs(chart, changes, mounts),
    ],
    env: { ...imageEnv, ...(image === 'server' && OWN_KEY), ...env },
    onLine,
  });
  return { ...program, chart, group };
}

/** Changes to the server's flags in the chart. */
export function serverChanges(endpoints: {
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
}): FlagChanges {
  return {
    kubeconfig: endpoints.kubeconfig,
    region: REGION,
    'role-base-arn': ROLE_BASE_ARN,
    'sts-endpoint': endpoints.stsEndpoint,
    'agent-identity': 'attested',
    'status-socket': '/run/rolegate/server.sock',
  };
}
