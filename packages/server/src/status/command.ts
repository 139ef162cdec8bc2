import { optional, runLogLevelCommand, runStatusCommand, text } from '@rolegate/runtime';
import type { StatusCommandDeps, StatusProgram } from '@rolegate/runtime';
import { STATUS_SOCKET } from '../config/status-socket.ts';

/** The commands that ask a running server: they load nothing of it. */
export const serverStatus: StatusProgram = {
  name: 'rolegate-server',
  socket: STATUS_SOCKET,
  from: 'kubectl -n rolegate exec deploy/rolegate-server --',
  subjects: {
    pod: optional(text('NAMESPACE/NAME|UID'), {
      group: 'Status',
      help: 'explain the decision on this Pod',
    }),
  },
};

/** Of the process's words the first two are Node and the program. */
export function runServerCommand(
  word: 'status' | 'log-level',
  { argv, env, stdout, stderr }: StatusCommandDeps,
): Promise<0 | 1 | 2> {
  const deps = { argv: argv.slice(3), env, stdout, stderr };
  return word === 'status' ? runStatusCommand(serverStatus, deps) : runLogLevelCommand(serverStatus, deps);
}
