import type { PodLogLine } from '../cluster/pod-log.ts';
import type { LogSource } from './entry.ts';

export interface ReadOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly sinceSeconds?: number | undefined;
  readonly sinceTime?: string | undefined;
}

/** Reads the log of a container in batches of lines. In tests it is in memory. */
export type ReadLog = (source: LogSource, options: ReadOptions) => AsyncIterable<readonly PodLogLine[]>;
