import type { Row } from './table.ts';

/** One thing that is shown: what was seen, and what of it must not be. */
export interface Shown {
  readonly row: Row;
  readonly found: readonly string[];
}
