import { optional, runStatusCommand, text } from '@rolegate/runtime';
import type { StatusCommandDeps, StatusProgram, StatusWord } from '@rolegate/runtime';
import { STATUS_SOCKET } from '../config/status-socket.ts';

/** How `status` and `log-level` connect to a running server. */
const serverStatus: StatusProgram = {
  name: 'rolegate-server',
  socket: STATUS_SOCKET,
  from: 'kubectl -n rolegate exec deploy/rolegate-server --',
  subjects: {
    pod: optional(text('NAMESPACE/NAME|UID'), {
      group: 'Status',
      help: 'explain the decision on this Pod',
    }),
    role: optional(text('ROLE'), {
      group: 'Status',
      help: 'list the Namespaces that permit this role, by which entry of their rules: its ARN, or path and name',
    }),
  },
};

export function runServerCommand(word: StatusWord, deps: StatusCommandDeps): Promise<0 | 1 | 2> {
  return runStatusCommand(word, serverStatus, deps);
}
