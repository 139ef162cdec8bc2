import { ipAddress, optional, runStatusCommand, text } from '@rolegate/runtime';
import type { StatusCommandDeps, StatusProgram, StatusWord } from '@rolegate/runtime';
import { STATUS_SOCKET } from '../config/status-socket.ts';

const GROUP = 'Status';

/** How `status` and `log-level` connect to a running agent. */
const agentStatus: StatusProgram = {
  name: 'rolegate-agent',
  socket: STATUS_SOCKET,
  from: 'kubectl -n rolegate exec ds/rolegate-agent -c agent --',
  subjects: {
    pod: optional(text('NAMESPACE/NAME|UID'), { group: GROUP, help: 'explain what this Pod gets' }),
    ip: optional(ipAddress, { group: GROUP, help: 'explain which Pod owns this address and what it gets' }),
  },
};

export function runAgentCommand(word: StatusWord, deps: StatusCommandDeps): Promise<0 | 1 | 2> {
  return runStatusCommand(word, agentStatus, deps);
}
