import type { Answers, TcpAttackResult, TimerDelay, ProbeResult } from '../clients/calls.ts';
import type { ProgramName } from '../../chart-programs/node-programs.ts';
import type { PeakMemory } from './memory.ts';

/** Observations from the start of an attack until two seconds after its end. */
export interface Observations {
  /** Answers to the other Pods. */
  readonly others: Answers;
  /** Answers to a Pod with many workers, if any. */
  readonly workers: Answers | undefined;
  readonly probes: readonly ProbeResult[];
  readonly timerDelay: TimerDelay;
  readonly programs: Readonly<Record<ProgramName, ProgramObservations>>;
  /** True: other Pods are not judged, because the suite itself disrupted them. */
  readonly othersDisrupted: boolean;
}

export interface ProgramObservations {
  readonly peak: PeakMemory;
  readonly limitBytes: number;
  /** Reasons of unexpected ends. */
  readonly ends: readonly string[];
  /** Processes that the kernel killed at the limit. */
  readonly oomKills: number;
}

/** The result of an attack. */
export interface AttackReport {
  /** A summary, printed next to the title. */
  readonly summary: string;
  readonly workers?: Answers;
  /** Violations other than effects on the other Pods. */
  readonly problems?: readonly string[];
  /** True: the suite itself disrupted the other Pods. */
  readonly disruptsOthers?: boolean;
}

/** A summary of TCP attacks, which shows that they took place. */
export function describeAttack(all: readonly TcpAttackResult[]): string {
  const sum = (of: (observed: TcpAttackResult) => number) =>
    all.reduce((total, observed) => total + of(observed), 0);
  const refused: Record<string, number> = {};
  for (const observed of all)
    for (const [how, count] of Object.entries(observed.refused)) refused[how] = (refused[how] ?? 0) + count;
  const parts = [
    `${sum(({ opened }) => opened)} connections, ${sum(({ closed }) => closed)} closed by the peer`,
    ...Object.entries(refused).map(([how, count]) => `${count} × ${how}`),
    `sent ${megabytes(sum(({ sentBytes }) => sentBytes))}, read ${megabytes(sum(({ readBytes }) => readBytes))}`,
  ];
  return parts.join(', ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
