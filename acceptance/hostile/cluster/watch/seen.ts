import type { Lateness, ProbeSeen } from '../../clients/orders.ts';
import type { ProgramSeen } from '../../watch/seen.ts';
import type { FeedsSeen, Times } from '../orders.ts';

/** What the honest met from the beginning of an attack until two seconds after its end. */
export interface ServerSeen {
  /** From the write of a permit or a role to the decision at the agent. */
  readonly changes: Times;
  /** From the write of a Pod whose role nobody has had to its credentials at the agent. */
  readonly newcomers: Times;
  readonly feeds: FeedsSeen;
  /** From the beginning to the end. Milliseconds. */
  readonly lastedMs: number;
  /** How many sessions there are to be held. */
  readonly sessions: number;
  readonly probes: readonly ProbeSeen[];
  readonly late: Lateness;
  readonly server: ProgramSeen;
  /** At the end. Bytes. */
  readonly afterBytes: number;
  readonly loggedBytes: number;
  /** Of the time in which the server wanted the CPU, the share in which it had it: under 1 if the machine is busy. */
  readonly cpuShare: number;
}
