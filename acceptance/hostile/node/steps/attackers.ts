import { runCommand, Skipped } from '@rolegate/testing';
import { startChild } from '../../../processes/start-child.ts';
import { METADATA } from '../../../network/addresses.ts';
import type { TcpAttackerCalls, TcpAttackResult, Target } from '../../clients/calls.ts';
import type { AttackPlan, NodeWorld } from '../step.ts';
import { describeAttack } from '../../watch/observations.ts';
import type { AttackReport } from '../../watch/observations.ts';

/** The default duration of an attack. Milliseconds. */
const DURATION_MS = 4_000;
/** Added to the duration before an attacker is treated as hung. Milliseconds. */
const GRACE_MS = 20_000;

export interface Attacking {
  /** A Pod's network namespace, the other node, or the node itself for a host-network Pod. */
  readonly from: 'attacker' | 'sixteen' | 'other-node' | 'node';
  readonly plan: AttackPlan;
  /** Milliseconds. */
  readonly durationMs?: number;
  /** True: the attack may fail to connect. */
  readonly mayBeRefused?: boolean;
}

export const metadataApi: readonly Target[] = [{ host: METADATA.ipv4, port: 80 }];
export const metadataApiBoth: readonly Target[] = Object.values(METADATA).map((host) => ({ host, port: 80 }));

/** Runs the attacks concurrently, each in a separate process. Rejects if one could not connect. */
export async function attackWith(world: NodeWorld, attacks: readonly Attacking[]): Promise<AttackReport> {
  return { summary: describeAttack(await Promise.all(attacks.map((one) => attack(world, one)))) };
}

/** Rejects if it could not connect. */
export async function attack(
  { namespaces, groups, durationFactor }: NodeWorld,
  { from, plan, durationMs = DURATION_MS, mayBeRefused = false }: Attacking,
): Promise<TcpAttackResult> {
  const script = new URL('../../clients/tcp-attacker.ts', import.meta.url);
  const through = [...groups.attackers.enter, ...namespaces.enter(from)];
  await using child = await startChild<TcpAttackerCalls>(script, { through });
  const forMs = durationMs * durationFactor;
  const observed = await within(child.call.attack({ ...plan, forMs }), forMs + GRACE_MS);
  if (observed.opened === 0 && !mayBeRefused)
    throw new Error(`the attack could not connect: ${describeAttack([observed])}`);
  return observed;
}

export interface SynFlood {
  readonly from: 'attacker' | 'other-node';
  readonly sources: readonly string[];
  readonly target: Target;
  readonly perSecond: number;
}

/** Sends SYN packets from unused addresses. Throws `Skipped` without Python or permission for raw packets. */
export async function synFlood(
  { namespaces, groups, durationFactor, python }: NodeWorld,
  { from, sources, target, perSecond }: SynFlood,
): Promise<number> {
  if (python === undefined) throw new Skipped('python3, which sends raw packets, is missing');
  const script = new URL('../../clients/syn-flood.py', import.meta.url).pathname;
  const seconds = (DURATION_MS * durationFactor) / 1_000;
  const options = { sources, host: target.host, port: target.port, perSecond, seconds };
  const command = [python, script, JSON.stringify(options)];
  const { code, stdout, stderr } = await runCommand(
    [...groups.attackers.enter, ...namespaces.enter(from), ...command],
    { timeoutMs: seconds * 1_000 + GRACE_MS },
  );
  if (stderr.includes('PermissionError')) throw new Skipped('sending raw packets is not permitted');
  if (code !== 0) throw new Error(`the SYN flood failed: ${stderr.trim()}`);
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
