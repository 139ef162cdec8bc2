import type { AttackOrder, AttackSeen } from '../../clients/orders.ts';
import { describeAttack } from '../../watch/seen.ts';
import type { AttackReport } from '../../watch/seen.ts';
import type { StrangerOrder, StrangerSeen } from '../orders.ts';
import type { StrangersWorld } from '../step.ts';

/** How long most attacks last. Milliseconds. */
const LASTS_MS = 3_500;

/** What is not said is as that of a stranger with one address, on the port of attestation. */
export type StrangerPlan = Pick<StrangerOrder, 'does' | 'connections'> &
  Partial<Omit<StrangerOrder, 'does' | 'connections'>> & {
    /** More is a fault: connections at one moment, and bytes that were taken in all. */
    readonly most?: { readonly open?: number; readonly sentBytes?: number };
  };
export type BytesPlan = Omit<AttackOrder, 'forMs' | 'targets'> & {
  readonly ports?: readonly number[];
  readonly host?: string;
};

/** What makes a plan that of a stolen node, which has a certificate and so the port of the feed. */
export function asStolenNode({ agents, stolen }: StrangersWorld): Pick<StrangerOrder, 'port' | 'identity'> {
  return { port: agents.ports().feed, identity: stolen.identity };
}

/** Plans of one attack, at the same time. */
export async function attackBy(world: StrangersWorld, plans: readonly StrangerPlan[]): Promise<AttackReport> {
  const { strangers, agents, stretch } = world;
  const { attest: port, serverName } = agents.ports();
  const seen = await Promise.all(
    plans.map((plan, at) =>
      strangers[at % 2 === 0 ? 0 : 1].attack({
        port,
        serverName,
        addresses: [LOOPBACK],
        opensPerSecond: 500,
        forMs: LASTS_MS * stretch,
        ...plan,
      }),
    ),
  );
  return {
    said: seen.map(describeStranger).join('; '),
    faults: plans.flatMap(({ most = {} }, at) => faultsOf(seen[at], most)),
  };
}

function faultsOf(
  seen: StrangerSeen | undefined,
  { open = Infinity, sentBytes = Infinity }: NonNullable<StrangerPlan['most']>,
): string[] {
  if (seen === undefined) return [];
  const faults: string[] = [];
  if (seen.mostOpen > open) faults.push(`${seen.mostOpen} connections were open at once: ${open} may be`);
  if (seen.sentBytes > sentBytes)
    faults.push(`${megabytes(seen.sentBytes)} MB of an attacker were taken: ${megabytes(sentBytes)} may be`);
  return faults;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** The same of who writes bytes. */
export async function writeBytes(world: StrangersWorld, plans: readonly BytesPlan[]): Promise<AttackReport> {
  const { bytes, agents, stretch } = world;
  const both = [agents.ports().feed, agents.ports().attest];
  const seen: readonly AttackSeen[] = await Promise.all(
    plans.map(({ ports = both, host = LOOPBACK, ...plan }) =>
      bytes.attack({
        ...plan,
        targets: ports.map((port) => ({ host, port })),
        forMs: LASTS_MS * stretch,
      }),
    ),
  );
  return { said: describeAttack(seen) };
}

/** Several attacks at once. */
export async function together(attacks: readonly Promise<AttackReport>[]): Promise<AttackReport> {
  const reports = await Promise.all(attacks);
  return {
    said: reports.map(({ said }) => said).join('; '),
    faults: reports.flatMap(({ faults = [] }) => faults),
  };
}

const LOOPBACK = '127.0.0.1';

function describeStranger({ tried, secured, mostOpen, sentBytes, answers }: StrangerSeen): string {
  const answered = Object.entries(answers).map(([answer, count]) => `${count} × ${answer}`);
  return [`${tried} connections, ${secured} handshakes, ${mostOpen} open at once`]
    .concat(`sent ${megabytes(sentBytes)} MB`, answered)
    .join(', ');
}
