import type { ActiveAlert, Labels, PrometheusApi } from '../../prometheus/prometheus-api.ts';

/** How often Prometheus is asked. Milliseconds. */
const EVERY_MS = 250;

/** An alert from the time that Prometheus says it is firing until it no longer does. */
export interface Firing {
  readonly alert: string;
  readonly labels: Labels;
  /** As expanded by Prometheus when it began to fire. */
  readonly annotations: Labels;
  readonly firedAtMs: number;
  /** Undefined while it is firing. */
  readonly endedAtMs: number | undefined;
}

/** Keeps what fires, by performance.now(). */
export interface AlertLog {
  /** Everything that was firing at this time or later. */
  readonly since: (ms: number) => readonly Firing[];
  readonly firing: () => readonly Firing[];
}

/** Asks Prometheus for its alerts until the signal aborts. */
export function followAlerts(prometheus: Pick<PrometheusApi, 'alerts'>, signal: AbortSignal): AlertLog {
  let all: readonly Firing[] = [];
  async function follow(): Promise<void> {
    while (!signal.aborted) {
      // A failed request says nothing about the alerts.
      const alerts = await prometheus.alerts().catch(() => undefined);
      if (alerts !== undefined) all = updated(all, alerts, performance.now());
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
  void follow();
  const firing = () => all.filter(({ endedAtMs }) => endedAtMs === undefined);
  return {
    since: (ms) => all.filter(({ endedAtMs = Infinity }) => endedAtMs >= ms),
    firing,
  };
}

/** The log after Prometheus has answered with these alerts. */
export function updated(
  all: readonly Firing[],
  alerts: readonly ActiveAlert[],
  nowMs: number,
): readonly Firing[] {
  const firing = new Map(alerts.filter(({ state }) => state === 'firing').map((one) => [keyOf(one), one]));
  const kept = all.map((one) => {
    if (one.endedAtMs !== undefined || firing.delete(keyOf(one))) return one;
    return { ...one, endedAtMs: nowMs };
  });
  const begun = [...firing.values()].map(({ labels, annotations }) => ({
    alert: labels['alertname'] ?? '',
    labels,
    annotations,
    firedAtMs: nowMs,
    endedAtMs: undefined,
  }));
  return [...kept, ...begun];
}

function keyOf({ labels }: { readonly labels: Labels }): string {
  return JSON.stringify(Object.entries(labels).sort());
}
