/** A value of a list, and since when it is no longer on it. */
export interface Retained<Value> {
  readonly value: Value;
  /** Monotonic milliseconds; undefined while it is listed. */
  readonly leftAtMs: number | undefined;
}

/**
 * The listed values, and those that left the list less than `forMs` ago: API servers are restarted one after the other, and each
 * lists only what it knows.
 */
export function retain<Value>(
  former: ReadonlyMap<string, Retained<Value>>,
  listed: ReadonlyMap<string, Value>,
  { nowMs, forMs }: { readonly nowMs: number; readonly forMs: number },
): ReadonlyMap<string, Retained<Value>> {
  const now = new Map<string, Retained<Value>>();
  for (const [key, value] of listed) now.set(key, { value, leftAtMs: undefined });
  for (const [key, { value, leftAtMs = nowMs }] of former)
    if (!now.has(key) && nowMs - leftAtMs < forMs) now.set(key, { value, leftAtMs });
  return now;
}
