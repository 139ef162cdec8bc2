import { eventually, outputOf } from '@rolegate/testing';
import { METADATA } from '../../network/addresses.ts';
import { readAgentMetrics, repairsOf } from '../agent-metrics.ts';
import { families } from '../asking.ts';
import type { Family } from '../asking.ts';
import type { NetnsWorld } from '../world.ts';
import { inMode } from '../step.ts';
import { expectNone } from '../verdicts.ts';

const FLAG = { ipv4: '-4', ipv6: '-6' } as const;
const REPAIRED = { withinMs: 40_000, everyMs: 250 };

/** As `ip rule` prints them. */
const ours = (address: string) => [
  `5:\tfrom all to ${address} iif lo lookup main proto 82`,
  `6:\tfrom all to ${address} prohibit proto 82`,
];
/** They differ from ours by one selector each, and deny next to nothing or all but what ours denies. */
const foreign = (address: string) => [
  `priority 6 to ${address} ipproto udp prohibit`,
  `not priority 6 to ${address} prohibit`,
  `priority 6 to ${address} fwmark 0x1 prohibit`,
  `priority 6 to ${address} iif nothing0 prohibit`,
  `priority 6 to ${address} oif nothing0 prohibit`,
  `priority 6 to ${address} uidrange 7-8 prohibit`,
  `priority 6 to ${address} dport 81 prohibit`,
  `priority 5 to ${address} iif lo lookup main suppress_prefixlength 0`,
  `not priority 5 to ${address} iif lo lookup main`,
];

/** Rules of other programs at our priorities, to the metadata addresses. */
export const ipRuleSteps = inMode('up', [
  {
    title:
      'an ip rule that selects by more than ours is not taken for it: ours is installed again beside it, and uninstall leaves it',
    async run(world) {
      const { pid } = world.state.running('reconcile');
      const before = (await readAgentMetrics(world.programs)).get(repairsOf('route')) ?? 0;
      let others: readonly string[];
      process.kill(pid, 'SIGSTOP');
      try {
        await eachFamily(world, 'del', () => ['priority 5', 'priority 6']);
        await eachFamily(world, 'add', foreign);
        others = await rulesAt(world);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      try {
        await eventually(() => expectOurs(world, before), REPAIRED);
        await world.state.stopAll();
        await world.state.once('uninstall');
        const left = await rulesAt(world);
        if (left.join() !== others.join()) throw new Error(`uninstall left: ${left.join('; ')}`);
        return `${others.length} rules of others`;
      } finally {
        await eachFamily(world, 'del', foreign);
      }
    },
  },
]);

async function expectOurs(world: NetnsWorld, before: number): Promise<void> {
  const present = await rulesAt(world);
  const wanted = families.flatMap((family) => ours(METADATA[family]));
  expectNone(wanted.filter((rule) => !present.includes(rule)).map((rule) => `not there: ${rule}`));
  const now = (await readAgentMetrics(world.programs)).get(repairsOf('route')) ?? 0;
  if (now <= before) throw new Error(`${repairsOf('route')} is ${now} as before`);
}

/** At our priorities, of both families, in their order. */
async function rulesAt({ node }: NetnsWorld): Promise<string[]> {
  const all = await Promise.all(families.map((family) => outputOf([...node, 'ip', FLAG[family], 'rule'])));
  return all
    .flatMap((text) => text.split('\n'))
    .filter((line) => /^[56]:/.test(line))
    .map((line) => line.trim());
}

async function eachFamily(
  { node }: NetnsWorld,
  verb: 'add' | 'del',
  rulesFor: (address: string) => readonly string[],
): Promise<void> {
  for (const family of families) await change(node, family, verb, rulesFor(METADATA[family]));
}

async function change(
  node: readonly string[],
  family: Family,
  verb: 'add' | 'del',
  rules: readonly string[],
): Promise<void> {
  for (const rule of rules) await outputOf([...node, 'ip', FLAG[family], 'rule', verb, ...rule.split(' ')]);
}
