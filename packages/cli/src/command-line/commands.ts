import type { CommandEntry } from './command.ts';

/** All commands, in the order of `--help`. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  logs: {
    summary: 'shows the logs of all agents and servers, merged by time',
    load: async () => (await import('../logs/command.ts')).logs,
  },
  roles: {
    summary: 'shows which Pods have which role, and how long their sessions live',
    load: async () => (await import('../roles/command.ts')).roles,
  },
  who: {
    summary: 'shows which Pods have a role, and which Namespaces permit it',
    load: async () => (await import('../roles/who-command.ts')).who,
  },
};
