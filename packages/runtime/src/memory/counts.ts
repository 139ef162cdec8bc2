/** How often each key was added and not removed again. A key with none takes no memory. */
export interface Counts<Key> {
  readonly add: (key: Key) => void;
  /** Returns how many are left. */
  readonly remove: (key: Key) => number;
  readonly of: (key: Key) => number;
}

export function createCounts<Key>(): Counts<Key> {
  const counts = new Map<Key, number>();
  const of = (key: Key) => counts.get(key) ?? 0;
  return {
    add(key) {
      counts.set(key, of(key) + 1);
    },
    remove(key) {
      const left = Math.max(0, of(key) - 1);
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
      return left;
    },
    of,
  };
}
