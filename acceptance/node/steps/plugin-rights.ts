import { readFile } from 'node:fs/promises';
import type { NodeStep } from '../step.ts';
import { DENIED_NAMESPACE, ROLE_NAME } from '../test-pods.ts';
import type { NodeWorld } from '../world.ts';

const FOLDER = new URL('../../../deploy/kubectl-rolegate/', import.meta.url);
const GROUP = 'kind: Group\n    name: GROUP';

/** Command lines by their file of roles. Unlike in test:real, agents and servers answer. */
const LINES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  logs: [['logs']],
  explain: [['explain', `${DENIED_NAMESPACE}/refused`]],
  doctor: [['doctor']],
  roles: [['roles'], ['who', ROLE_NAME]],
  revoke: [
    ['revoke', `role/${ROLE_NAME}`],
    ['revoke', `pod/${DENIED_NAMESPACE}/refused`],
  ],
};

/** The roles of deploy/, each bound to a user of its own. */
export function pluginRights(world: NodeWorld): NodeStep[] {
  return Object.entries(LINES).map(([name, lines]) => withRolesOf(name, lines, world));
}

/** Runs command lines as a user who has only the roles of a file. */
export function withRolesOf(
  name: string,
  lines: readonly (readonly string[])[],
  { kubectl, plugin }: NodeWorld,
): NodeStep {
  return {
    title: `With the roles of deploy/kubectl-rolegate/${name}.yaml, kubectl rolegate ${name} gets all answers`,
    async run() {
      const user = `plugin-${name}`;
      const text = await readFile(new URL(`${name}.yaml`, FOLDER), 'utf8');
      const input = text.replaceAll(GROUP, `kind: User\n    name: ${user}`);
      await kubectl.call(['apply', '-f', '-'], { input });
      try {
        for (const line of lines) {
          const result = await plugin.run(...line, '--as', user, '--rolegate-namespace', 'rolegate');
          const { code, stdout, stderr } = result;
          // 1 is an answer: the Pod is denied.
          if (stderr.includes('missing right') || (code !== 0 && code !== 1))
            throw new Error(`${line.join(' ')} exited with ${code}: ${stderr}${stdout}`);
        }
      } finally {
        await kubectl.call(['delete', '-f', '-'], { input });
      }
    },
  };
}
