import { ipAddress, optional, runLogLevelCommand, runStatusCommand, text } from '@rolegate/runtime';
import type { StatusCommandDeps, StatusProgram } from '@rolegate/runtime';
import { STATUS_SOCKET } from '../config/status-socket.ts';

const GROUP = 'Status';

/** The commands that ask a running agent: they load nothing of it. */
export const agentStatus: StatusProgram = {
  name: 'rolegate-agent',
  socket: STATUS_SOCKET,
  from: 'kubectl -n rolegate exec ds/rolegate-agent -c agent --',
  subjects: {
    pod: optional(text('NAMESPACE/NAME|UID'), { group: GROUP, help: 'explain what this Pod gets' }),
    ip: optional(ipAddress, { group: GROUP, help: 'explain who holds this address, and what it gets' }),
  },
};

/** Of the process's words the first two are Node and the program. */
export function runAgentCommand(
  word: 'status' | 'log-level',
  { argv, env, stdout, stderr }: StatusCommandDeps,
): Promise<0 | 1 | 2> {
  const deps = { argv: argv.slice(3), env, stdout, stderr };
  return word === 'status' ? runStatusCommand(agentStatus, deps) : runLogLevelCommand(agentStatus, deps);
}
