import type { TimerDelay, ProbeResult } from '../../clients/calls.ts';
import type { ProgramObservations } from '../../watch/observations.ts';
import type { FeedsResult, Times } from '../calls.ts';

/** Observations from the start of an attack until shortly after its end. */
export interface ServerObservations {
  /** Time from the write of a permit or role to the decision at the agent. */
  readonly changes: Times;
  /** Time from the write of a Pod with a new role to its credentials at the agent. */
  readonly newPods: Times;
  readonly feeds: FeedsResult;
  readonly durationMs: number;
  /** The expected number of sessions. */
  readonly sessions: number;
  readonly probes: readonly ProbeResult[];
  readonly timerDelay: TimerDelay;
  readonly server: ProgramObservations;
  /** Memory of the server at the end. */
  readonly afterBytes: number;
  readonly loggedBytes: number;
  /** The share of the CPU time that the server needed and got: below 1 on a busy machine. */
  readonly cpuShare: number;
}
