import { outputOf } from '@rolegate/testing';
import type { NetnsWorld } from './world.ts';

const PREFIX = { ipv4: 'iptables', ipv6: 'ip6tables' } as const;

/** The rules of ROLEGATE-INPUT as they are printed, with counters. */
export async function inputRules(
  { node, backend }: Pick<NetnsWorld, 'node' | 'backend'>,
  family: keyof typeof PREFIX,
): Promise<string[]> {
  const saved = await outputOf([...node, `${PREFIX[family]}-${backend}-save`, '-c', '-t', 'filter']);
  return saved.split('\n').filter((line) => line.includes('-A ROLEGATE-INPUT '));
}

/** Tries to open a connection that the limit has dropped since the rules were installed. */
export async function refusedBy(
  world: Pick<NetnsWorld, 'node' | 'backend'>,
  family: keyof typeof PREFIX,
): Promise<number> {
  const dropped = (await inputRules(world, family)).filter(
    (rule) => rule.includes('--ctstate NEW') && rule.endsWith('-j DROP'),
  );
  if (dropped.length === 0) throw new Error(`no rule limits new connections by ${family}`);
  return dropped.reduce((sum, rule) => sum + Number(/^\[(\d+):/.exec(rule)?.[1]), 0);
}
