import type { TcpAttack, TcpAttackResult } from '../../clients/calls.ts';
import { describeAttack } from '../../watch/observations.ts';
import type { AttackReport } from '../../watch/observations.ts';
import type { TlsAttack, TlsAttackResult } from '../calls.ts';
import type { StrangersWorld } from '../step.ts';

/** The default duration of an attack. Milliseconds. */
const DURATION_MS = 3_500;

/** By default, an attack on the attestation port from one address. */
export type TlsPlan = Pick<TlsAttack, 'behavior' | 'connections'> &
  Partial<Omit<TlsAttack, 'behavior' | 'connections'>> & {
    /** Limits for open connections and for bytes that the server accepted in all. */
    readonly most?: { readonly open?: number; readonly sentBytes?: number };
  };
export type TcpPlan = Omit<TcpAttack, 'forMs' | 'targets'> & {
  readonly ports?: readonly number[];
  readonly host?: string;
};

/** Options for an attack with a stolen node's certificate on the feed port. */
export function asStolenNode({ agents, stolen }: StrangersWorld): Pick<TlsAttack, 'port' | 'identity'> {
  return { port: agents.ports().feed, identity: stolen.identity };
}

/** Runs TLS attacks concurrently. */
export async function tlsAttack(world: StrangersWorld, plans: readonly TlsPlan[]): Promise<AttackReport> {
  const { tlsAttackers, agents, durationFactor } = world;
  const { attest: port, serverName } = agents.ports();
  const observed = await Promise.all(
    plans.map((plan, at) =>
      tlsAttackers[at % 2 === 0 ? 0 : 1].attack({
        port,
        serverName,
        addresses: [LOOPBACK],
        opensPerSecond: 500,
        forMs: DURATION_MS * durationFactor,
        ...plan,
      }),
    ),
  );
  return {
    summary: observed.map(describeStranger).join('; '),
    problems: plans.flatMap(({ most = {} }, at) => problemsOf(observed[at], most)),
  };
}

function problemsOf(
  observed: TlsAttackResult | undefined,
  { open = Infinity, sentBytes = Infinity }: NonNullable<TlsPlan['most']>,
): string[] {
  if (observed === undefined) return [];
  const problems: string[] = [];
  if (observed.mostOpen > open)
    problems.push(`${observed.mostOpen} connections were open at the same time; the limit is ${open}`);
  if (observed.sentBytes > sentBytes)
    problems.push(
      `the server accepted ${megabytes(observed.sentBytes)} MB from an attacker; the limit is ${megabytes(sentBytes)} MB`,
    );
  return problems;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Runs plain TCP attacks concurrently. */
export async function tcpAttack(world: StrangersWorld, plans: readonly TcpPlan[]): Promise<AttackReport> {
  const { tcpAttacker, agents, durationFactor } = world;
  const both = [agents.ports().feed, agents.ports().attest];
  const observed: readonly TcpAttackResult[] = await Promise.all(
    plans.map(({ ports = both, host = LOOPBACK, ...plan }) =>
      tcpAttacker.attack({
        ...plan,
        targets: ports.map((port) => ({ host, port })),
        forMs: DURATION_MS * durationFactor,
      }),
    ),
  );
  return { summary: describeAttack(observed) };
}

/** Combines concurrent attacks. */
export async function combined(attacks: readonly Promise<AttackReport>[]): Promise<AttackReport> {
  const reports = await Promise.all(attacks);
  return {
    summary: reports.map(({ summary }) => summary).join('; '),
    problems: reports.flatMap(({ problems = [] }) => problems),
  };
}

const LOOPBACK = '127.0.0.1';

function describeStranger({ tried, secured, mostOpen, sentBytes, answers }: TlsAttackResult): string {
  const answered = Object.entries(answers).map(([answer, count]) => `${count} × ${answer}`);
  return [`${tried} connections, ${secured} handshakes, at most ${mostOpen} open`]
    .concat(`sent ${megabytes(sentBytes)} MB`, answered)
    .join(', ');
}
