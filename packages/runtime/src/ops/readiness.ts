/** A condition for the program to be ready. */
export interface ReadyCheck {
  readonly name: string;
  /** Returns true, or why it is not ready. Must be quick. */
  ready(): boolean | string;
  /** Only shown in `?verbose`, because faults elsewhere (own credentials, the peer) must not change readiness. */
  readonly informative?: boolean;
}

/** 200 if all checks that count are ready, else 503 with the names of the others. Verbose adds a line per check. */
export function readiness(checks: readonly ReadyCheck[], verbose: boolean): { status: number; body: string } {
  const outcomes = checks.map((check) => ({ check, outcome: outcomeOf(check) }));
  const missing = outcomes.filter(({ check, outcome }) => check.informative !== true && outcome !== true);
  const verdict =
    missing.length === 0 ? 'ok' : `not ready: ${missing.map(({ check }) => check.name).join(', ')}`;
  const lines = verbose ? outcomes.map(({ check, outcome }) => lineOf(check, outcome)) : [];
  return { status: missing.length === 0 ? 200 : 503, body: `${[...lines, verdict].join('\n')}\n` };
}

/** A check that throws is not ready and does not end the process. */
function outcomeOf(check: ReadyCheck): boolean | string {
  try {
    return check.ready();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Formatted like kube-apiserver's `/readyz?verbose`. */
function lineOf({ name, informative }: ReadyCheck, outcome: boolean | string): string {
  if (outcome === true) return `[+]${name} ok`;
  return `[${informative === true ? '!' : '-'}]${name} ${outcome === false ? 'not ready' : outcome}`;
}
