/** Lets a number of callers act at a time, in the order in which they came. */
export interface Turns {
  /** Resolves when it is the caller's turn, with what ends it. */
  readonly take: () => Promise<() => void>;
}

export function createTurns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let acting = 0;

  return {
    async take() {
      if (acting < most) acting += 1;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const next = waiting.shift();
        if (next === undefined) acting -= 1;
        else next();
      };
    },
  };
}
