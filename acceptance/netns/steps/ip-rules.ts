import { eventually, outputOf } from '@rolegate/testing';
import { METADATA } from '../../network/addresses.ts';
import { countRepairs, REPAIRED, repairsOf } from '../agent-metrics.ts';
import { families } from '../send-from-pod.ts';
import type { NetnsWorld } from '../world.ts';
import { inMode } from '../step.ts';
import { expectNoProblems } from '../checks.ts';

const FLAG = { ipv4: '-4', ipv6: '-6' } as const;

/** Our rules as printed by `ip rule`. */
const ours = (address: string) => [
  `5:\tfrom all to ${address} iif lo lookup main proto 82`,
  `6:\tfrom all to ${address} prohibit proto 82`,
];
/** Each differs from ours by one selector, and denies almost nothing or everything else. */
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

/** Other programs' rules at our priorities for the metadata addresses. */
export const ipRuleSteps = inMode('up', [
  {
    title:
      'An ip rule with additional selectors is not mistaken for ours, ours is reinstalled next to it, and uninstall keeps it',
    async run(world) {
      const before = await countRepairs(world, 'route');
      const others = await world.state.whileSuspended('reconcile', async () => {
        await eachFamily(world, 'del', () => ['priority 5', 'priority 6']);
        await eachFamily(world, 'add', foreign);
        return rulesAt(world);
      });
      try {
        await eventually(() => expectOurs(world, before), REPAIRED);
        await world.state.stopAll();
        await world.state.once('uninstall');
        const left = await rulesAt(world);
        if (left.join() !== others.join()) throw new Error(`uninstall left: ${left.join('; ')}`);
        return `${others.length} other rules`;
      } finally {
        await eachFamily(world, 'del', foreign);
      }
    },
  },
]);

async function expectOurs(world: NetnsWorld, before: number): Promise<void> {
  const present = await rulesAt(world);
  const wanted = families.flatMap((family) => ours(METADATA[family]));
  expectNoProblems(wanted.filter((rule) => !present.includes(rule)).map((rule) => `missing: ${rule}`));
  const now = await countRepairs(world, 'route');
  if (now <= before) throw new Error(`${repairsOf('route')} is still ${now}`);
}

/** The rules at our priorities, in both families, in order. */
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
  for (const family of families)
    for (const rule of rulesFor(METADATA[family]))
      await outputOf([...node, 'ip', FLAG[family], 'rule', verb, ...rule.split(' ')]);
}
