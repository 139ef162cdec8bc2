import {
  aborted,
  createOpsServer,
  createProbePort,
  createProbeServer,
  createStatusServer,
  openStatusSocket,
} from '@rolegate/runtime';
import type { Service } from '@rolegate/runtime';
import { STATUS_SOCKET } from '../config/status-socket.ts';
import { answersLivez } from '../ports/answers-livez.ts';
import { createAgentStatus } from '../status/agent-status.ts';
import type { Answers } from './answers.ts';
import type { AgentCore, AgentDeps } from './core.ts';

/** What operators and the kubelet see of the agent: the ops port, the probe port and the status socket. */
export interface Operations {
  readonly services: { readonly ops: Service; readonly probes: Service };
  readonly openStatus: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export function createOperations(deps: AgentDeps, core: AgentCore, answers: Answers): Operations {
  const { config, clock, log } = deps;
  const { metrics, ports, node, mode, serving } = core;
  const { limitHits, server, other, containerCredentials: listening } = answers;
  const probes = createProbeServer({ sharedPort: true, limited: limitHits.pageHit('probe') });
  // Liveness probes start once the agent is ready. An agent of another user may answer them for both.
  const probePort = createProbePort({
    at: config.probeListen,
    listen: ports.noted((host, port) => probes.listen(host, port)),
    isAnswered: answersLivez,
    chosenBy: '--probe-bind (chart: probes)',
    clock,
    log,
  });
  const checks = [
    answers.serving.check,
    ports.check,
    ...mode.checks,
    ...(listening ? [listening.check] : []),
    node.check,
    probePort.check,
  ];
  const ops = createOpsServer({
    registry: metrics.registry,
    checks,
    sharedPort: true,
    limited: limitHits.pageHit('ops'),
  });
  const keys = mode.tokenSources?.keys;
  const credentials = listening && keys && { listening, serving, keys };
  const readings = { mode: mode.readings, node: node.readings };
  const load = { limits: limitHits.counts, load: server.load, clientsOf: server.clientsOf };
  const status = createAgentStatus({
    ...readings,
    ...load,
    config,
    ports,
    other,
    credentials,
    checks,
    clock,
  });
  const statusServer = createStatusServer({ checks, status, log });

  async function runOps(signal: AbortSignal): Promise<void> {
    await ports.take(config.opsListen, (host, port) => ops.listen(host, port), signal);
    await aborted(signal);
  }

  return {
    services: { ops: { name: 'ops port', run: runOps }, probes: probePort },
    openStatus: () =>
      openStatusSocket(statusServer, { given: config.statusSocket, fallback: STATUS_SOCKET, log }),
    async close() {
      await Promise.all([ops.close(), probes.close()]);
      await statusServer.close();
    },
  };
}
