import type { Outcome } from '@rolegate/testing';

export interface RunOptions {
  /** Pattern for the titles of the steps to run. */
  readonly only: RegExp;
  /** The path of Prometheus. */
  readonly prometheus: string;
  /** The folder for pages and pictures. Undefined: nothing is written. */
  readonly report: string | undefined;
  readonly print: (line: string) => void;
  /** Ends the suite. */
  readonly signal: AbortSignal;
}

/** Steps that share a world. */
export interface Part {
  /** The value for --part. */
  readonly name: string;
  readonly run: (options: RunOptions) => Promise<Outcome>;
}
