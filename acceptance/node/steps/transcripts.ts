import { eventually } from '@rolegate/testing';
import { CREDENTIALS_PATH } from '../curl-from-pod.ts';
import { REPORTS, SHOP } from '../plugin/fault-pods.ts';
import { sessionOf } from '../plugin/transcripts.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';

/** `logs` reads what the containers have written a moment ago. */
const SOON = { withinMs: 15_000, everyMs: 1_000 };

/**
 * The transcripts of the documentation, in a cluster where `shop/cart` gets its role and `reports/nightly` does not, because its
 * Namespace does not permit it. The last one revokes the role of `cart`.
 */
export function transcripts({ plugin, curl, transcripts: documented }: NodeWorld): NodeStep[] {
  const matches = (name: string, ...commands: (readonly string[])[]): NodeStep => ({
    title: `The transcript of kubectl rolegate ${name} in the documentation is what it prints`,
    async run() {
      const sessions: string[] = [];
      for (const words of commands) sessions.push(sessionOf(words, await plugin.run(...words)));
      await documented.check(name, sessions);
    },
  });
  const logs = matches(
    'logs',
    ['logs', '-n', SHOP, '--pod', 'cart', '--since', '5m'],
    ['logs', '-n', REPORTS, '--since', '5m'],
  );
  return [
    {
      ...logs,
      async run(world) {
        for (const [namespace, pod, role] of [
          [SHOP, 'cart', 'cart'],
          [REPORTS, 'nightly', 'nightly'],
        ] as const)
          await curl.metadata(namespace, pod, `${CREDENTIALS_PATH}/${role}`);
        await eventually(() => logs.run(world), SOON);
      },
    },
    matches('explain', ['explain', `${SHOP}/cart`], ['explain', `${REPORTS}/nightly`]),
    matches('roles', ['roles', '-n', SHOP], ['roles', '-n', REPORTS]),
    matches('who', ['who', 'cart']),
    matches('revoke', ['revoke', 'role/cart'], ['revoke', 'role/cart', '--yes']),
  ];
}
