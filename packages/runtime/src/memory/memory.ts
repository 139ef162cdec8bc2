import type { Clock } from '../time/clock.ts';
import { createRemembered } from './remembered.ts';
import type { Remembered, RememberedOptions } from './remembered.ts';

/** Everything that a program remembers under names that others choose, by a closed set of kinds. */
export interface Memory<Kind extends string> {
  /** Several memories of one kind are counted together. */
  readonly remember: <Value>(
    kind: Kind,
    options: Omit<RememberedOptions<Value>, 'clock'>,
  ) => Remembered<Value>;
  /** Adds something to `sizes` that has no time limit because it ends with its subject. */
  readonly count: (kind: Kind, size: () => number) => void;
  /** How many names of each kind are remembered. */
  readonly sizes: () => Readonly<Record<string, number>>;
}

export interface MemoryDeps {
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
}

/** What it creates must live as long as the program, because its sizes are read forever. */
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
