import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Part } from '../step.ts';

/** It reaches into the sources of both programs, as tests may: it is run from its own source. */
const SCRIPT = fileURLToPath(new URL('../../../packages/sandbox/test/churn-day-main.ts', import.meta.url));
/** Of its process, on a machine that does other things. Milliseconds. */
const TIMEOUT_MS = 180_000;

/** R2. Milliseconds. */
const LEAST_LIFE_MS = 25 * 60_000;
/**
 * From these hours to the last: at first V8 still compiles, later six Pods a minute that each left a hundred bytes behind would show.
 * Bytes.
 */
const MOST_GROWTH = [
  { fromHour: 2, bytes: 2 * 1024 * 1024 },
  { fromHour: 8, bytes: 400 * 1024 },
] as const;

interface Figures {
  readonly hour: number;
  readonly pods: number;
  readonly heldSessions: number;
  readonly claimedSessions: number;
  readonly timers: number;
  readonly stsCalls: number;
  readonly heapBytes: number;
}

interface ChurnDay {
  readonly figures: readonly Figures[];
  readonly leastMs: number;
  readonly documents: number;
  readonly expired: number;
  readonly podsPassed: number;
}

export const dayOfChurn: Part = {
  name: 'day',
  title: 'A day of virtual time, with Pods that come and go',
  async play({ print }) {
    const flags = ['--expose-gc', '--conditions=development', '--no-warnings', SCRIPT];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: TIMEOUT_MS });
    const day = JSON.parse(stdout) as ChurnDay;
    const faults = faultsOf(day);
    const rows = day.figures.map((one) => [
      String(one.hour),
      ...[one.pods, one.heldSessions, one.claimedSessions, one.timers, one.stsCalls].map(String),
      `${(one.heapBytes / 1024 / 1024).toFixed(1)} MB`,
    ]);
    for (const row of rows) print(row.join(' | '));
    const notes = [
      `${day.podsPassed} Pods passed; they were given ${day.documents} documents, of which ${day.expired} had expired; the least ` +
        `life left was ${(day.leastMs / 60_000).toFixed(1)} minutes.`,
    ];
    const told = notes.join(' ');
    print(told, faults);
    const head = ['hour', 'Pods', 'sessions held by the agent', 'claimed at the server', 'timers'];
    return { head: [...head, 'AssumeRole so far', 'heap after collection'], rows, faults, notes };
  },
};

function faultsOf({ figures, leastMs, expired, documents }: ChurnDay): string[] {
  const [first, last] = [figures[0], figures.at(-1)];
  if (first === undefined || last === undefined || documents === 0) return ['the day was not played'];
  const grown = (['pods', 'heldSessions', 'claimedSessions', 'timers'] as const).filter(
    (what) => last[what] > first[what] * 1.1,
  );
  const fat = MOST_GROWTH.flatMap(({ fromHour, bytes }) => {
    const growth = last.heapBytes - (figures.find(({ hour }) => hour === fromHour)?.heapBytes ?? 0);
    return growth > bytes
      ? [`the heap has grown by ${Math.round(growth / 1024)} kB since hour ${fromHour}`]
      : [];
  });
  return [
    ...grown.map(
      (what) => `${what}: ${first[what]} at hour ${first.hour}, ${last[what]} at hour ${last.hour}`,
    ),
    ...fat,
    ...(expired > 0 ? [`${expired} documents had expired`] : []),
    ...(leastMs < LEAST_LIFE_MS ? [`a document with ${(leastMs / 60_000).toFixed(1)} minutes left`] : []),
  ];
}
