export interface Patience {
  /** Milliseconds. */
  readonly withinMs: number;
  /** Between two attempts. Milliseconds. */
  readonly everyMs: number;
}

/** Repeats the check until it passes and returns its result. Rejects with its last error when the time is over. */
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
