import type { Clock } from '../time/clock.ts';
import { createRemembered } from './remembered.ts';
import type { Remembered, RememberedOptions } from './remembered.ts';

/** All that a program remembers by names that others choose, each kind under a word of a closed set. */
export interface Memory<Kind extends string> {
  /** Several of one kind are counted together. */
  readonly remember: <Value>(
    kind: Kind,
    options: Omit<RememberedOptions<Value>, 'clock'>,
  ) => Remembered<Value>;
  /** What has no time because it ends with what it is about. */
  readonly count: (kind: Kind, size: () => number) => void;
  /** How many names of each kind are remembered now. */
  readonly sizes: () => Readonly<Record<string, number>>;
}

export interface MemoryDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
}

/** What is made by it is to live as long as the program: its sizes are asked for ever. */
export function createMemory<Kind extends string>({ clock }: MemoryDeps): Memory<Kind> {
  const counted: { readonly kind: Kind; readonly size: () => number }[] = [];

  function count(kind: Kind, size: () => number): void {
    counted.push({ kind, size });
  }

  return {
    count,
    remember(kind, options) {
      const remembered = createRemembered({ clock, ...options });
      count(kind, () => remembered.size);
      return remembered;
    },
    sizes() {
      const sizes: Record<string, number> = {};
      for (const { kind, size } of counted) sizes[kind] = (sizes[kind] ?? 0) + size();
      return sizes;
    },
  };
}
