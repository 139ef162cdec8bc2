export interface Patience {
  /** Milliseconds. */
  readonly withinMs: number;
  /** How often it is looked. Milliseconds. */
  readonly everyMs: number;
}

/** Until the check holds: gives what it gives, and rejects with its last fault when the time is over. */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  { withinMs, everyMs }: Patience,
): Promise<Result> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
