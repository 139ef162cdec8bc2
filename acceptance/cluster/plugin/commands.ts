import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A command of the plugin and what it needs. */
export interface PluginCommand {
  readonly name: string;
  /** In deploy/kubectl-rolegate, without `.yaml`. */
  readonly files: readonly string[];
  /** The command lines that together need all its rights. */
  readonly lines: readonly (readonly string[])[];
  /** What it prints with all its rights. */
  readonly shows: RegExp;
  /** The rights that it names if it has none. */
  readonly withoutAny: readonly string[];
  /** Rights of the files that it does not ask for here. */
  readonly unasked?: readonly string[];
}

/** A plan that needs no old system. */
const MOVE_ON =
  `migrate plan --to container-credentials --role-base-arn arn:aws:iam::123456789012:role/ --folder ${join(tmpdir(), 'rolegate-move')}`.split(
    ' ',
  );

/** `pod`: NAMESPACE/NAME of a Pod on the agent's node. */
export const pluginCommands = (pod: string): readonly PluginCommand[] => [
  {
    name: 'logs',
    files: ['logs'],
    lines: [['logs'], ['logs', '-f']],
    shows: /shop\/cart-0/,
    withoutAny: ['list pods'],
  },
  {
    name: 'explain',
    files: ['explain'],
    lines: [['explain', pod]],
    shows: /no server explains it/,
    withoutAny: ['get pods', 'list pods'],
  },
  {
    name: 'doctor',
    files: ['doctor'],
    lines: [['doctor']],
    shows: /NO ANSWER/,
    withoutAny: ['list nodes', 'list daemonsets.apps', 'list pods', 'get namespaces', 'get configmaps'],
    // Only the logs of agents that answer are read.
    unasked: ['get pods/log'],
  },
  {
    name: 'roles',
    files: ['roles'],
    lines: [['roles'], ['roles', '-n', 'default']],
    shows: /no Pod (has|with) a role/,
    withoutAny: ['list pods'],
  },
  {
    name: 'who',
    files: ['roles'],
    lines: [['who', 'app']],
    shows: /no Pod (has|with) app/,
    withoutAny: ['list pods'],
    unasked: ['get namespaces'],
  },
  {
    name: 'revoke',
    files: ['revoke'],
    lines: [['revoke', `pod/${pod}`, '--yes']],
    shows: /changed/,
    withoutAny: ['list pods'],
    // Only Namespaces that a server names are read and changed.
    unasked: ['get namespaces', 'patch namespaces'],
  },
  {
    name: 'migrate',
    files: ['migrate', 'migrate-to'],
    lines: [['migrate', 'report'], MOVE_ON],
    shows: /no DaemonSet or Deployment has an image/,
    withoutAny: ['list daemonsets.apps'],
    // Only for a CloudTrail export.
    unasked: ['list nodes'],
  },
];
