import type { Clock, Log } from '@rolegate/runtime';
import type { ServerConfig } from '../config/server-config.ts';

/** The dependencies of a server. */
export interface ServerDeps {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The name of this replica, for Events and agents' logs. */
  readonly hostname: string;
  /** Warnings about flags, for the status. */
  readonly warnings?: readonly string[];
}
