import { isNamedWith } from './rules/runbook.ts';
import type { Chapter } from './rules/runbook.ts';
import type { AlertFault, Round } from './fault.ts';
import type { Firing } from './world/alert-log.ts';

/** What one alert did during a fault. */
export interface FiredAlert {
  readonly alert: string;
  readonly fault: string;
  readonly firing: Pick<Firing, 'labels' | 'annotations'>;
  /** From the start of the fault. Milliseconds. */
  readonly firedAfterMs: number;
  /** From when the fault had been ended; 0 if the alert ended before. Milliseconds. */
  readonly endedAfterMs: number;
  /** Other alerts that fired during the fault, without those of other faults of the round. */
  readonly alsoFired: readonly string[];
}

/** By performance.now(). */
export interface FaultTimes {
  readonly startMs: number;
  readonly endMs: number;
}

interface FaultRun extends FaultTimes {
  /** What fired during the round. */
  readonly seen: readonly Firing[];
}

/**
 * Alerts that fired but that a person on call cannot explain: no links of the runbook lead to them from the first alert of a
 * fault, by way of alerts that fired. Each as a sentence.
 */
export function unexplainedAlerts(
  round: Round,
  fired: readonly string[],
  chapters: ReadonlyMap<string, Chapter>,
): string[] {
  const names = [...new Set(fired)];
  const explained = new Set(round.flatMap(({ alerts }) => [...linkedFrom(alerts[0] ?? '', names, chapters)]));
  const causes = round.map(({ alerts }) => alerts[0]).join(' or ');
  return names
    .filter((alert) => !explained.has(alert))
    .map((alert) => `${alert} also fires, and the runbook does not link it with ${causes}`);
}

function linkedFrom(
  first: string,
  names: readonly string[],
  chapters: ReadonlyMap<string, Chapter>,
): ReadonlySet<string> {
  const found = new Set([first]);
  // A set visits what is added meanwhile.
  for (const one of found) for (const other of names) if (isNamedWith(chapters, one, other)) found.add(other);
  return found;
}

/** The alerts of a fault of the round as they fired. Throws if one did not fire or did not end. */
export function firedAlerts(
  round: Round,
  { title, alerts }: AlertFault,
  { startMs, endMs, seen }: FaultRun,
): FiredAlert[] {
  const ofOthers = round.flatMap((other) => other.alerts).filter((alert) => !alerts.includes(alert));
  return alerts.map((alert) => {
    const first = seen.find((one) => one.alert === alert);
    const last = seen.findLast((one) => one.alert === alert);
    if (first === undefined) throw new Error(`${alert} has not fired`);
    if (last?.endedAtMs === undefined) throw new Error(`${alert} has not ended`);
    return {
      alert,
      fault: title,
      firing: { labels: first.labels, annotations: first.annotations },
      firedAfterMs: first.firedAtMs - startMs,
      endedAfterMs: Math.max(0, last.endedAtMs - endMs),
      alsoFired: [...new Set(seen.map((one) => one.alert))].filter(
        (one) => one !== alert && !ofOthers.includes(one),
      ),
    };
  });
}
