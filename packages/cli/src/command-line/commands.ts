import type { CommandEntry } from './command.ts';

/** All commands, in the order of `--help`. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  logs: {
    summary: 'shows the logs of all agents and servers, merged by time',
    load: async () => (await import('../logs/command.ts')).logs,
  },
  doctor: {
    summary: 'checks all nodes, agents and servers, and says what is wrong',
    load: async () => (await import('../doctor/command.ts')).doctor,
  },
};
