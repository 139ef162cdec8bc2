import { parseArgs } from 'node:util';
import { againstOptions, endpointsOf } from './against/endpoint.ts';
import type { Endpoint } from './against/endpoint.ts';

/** The parts of the benchmark, in the order in which they run. */
export const partNames = [
  'exec',
  'warm',
  'by-token',
  'new-pod',
  'sessions',
  'budget',
  'server',
  'logs',
  'node',
  'scale',
] as const;
export type PartName = (typeof partNames)[number];

/** Only runs if it is named: it takes 20 minutes and 8 GB. */
const ON_REQUEST: PartName = 'scale';

export const USAGE = `npm run bench [-- OPTION...]

Measures the performance goals with the bundles and the flags of the images. All traffic is on loopback, except for the part "node",
which needs root and uses isolated network namespaces. The exit code says whether everything could be measured, not how fast it was.
  --only NAME      only this part, repeatable: ${partNames.join(', ')}
  --rounds N       rounds of each part; compared programs take turns within a round (3)
  --quick          one round with small numbers: checks that the benchmark works, measures nothing
  --report FILE    also writes the table between the markers of this file: docs/figures/bench.md
  --bundles DIR    the folder with the bundles, e.g. of another commit (dist/bundle)
  --server-flag F  additional Node.js flag for the server, repeatable; not in the part "node"
  --agent-flag F   the same for the agent
  --cpu-prof DIR   writes a CPU profile of each program, except for the part "node"; distorts the figures
  --nodes N        nodes of the simulated cluster in the part "scale", repeatable, each with 30 Pods (5000). This part takes 20
                   minutes and 8 GB and only runs if it is named
  --idle-seconds N how long the part "node" observes an idle node (60; use 600 for published figures)
  --against URL    also measures another metadata endpoint in the part "warm", repeatable: http://127.0.0.1:8181.
                   Only addresses in 127.0.0.0/8. The options below belong to the URL before them:
  --against-path PATH       path to request; by default credentials of the role that it lists
  --against-source ADDRESS  send requests from this address only; by default from those of all Pods
  --against-pid PID         process whose CPU time is measured`;

export interface Options {
  readonly only: readonly PartName[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly report: string | undefined;
  readonly bundles: string;
  /** Node.js flags in addition to those of the image. */
  readonly moreFlags: Readonly<Record<'agent' | 'server', readonly string[]>>;
  readonly cpuProf: string | undefined;
  readonly idleSeconds: number;
  /** The clusters of the part "scale". */
  readonly nodes: readonly number[];
  readonly against: readonly Endpoint[];
}

const QUICK_IDLE_SECONDS = 2;
const QUICK_NODES = 20;

/** Throws if an option is invalid. */
export function parseOptions(words: readonly string[]): Options {
  const { values, tokens } = parseArgs({
    args: [...words],
    tokens: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
      report: { type: 'string' },
      bundles: { type: 'string', default: 'dist/bundle' },
      'server-flag': { type: 'string', multiple: true, default: [] },
      'agent-flag': { type: 'string', multiple: true, default: [] },
      'cpu-prof': { type: 'string' },
      'idle-seconds': { type: 'string', default: '60' },
      nodes: { type: 'string', multiple: true, default: ['5000'] },
      against: { type: 'string', multiple: true },
      'against-path': { type: 'string', multiple: true },
      'against-source': { type: 'string', multiple: true },
      'against-pid': { type: 'string', multiple: true },
    },
  });
  const { quick, report, bundles, 'cpu-prof': cpuProf } = values;
  const only = partsOf(values.only);
  const against = endpointsOf(
    tokens.flatMap((token) => {
      if (token.kind !== 'option') return [];
      const name = againstOptions.find((option) => option === token.name);
      return name === undefined ? [] : [{ name, value: token.value ?? '' }];
    }),
  );
  if (against.length > 0 && !only.includes('warm')) throw new Error('--against needs the part "warm"');
  const rounds = wholeNumber('rounds', values.rounds);
  const idleSeconds = wholeNumber('idle-seconds', values['idle-seconds']);
  return {
    only,
    rounds: quick ? 1 : rounds,
    quick,
    report,
    bundles,
    moreFlags: { agent: values['agent-flag'], server: values['server-flag'] },
    cpuProf,
    idleSeconds: quick ? QUICK_IDLE_SECONDS : idleSeconds,
    nodes: quick ? [QUICK_NODES] : values.nodes.map((value) => wholeNumber('nodes', value)),
    against,
  };
}

/** In the order in which they run. If none is named, all but the one on request. */
function partsOf(names: readonly string[]): PartName[] {
  for (const name of names)
    if (!partNames.some((known) => known === name))
      throw new Error(`--only ${name}: there is ${partNames.join(', ')}`);
  return partNames.filter((name) => (names.length === 0 ? name !== ON_REQUEST : names.includes(name)));
}

function wholeNumber(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${flag} ${value}: not a whole number from 1`);
  return number;
}
