import type { Answers, AttackSeen, Lateness, ProbeSeen } from '../clients/orders.ts';
import type { ProgramName } from '../../chart-programs/node-programs.ts';
import type { HighWater } from './memory.ts';

/** What was seen from the beginning of an attack until two seconds after its end. */
export interface Seen {
  /** What the other Pods were answered. */
  readonly others: Answers;
  /** What honest crowds were answered, if there were any. */
  readonly crowd: Answers | undefined;
  readonly probes: readonly ProbeSeen[];
  readonly late: Lateness;
  readonly programs: Readonly<Record<ProgramName, ProgramSeen>>;
  /** True: the suite itself has taken something away that the other Pods need, and they are not judged. */
  readonly disturbed: boolean;
}

export interface ProgramSeen {
  readonly high: HighWater;
  readonly limitBytes: number;
  /** Why processes have ended that should not have. */
  readonly ends: readonly string[];
  /** How many of its processes the kernel has killed at the limit. */
  readonly oomKills: number;
}

/** What an attack has to say of itself. */
export interface AttackReport {
  /** Printed beside the title. */
  readonly said: string;
  readonly crowd?: Answers;
  /** What it has achieved that it must not, apart from what the others notice. */
  readonly faults?: readonly string[];
  /** True: the suite itself took something away that the other Pods need. */
  readonly disturbs?: boolean;
}

/** What attackers did, in words: an attack that did not happen would prove nothing. */
export function describeAttack(all: readonly AttackSeen[]): string {
  const sum = (of: (seen: AttackSeen) => number) => all.reduce((total, seen) => total + of(seen), 0);
  const refused: Record<string, number> = {};
  for (const seen of all)
    for (const [how, count] of Object.entries(seen.refused)) refused[how] = (refused[how] ?? 0) + count;
  const parts = [
    `${sum(({ opened }) => opened)} connections, ${sum(({ closed }) => closed)} closed on it`,
    ...Object.entries(refused).map(([how, count]) => `${count} × ${how}`),
    `sent ${megabytes(sum(({ sentBytes }) => sentBytes))}, read ${megabytes(sum(({ readBytes }) => readBytes))}`,
  ];
  return parts.join(', ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
