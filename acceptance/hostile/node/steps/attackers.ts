import { runCommand, Skipped } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import { METADATA } from '../../../network/addresses.ts';
import type { AttackerCalls, AttackSeen, Target } from '../../clients/orders.ts';
import type { AttackPlan, NodeWorld } from '../step.ts';
import { describeAttack } from '../../watch/seen.ts';
import type { AttackReport } from '../../watch/seen.ts';

/** Long enough for an attack to show, if it works at all. Milliseconds. */
const LASTS_MS = 4_000;
/** After this an attacker that does not end counts as hung. Milliseconds. */
const GRACE_MS = 20_000;

/** From where: the namespace of a Pod, the other node's, or the node's own, as a host-network Pod does. */
export interface Attacking {
  readonly from: 'attacker' | 'sixteen' | 'other-node' | 'node';
  readonly plan: AttackPlan;
  /** Milliseconds; all attacks last equally long if it is not given. */
  readonly lastsMs?: number;
  /** True: that nothing can be connected is what is expected. */
  readonly mayBeRefused?: boolean;
}

export const metadataApi: readonly Target[] = [{ host: METADATA.ipv4, port: 80 }];
export const metadataApiBoth: readonly Target[] = Object.values(METADATA).map((host) => ({ host, port: 80 }));

/** Does all of it at once, each in a process of its own. Rejects if an attack could not even connect. */
export async function attackWith(world: NodeWorld, attacks: readonly Attacking[]): Promise<AttackReport> {
  return { said: describeAttack(await Promise.all(attacks.map((one) => attack(world, one)))) };
}

async function attack(
  { namespaces, groups, stretch }: NodeWorld,
  { from, plan, lastsMs = LASTS_MS, mayBeRefused = false }: Attacking,
): Promise<AttackSeen> {
  const script = new URL('../../clients/attacker.ts', import.meta.url);
  const through = [...groups.attackers.enter, ...namespaces.enter(from)];
  await using child = await startChild<AttackerCalls>(script, { through });
  const forMs = lastsMs * stretch;
  const seen = await within(child.call.attack({ ...plan, forMs }), forMs + GRACE_MS);
  if (seen.opened === 0 && !mayBeRefused)
    throw new Error(`the attack did not take place: ${describeAttack([seen])}`);
  return seen;
}

export interface SynFlood {
  readonly from: 'attacker' | 'other-node';
  readonly sources: readonly string[];
  readonly target: Target;
  readonly perSecond: number;
}

/** Half-open connections from addresses that nobody has. Throws `Skipped` without Python or the right to send raw packets. */
export async function synFlood(
  { namespaces, groups, stretch, python }: NodeWorld,
  { from, sources, target, perSecond }: SynFlood,
): Promise<number> {
  if (python === undefined) throw new Skipped('there is no python3 to send raw packets with');
  const script = new URL('../../clients/syn-flood.py', import.meta.url).pathname;
  const seconds = (LASTS_MS * stretch) / 1_000;
  const order = { sources, host: target.host, port: target.port, perSecond, seconds };
  const command = [python, script, JSON.stringify(order)];
  const { code, stdout, stderr } = await runCommand(
    [...groups.attackers.enter, ...namespaces.enter(from), ...command],
    { timeoutMs: seconds * 1_000 + GRACE_MS },
  );
  if (stderr.includes('PermissionError')) throw new Skipped('raw packets may not be sent here');
  if (code !== 0) throw new Error(`the flood did not take place: ${stderr.trim()}`);
  return Number(stdout);
}

async function within<Result>(promise: Promise<Result>, ms: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`the attacker did not end within ${ms / 1_000} s`));
  }, ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
