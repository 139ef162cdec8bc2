import type { CommandEntry } from './command.ts';

/** All commands, in the order of `--help`. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  logs: {
    summary: 'shows the logs of all agents and servers, merged by time',
    load: async () => (await import('../logs/command.ts')).logs,
  },
  explain: {
    summary: 'explains why a Pod gets its role, or what keeps it from it',
    load: async () => (await import('../explain/command.ts')).explain,
  },
  doctor: {
    summary: 'checks all nodes, agents and servers, and says what is wrong',
    load: async () => (await import('../doctor/command.ts')).doctor,
  },
  roles: {
    summary: 'shows which Pods have which role, and how long their sessions live',
    load: async () => (await import('../roles/command.ts')).roles,
  },
  who: {
    summary: 'shows which Pods have a role, and which Namespaces permit it',
    load: async () => (await import('../roles/who-command.ts')).who,
  },
  revoke: {
    summary: 'withdraws a role, or the credentials of one Pod',
    load: async () => (await import('../revoke/command.ts')).revoke,
  },
  'migrate report': {
    summary: 'says what changes for each Pod if a cluster moves from kiam or kube2iam',
    load: async () => (await import('../migrate/report-command.ts')).migrateReport,
  },
  'migrate plan': {
    summary: 'writes what to apply for such a move, in which order, and the way back',
    load: async () => (await import('../migrate/plan-command.ts')).migratePlan,
  },
};
