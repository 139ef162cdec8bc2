import type { Recover } from '../../chaos/port-faults.ts';
import type { Reconcile } from '../../chaos/reconcile.ts';
import type { RunningWorld } from '../../chaos/running-worlds.ts';

/** A healthy system with running Pods. */
export interface SoakWorld extends Pick<RunningWorld, 'world' | 'running'> {
  /** Undefined if this machine cannot run it. */
  readonly reconcile: Reconcile | undefined;
}

export interface SoakFault {
  readonly name: string;
  /** Milliseconds. */
  readonly longestMs: number;
  /** It ends a process. */
  readonly restarts: boolean;
  /** Failures of running Pods that the promises allow until the system has recovered. By default none. */
  readonly mayFail?: RegExp | undefined;
  /** Injects the fault and returns a function that ends it. */
  readonly inject: (world: SoakWorld) => Recover | Promise<Recover>;
}
