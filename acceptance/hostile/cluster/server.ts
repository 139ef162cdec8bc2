import type { TestCa } from '@rolegate/testing';
import type { Cgroups } from '../../cgroups/group.ts';
import { readChart } from '../../chart-programs/chart.ts';
import { prepareChartProgram, serverChanges } from '../../chart-programs/chart-program.ts';
import type { ChartProgram } from '../../chart-programs/chart-program.ts';
import type { Mounts } from '../../chart-programs/flags.ts';
import { makeServerRun, makeServerVolumes } from '../../chart-programs/volumes.ts';

/** The server's Namespace if it is its own authority. */
export const SERVER_NAMESPACE = 'rolegate';

/** The source of the server's certificate: files signed by this authority, or the server's own authority. */
export type ServerIdentity = { readonly ca: TestCa } | 'own authority';

export interface ServerOptions {
  /** An existing, empty folder. */
  readonly folder: string;
  /** Name of the control group. */
  readonly name: string;
  readonly identity: ServerIdentity;
  /** The folder with the bundled programs. */
  readonly bundles: string;
  readonly cgroups: Cgroups;
  /** The command that enters the network namespace. */
  readonly enter: readonly string[];
  readonly kubeconfig: string;
  readonly stsEndpoint: string;
  readonly onLine: (line: string) => void;
}

/** Prepares the bundled server as image and chart start it, in a control group with the chart's limit. */
export async function prepareServer(options: ServerOptions): Promise<ChartProgram> {
  const { identity } = options;
  const rendering = identity === 'own authority' ? 'minimal' : 'existing-secret';
  const chart = await readChart('server', 'server', rendering);
  return prepareChartProgram({
    ...options,
    image: 'server',
    chart,
    changes: serverChanges(options),
    mounts: await makeVolumes(options, chart.user),
    env: { POD_NAMESPACE: SERVER_NAMESPACE },
  });
}

function makeVolumes({ folder, identity }: ServerOptions, user: number): Promise<Mounts> {
  return identity === 'own authority'
    ? makeServerRun({ folder, user })
    : makeServerVolumes({ folder, user, ca: identity.ca });
}
