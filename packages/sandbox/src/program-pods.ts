import { runCommand } from '@rolegate/testing';
import type { ContainerPlace, ExecHandler, KubernetesApi } from '@rolegate/testing';
import { mainOf } from './program.ts';
import { NODE_IP } from './program-flags.ts';
import { NODE_NAME } from './sandbox-node.ts';
import { statusSocket } from './start-programs.ts';

/** As in the documentation. */
const NAMESPACE = 'rolegate';
/** Commands that a person runs in a container. */
const COMMANDS = ['status', 'log-level'];
/** Longest run of one. Milliseconds. */
const WITHIN_MS = 10_000;

type Component = 'agent' | 'server';

/** `at`: which server. The sandbox has one agent. */
function placeOf(component: Component, at = 0): ContainerPlace {
  const pod = component === 'agent' ? 'rolegate-agent' : `rolegate-server-${at}`;
  return { namespace: NAMESPACE, pod, container: component };
}

/** Adds the node and the Pods of the programs to the cluster, as the charts create them, for programs that look for them. */
export function applyProgramPods(api: Pick<KubernetesApi, 'apply'>, serverCount: number): void {
  api.apply({
    kind: 'Node',
    metadata: { name: NODE_NAME, labels: { 'kubernetes.io/os': 'linux' } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  api.apply({ kind: 'Namespace', metadata: { name: NAMESPACE, labels } });
  api.apply(NODE);
  api.apply(agentDaemonSet);
  const servers = Array.from({ length: serverCount }, (_, at) => programPod('server', at));
  for (const pod of [programPod('agent'), ...servers]) api.apply(pod);
}

const NODE = {
  kind: 'Node',
  metadata: { name: NODE_NAME },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

function labelsOf(component: Component) {
  return {
    'app.kubernetes.io/name': `rolegate-${component}`,
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'rolegate',
  };
}

const agentDaemonSet = {
  kind: 'DaemonSet',
  metadata: { name: 'rolegate-agent', namespace: NAMESPACE, labels: labelsOf('agent') },
  spec: { template: { spec: { hostNetwork: true, containers: [{ name: 'agent' }] } } },
  status: { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1 },
};

function programPod(component: Component, at = 0) {
  const { namespace, pod: name, container } = placeOf(component, at);
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: labelsOf(component),
    },
    spec: {
      nodeName: NODE_NAME,
      hostNetwork: true,
      containers: [{ name: container, image: `rolegate-${component}` }],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      podIP: NODE_IP,
      podIPs: [{ ip: NODE_IP }],
    },
  };
}

/** Appends a line of a program to its container's log. */
export function logLine(
  api: Pick<KubernetesApi, 'writeLog'>,
  component: Component,
  line: string,
  at = 0,
): void {
  api.writeLog(placeOf(component, at), line);
}

/** Runs the built programs' own commands in their Pods, by the status sockets in the folder. */
export function execInPrograms(folder: string): ExecHandler {
  return async ({ pod, container, command: [program = '', ...words] }) => {
    const component = container === 'agent' ? 'agent' : 'server';
    if (program !== `rolegate-${component}` || !COMMANDS.includes(words[0] ?? ''))
      return { fault: `exec: "${program}": executable file not found in $PATH` };
    const socket = statusSocket({ folder }, pod.replace('rolegate-', ''));
    const command = [process.execPath, mainOf(component), ...words, '--status-socket', socket];
    const { code, stdout, stderr } = await runCommand(command, { env: {}, timeoutMs: WITHIN_MS });
    return { code: code ?? 137, stdout, stderr };
  };
}
