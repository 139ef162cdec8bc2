/** The phases of a run, by the times at which they end after its start. Milliseconds. */
export interface Phases {
  /** Churn and all faults, which also fills what the programs remember. */
  readonly stormEndsMs: number;
  /** No churn and no faults. At its end the levels to which everything must return are measured. */
  readonly pauseEndsMs: number;
  /** Churn, and the faults that end no process. */
  readonly churnEndsMs: number;
  /** No churn and no faults. */
  readonly calmEndsMs: number;
  /** Memory is judged from then until the end of the churn. Undefined: the run is too short for that. */
  readonly judgedFromMs: number | undefined;
}

const MINUTE_MS = 60_000;
/** A restarted program needs several seconds to recover, and connections and some names end after up to 20 s. */
const LEAST_MS = { storm: 40_000, pause: 25_000, calm: 25_000 };
const SHARE = { storm: 0.1, pause: 0.03, calm: 0.05 };
/**
 * After the last restart of a program. What is remembered for ten minutes has then been filled for most of them, and V8 has
 * compiled what is used.
 */
const WARM_UP_MS = 8 * MINUTE_MS;
/** With windows of half a minute, an error well below the limit. */
const LEAST_JUDGED_MS = 10.5 * MINUTE_MS;

export function phasesOf(minutes: number): Phases {
  const calmEndsMs = minutes * MINUTE_MS;
  const lengthOf = (phase: keyof typeof SHARE) => Math.max(LEAST_MS[phase], calmEndsMs * SHARE[phase]);
  const stormEndsMs = lengthOf('storm');
  const pauseEndsMs = stormEndsMs + lengthOf('pause');
  const churnEndsMs = calmEndsMs - lengthOf('calm');
  const judgedFromMs = stormEndsMs + WARM_UP_MS;
  return {
    stormEndsMs,
    pauseEndsMs,
    churnEndsMs,
    calmEndsMs,
    judgedFromMs: churnEndsMs - judgedFromMs >= LEAST_JUDGED_MS ? judgedFromMs : undefined,
  };
}
