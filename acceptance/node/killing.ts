import { IMAGES } from './images.ts';
import { NAMESPACE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

const NAME = 'killer';
/** The process whose command line has these words, one after the other; gives the time. */
const KILL = `
import glob, os, signal, sys, time
for path in glob.glob('/proc/[0-9]*/cmdline'):
    words = open(path).read().split('\\0')
    if any(a.endswith('agent.cjs') and b == 'agent' for a, b in zip(words, words[1:])):
        os.kill(int(path.split('/')[2]), signal.SIGKILL)
        sys.exit(print(time.time()))
sys.exit('no process of the agent')
`;

/** A Pod that sees the processes of the node: from within its own container nobody can kill the first process. */
export async function makeKiller(kubectl: Kubectl, node: string): Promise<void> {
  await kubectl.apply([killerPod(node)]);
  await kubectl.waitFor('condition=Ready', ['-n', NAMESPACE, `pod/${NAME}`]);
}

/** SIGKILL to the process that answers Pods. */
export async function killAgentProcess(kubectl: Kubectl): Promise<void> {
  const { code, stderr } = await kubectl.exec(NAMESPACE, NAME, ['python3', '-c', KILL]);
  if (code !== 0) throw new Error(`not killed: ${stderr}`);
}

export async function removeKiller(kubectl: Kubectl): Promise<void> {
  await kubectl.remove('-n', NAMESPACE, 'pod', NAME);
}

function killerPod(node: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name: NAME },
    spec: {
      nodeName: node,
      hostPID: true,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: NAME,
          image: IMAGES.client,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          securityContext: { runAsUser: 0, capabilities: { drop: ['ALL'], add: ['KILL', 'SYS_PTRACE'] } },
        },
      ],
    },
  };
}
