/** One thing that must be so before the program is ready. */
export interface ReadyCheck {
  readonly name: string;
  /** True when it is; a text says why it is not. Must be quick. */
  ready(): boolean | string;
  /** Shown in `?verbose`, never counted: what is wrong elsewhere (own credentials, the other side) must not flap readiness. */
  readonly informative?: boolean;
}

/** 200 when all checks that count say so, else 503 with the names of those that do not; verbose: a line each. */
export function readiness(checks: readonly ReadyCheck[], verbose: boolean): { status: number; body: string } {
  const outcomes = checks.map((check) => ({ check, outcome: outcomeOf(check) }));
  const missing = outcomes.filter(({ check, outcome }) => check.informative !== true && outcome !== true);
  const verdict =
    missing.length === 0 ? 'ok' : `not ready: ${missing.map(({ check }) => check.name).join(', ')}`;
  const lines = verbose ? outcomes.map(({ check, outcome }) => lineOf(check, outcome)) : [];
  return { status: missing.length === 0 ? 200 : 503, body: `${[...lines, verdict].join('\n')}\n` };
}

/** A check that throws is not ready: it must not take the process with it. */
function outcomeOf(check: ReadyCheck): boolean | string {
  try {
    return check.ready();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The form of kube-apiserver's `/readyz?verbose`. */
function lineOf({ name, informative }: ReadyCheck, outcome: boolean | string): string {
  if (outcome === true) return `[+]${name} ok`;
  return `[${informative === true ? '!' : '-'}]${name} ${outcome === false ? 'not ready' : outcome}`;
}
