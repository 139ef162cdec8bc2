import { PLAIN_ENV, runCommand } from '@rolegate/testing';
import { pluginOf } from './plugin.ts';
import { inForce } from './tour-checks.ts';
import type { World } from './world.ts';

const DENIED = 'legacy/reports';

/** Steps of the tour about kubectl-rolegate. They follow requests of the Pods. */
export function byPlugin(world: World): [string, () => Promise<void>][] {
  return [
    [
      "kubectl rolegate logs shows a Pod's refusal and its reason",
      () =>
        expectPlugin(world, ['logs', '--pod', DENIED], {
          code: 0,
          words: ['GET credentials → 403', 'NamespaceDenied: Namespace legacy does not permit'],
        }),
    ],
    [
      'kubectl rolegate explain names the link that is broken, and the command that mends it',
      () =>
        expectPlugin(world, ['explain', DENIED], {
          code: 1,
          words: [
            'broken at Namespace: NamespaceDenied',
            'kubectl annotate --overwrite namespace legacy iam.amazonaws.com/permitted=shop/checkout',
          ],
        }),
    ],
    [
      'kubectl rolegate explain says that nothing is broken, and which rule permits the role',
      () =>
        expectPlugin(world, ['explain', 'shop/checkout'], {
          code: 0,
          words: ['nothing is broken', 'by iam.amazonaws.com/permitted: shop/.*'],
        }),
    ],
  ];
}

interface Expected {
  readonly code: number;
  readonly words: readonly string[];
}

/** The plugin ends with this code and prints these words. */
function expectPlugin(world: World, args: readonly string[], { code, words }: Expected): Promise<void> {
  return inForce(async () => {
    const result = await runCommand([pluginOf(world), ...args], { env: PLAIN_ENV });
    const missing = words.filter((each) => !result.stdout.includes(each));
    if (result.code === code && missing.length === 0) return;
    throw new Error(
      `kubectl-rolegate ${args.join(' ')} ended with ${String(result.code)} and does not say ${missing.join(' | ')}: ${result.stdout}${result.stderr}`,
    );
  });
}
