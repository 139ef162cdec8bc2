/** Numbers for states of objects: two states have the same number only if a decision reads the same in both. */
export interface States {
  readonly of: (object: object) => number;
  /** The object is in a new state, in which a decision reads what it read in `former`. */
  readonly carry: (former: object, object: object) => void;
}

/**
 * A decision is remembered by the numbers of what it was made on: keeping the objects themselves would hold their former
 * texts, of each Pod another one.
 */
export function createStates(): States {
  const numbers = new WeakMap<object, number>();
  let last = 0;

  function of(object: object): number {
    const known = numbers.get(object);
    if (known !== undefined) return known;
    numbers.set(object, ++last);
    return last;
  }

  return {
    of,
    carry(former, object) {
      numbers.set(object, of(former));
    },
  };
}
