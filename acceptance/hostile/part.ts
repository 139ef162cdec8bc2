import type { Outcome, Row } from '@rolegate/testing';

export interface PlayOptions {
  /** Titles of the steps to play. */
  readonly only: RegExp;
  /** How much longer than its own time an attack lasts. */
  readonly stretch: number;
  /** The folder of the programs under test. */
  readonly bundles: string;
  readonly print: (line: string) => void;
  /** Ends the suite. */
  readonly signal: AbortSignal;
}

/** Attacks that have one world in common. */
export interface Part {
  /** Of the markers between which a report has its table. */
  readonly report: string;
  /** How many of the steps have such titles. */
  readonly matching: (only: RegExp) => number;
  readonly head: Row;
  readonly play: (options: PlayOptions) => Promise<PlayedPart>;
}

export interface PlayedPart {
  readonly outcome: Outcome;
  readonly rows: readonly Row[];
}
