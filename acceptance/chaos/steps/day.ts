import { fileURLToPath } from 'node:url';
import { outputOf } from '@rolegate/testing';
import type { Row } from '@rolegate/testing';
import { addRows } from '../step.ts';
import type { ChaosStep } from '../step.ts';

/** Run from its sources, because it imports sources of both programs. */
const SCRIPT = fileURLToPath(new URL('../../../packages/sandbox/test/churn-day-main.ts', import.meta.url));
/** Covers a busy machine. Milliseconds. */
const TIMEOUT_MS = 180_000;

/** Compiled code varies by 300 kB of heap between runs. */
const NOT_COMPILED = ['--no-opt', '--no-maglev', '--no-sparkplug'];

/** R2. Milliseconds. */
const LEAST_LIFE_MS = 25 * 60_000;
/**
 * Allowed growth from these hours to the last. At first caches fill; later, a leak of a hundred bytes per Pod would show at six
 * Pods a minute.
 */
const MOST_GROWTH = [
  { fromHour: 2, bytes: 2 * 1024 * 1024 },
  { fromHour: 8, bytes: 400 * 1024 },
] as const;

interface Figures {
  readonly hour: number;
  readonly pods: number;
  readonly cachedSessions: number;
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

export const dayHead: Row = [
  'hour',
  'Pods',
  'sessions cached by the agent',
  'sessions at the server',
  'timers',
  'AssumeRole so far',
  'heap after collection',
];

const title = 'After a day of short-lived Pods, no state has grown and no document had expired';

export const dayStep: ChaosStep = {
  title,
  async run(world) {
    const flags = ['--expose-gc', ...NOT_COMPILED, '--conditions=development', '--no-warnings', SCRIPT];
    const day = JSON.parse(
      await outputOf([process.execPath, ...flags], { env: process.env, timeoutMs: TIMEOUT_MS }),
    ) as ChurnDay;
    const rows = day.figures.map(
      ({ hour, pods, cachedSessions, claimedSessions, timers, stsCalls, heapBytes }) => [
        String(hour),
        String(pods),
        String(cachedSessions),
        String(claimedSessions),
        String(timers),
        String(stsCalls),
        `${(heapBytes / 1024 / 1024).toFixed(1)} MB`,
      ],
    );
    const note =
      `${day.podsPassed} Pods got ${day.documents} documents, of which ${day.expired} had expired. The shortest life left was ` +
      `${(day.leastMs / 60_000).toFixed(1)} minutes.`;
    world.notes.push(note);
    addRows(world, { title, rows, problems: problemsOf(day) });
    return note;
  },
};

function problemsOf({ figures, leastMs, expired, documents }: ChurnDay): string[] {
  const [first, last] = [figures[0], figures.at(-1)];
  if (first === undefined || last === undefined || documents === 0) return ['the day was not simulated'];
  const grown = (['pods', 'cachedSessions', 'claimedSessions', 'timers'] as const).filter(
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
