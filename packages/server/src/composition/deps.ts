import type { Clock, Log } from '@rolegate/runtime';
import type { ServerConfig } from '../config/server-config.ts';

/** What a server is given by whoever starts it. */
export interface ServerDeps {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of this replica, for Events and agents' logs. */
  readonly hostname: string;
  /** Of the flags, for the status. */
  readonly warnings?: readonly string[];
}
