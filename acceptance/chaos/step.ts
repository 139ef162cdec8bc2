import type { Row } from './table.ts';

export interface PartOptions {
  /** A line as the part goes on, and what is wrong about it. */
  readonly print: (line: string, faults?: readonly string[]) => void;
  /** Of what a part plays, that which matches. */
  readonly only: RegExp;
  /** Flags that keep the agent's state over its restart; undefined where it knows none. */
  readonly agentFlags?: (folder: string) => readonly string[];
  /** Nothing more is begun. */
  readonly signal: AbortSignal;
}

export interface PartOutcome {
  readonly head: Row;
  readonly rows: readonly Row[];
  /** Bounds that are broken. */
  readonly faults: readonly string[];
  /** Below the table. */
  readonly notes?: readonly string[];
}

/** Something that is shown, with a table of its own. */
export interface Part {
  readonly name: string;
  readonly title: string;
  play(options: PartOptions): Promise<PartOutcome>;
}
