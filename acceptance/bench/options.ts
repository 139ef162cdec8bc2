import { parseArgs } from 'node:util';
import { againstOptions, endpointsOf } from './against/endpoint.ts';
import type { Endpoint } from './against/endpoint.ts';

/** The parts of the benchmark, in the order in which they run. */
export const partNames = ['exec', 'warm', 'new-pod', 'sessions', 'budget', 'server', 'node'] as const;
export type PartName = (typeof partNames)[number];

export const USAGE = `npm run bench [-- OPTION...]

Measures what the product promises in numbers, on the bundles and with the flags of the images. It talks on loopback only, and for the
part "node", which needs root, in network namespaces that lead nowhere. The exit code says whether it could be measured, never how fast it was.
  --only NAME      only this part, repeatable: ${partNames.join(', ')}
  --rounds N       of each part; what is compared takes turns within a round (3)
  --quick          one round of everything with small numbers: shows that it works, measures nothing
  --report FILE    also writes the table between the markers of this file: docs/figures/bench.md
  --bundles DIR    where agent.cjs and server.cjs are, e.g. of another commit (dist/bundle)
  --server-flag F  another flag of Node for the server, repeatable: what would it change? Not in the part "node"
  --agent-flag F   the same for the agent
  --cpu-prof DIR   writes a CPU profile of each program, but for the part "node"; the numbers are no good then
  --idle-seconds N how long the part "node" watches an idle node (60; 600 for a figure to quote)
  --against URL    measures another metadata endpoint too, in the part "warm", repeatable: http://127.0.0.1:8181.
                   Only addresses of 127.0.0.0/8. The options below belong to the URL before them:
  --against-path PATH       what to ask it for; by default the role that it lists
  --against-source ADDRESS  ask from this address only; by default from those of all Pods
  --against-pid PID         whose CPU time counts as its own`;

export interface Options {
  readonly only: readonly PartName[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly report: string | undefined;
  readonly bundles: string;
  /** Of Node, beside the image's. */
  readonly moreFlags: Readonly<Record<'agent' | 'server', readonly string[]>>;
  readonly cpuProf: string | undefined;
  readonly idleSeconds: number;
  readonly against: readonly Endpoint[];
}

const QUICK_IDLE_SECONDS = 2;

/** What was asked for. Throws on what cannot be done, with the reason as its message. */
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
    against,
  };
}

/** In the order of the run; all of them if none is named. */
function partsOf(names: readonly string[]): PartName[] {
  for (const name of names)
    if (!partNames.some((known) => known === name))
      throw new Error(`--only ${name}: there is ${partNames.join(', ')}`);
  return partNames.filter((name) => names.length === 0 || names.includes(name));
}

function wholeNumber(flag: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${flag} ${value}: not a whole number from 1`);
  return number;
}
