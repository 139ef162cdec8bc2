/** Bounds cyclic causes. */
const DEEPEST_CAUSE = 8;

/** Describes an error and its causes in one line. Other values are converted to strings. */
export function describeError(error: unknown): string {
  return describeTo(DEEPEST_CAUSE, error);
}

function describeTo(depth: number, error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (depth === 0) return error.message;
  if (error instanceof AggregateError) {
    const parts = [error.message, ...error.errors.map((one) => describeTo(depth - 1, one))];
    return parts.filter((part) => part !== '').join('; ');
  }
  return error.cause === undefined
    ? error.message
    : `${error.message}: ${describeTo(depth - 1, error.cause)}`;
}
