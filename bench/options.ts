import { parseArgs } from 'node:util';
import { actNames } from './acts/names.ts';
import type { ActName } from './acts/names.ts';

export const USAGE = `npm run bench [-- OPTION...]

Measures what the product promises in numbers, on the bundles and with the flags of the images, on loopback only.
The exit code says whether it could be measured, never how fast it was.
  --only NAME      only this part, repeatable: ${actNames.join(', ')}
  --rounds N       of each part; what is compared takes turns within a round (3)
  --quick          one round of everything with small numbers: shows that it works, measures nothing
  --report FILE    puts the table between the markers of this file as well
  --bundles DIR    where agent.cjs and server.cjs are, e.g. of another commit (dist/bundle)
  --server-flag F  one more of Node's for the server, repeatable: what would it change?
  --agent-flag F   the same for the agent
  --cpu-prof DIR   writes a CPU profile of each program of the product; the numbers are no good then`;

export interface Options {
  readonly only: readonly ActName[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly report: string | undefined;
  readonly bundles: string;
  /** Of Node, beside the image's. */
  readonly moreFlags: Readonly<Record<'agent' | 'server', readonly string[]>>;
  readonly cpuProf: string | undefined;
}

/** What was asked for, or undefined where it cannot be done. Throws on a flag that is not known. */
export function parseOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
      report: { type: 'string' },
      bundles: { type: 'string', default: 'dist/bundle' },
      'server-flag': { type: 'string', multiple: true, default: [] },
      'agent-flag': { type: 'string', multiple: true, default: [] },
      'cpu-prof': { type: 'string' },
    },
  });
  const { only, quick, report, bundles, 'cpu-prof': cpuProf } = values;
  const rounds = quick ? 1 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) return undefined;
  const names = only.map((name) => actNames.find((known) => known === name));
  if (names.includes(undefined)) return undefined;
  const wanted = actNames.filter((name) => names.length === 0 || names.includes(name));
  const moreFlags = { agent: values['agent-flag'], server: values['server-flag'] };
  return { only: wanted, rounds, quick, report, bundles, moreFlags, cpuProf };
}
