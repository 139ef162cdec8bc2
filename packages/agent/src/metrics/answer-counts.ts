/** The labels of one answer; each from a closed set. */
export interface AnswerLabels {
  readonly route: string;
  readonly status: number;
  /** '' for success. */
  readonly reason: string;
}

export interface AnswerCounts {
  readonly add: (labels: AnswerLabels) => void;
  readonly all: () => readonly (readonly [labels: AnswerLabels, count: number])[];
}

/** How many answers there were, by their labels. A counter of the metrics library takes ten times as long for each. */
export function createAnswerCounts(): AnswerCounts {
  const routes = new Map<string, Map<number, Map<string, number>>>();

  return {
    add({ route, status, reason }) {
      let statuses = routes.get(route);
      if (statuses === undefined) routes.set(route, (statuses = new Map<number, Map<string, number>>()));
      let reasons = statuses.get(status);
      if (reasons === undefined) statuses.set(status, (reasons = new Map<string, number>()));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    },
    all: () =>
      [...routes].flatMap(([route, statuses]) =>
        [...statuses].flatMap(([status, reasons]) =>
          [...reasons].map(([reason, count]) => [{ route, status, reason }, count] as const),
        ),
      ),
  };
}
