import type { AttackOrder, AttackSeen } from '../../clients/orders.ts';
import { describeAttack } from '../../watch/seen.ts';
import type { AttackTold } from '../../watch/seen.ts';
import type { StrangerOrder, StrangerSeen } from '../orders.ts';
import type { StrangersScene } from '../scene.ts';

/** How long most attacks last. Milliseconds. */
export const LASTS_MS = 3_500;

/** What is not said is as that of a stranger with one address, on the port of attestation. */
export interface StrangerPlan
  extends Pick<StrangerOrder, 'does' | 'connections'>, Partial<Omit<StrangerOrder, 'does' | 'connections'>> {
  /** More connections at one moment are a fault. */
  readonly mostOpen?: number;
}
export type BytesPlan = Omit<AttackOrder, 'forMs' | 'targets'> & {
  readonly ports?: readonly number[];
  readonly host?: string;
};

/** Plans of one attack, at the same time. */
export async function attackBy(scene: StrangersScene, plans: readonly StrangerPlan[]): Promise<AttackTold> {
  const { strangers, agents, stretch } = scene;
  const { attest: port, serverName } = agents.ports();
  const seen = await Promise.all(
    plans.map(({ mostOpen: _, ...plan }, at) =>
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
    faults: plans.flatMap(({ mostOpen: limit = Infinity }, at) => {
      const { mostOpen = 0 } = seen[at] ?? {};
      return mostOpen > limit ? [`${mostOpen} connections were open at once: ${limit} may be`] : [];
    }),
  };
}

/** The same of who writes bytes. */
export async function writeBytes(scene: StrangersScene, plans: readonly BytesPlan[]): Promise<AttackTold> {
  const { bytes, agents, stretch } = scene;
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
export async function together(attacks: readonly Promise<AttackTold>[]): Promise<AttackTold> {
  const told = await Promise.all(attacks);
  return {
    said: told.map(({ said }) => said).join('; '),
    faults: told.flatMap(({ faults = [] }) => faults),
  };
}

const LOOPBACK = '127.0.0.1';

function describeStranger({ tried, secured, mostOpen, sentBytes, answers }: StrangerSeen): string {
  const answered = Object.entries(answers).map(([answer, count]) => `${count} × ${answer}`);
  return [`${tried} connections, ${secured} handshakes, ${mostOpen} open at once`]
    .concat(`sent ${(sentBytes / 1e6).toFixed(1)} MB`, answered)
    .join(', ');
}
