import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, PLAIN_ENV, Skipped } from '@rolegate/testing';
import type { ApiServer } from '../../cluster/orders.ts';
import type { Ground } from '../../cluster/ground.ts';

/** Where the lab's scripts are if LAB_DIR does not say so. */
const LAB_DIR = fileURLToPath(new URL('../../../../../shared/lab', import.meta.url));
/** etcd and kube-apiserver on a busy machine. Milliseconds. */
const UP_WITHIN_MS = 120_000;
/** In the network namespace nobody else has any. */
const API_PORT = 6_443;

/** A real etcd and API server in the network namespace of the ground. */
export interface Lab {
  readonly server: ApiServer;
  readonly port: number;
  readonly kubeconfig: string;
  /** Starts the API server again, as one without streaming lists. */
  readonly withoutStreamingLists: () => Promise<void>;
}

/** Brings it up; it ends with the stack. Throws `Skipped` if there is no lab on this machine. */
export async function openLab(ground: Ground, stack: AsyncDisposableStack): Promise<Lab> {
  const script = join(process.env['LAB_DIR'] ?? LAB_DIR, 'control-plane');
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  if (!(await isThere(script))) throw new Skipped('there is no lab (set LAB_DIR)');
  for (const program of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'])
    if (!(await isThere(join(cache, 'lab/bin', program)))) throw new Skipped(`the lab has no ${program}`);
  const state = await ground.makeFolder('lab');
  const pki = (name: string) => readFile(join(state, 'pki', name), 'utf8');

  function run(word: 'up' | 'down', apiArgs = ''): Promise<string> {
    const env = {
      ...PLAIN_ENV,
      HOME: homedir(),
      XDG_CACHE_HOME: cache,
      LAB_STATE: state,
      LAB_API_PORT: String(API_PORT),
      LAB_API_ARGS: apiArgs,
    };
    const command = [...ground.groups.api.enter, ...ground.enter, script, word];
    return outputOf(command, { env, timeoutMs: UP_WITHIN_MS });
  }

  stack.defer(async () => {
    await run('down');
  });
  await run('up');
  const server = {
    url: `https://127.0.0.1:${API_PORT}`,
    ca: await pki('ca.crt'),
    cert: await pki('admin.crt'),
    key: await pki('admin.key'),
  };
  return {
    server,
    port: API_PORT,
    kubeconfig: kubeconfigOf(server),
    async withoutStreamingLists() {
      const pid = Number(await readFile(join(state, 'kube-apiserver.pid'), 'utf8'));
      // Asked to end, it would wait for its watches.
      process.kill(pid, 'SIGKILL');
      while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
      await run('up', '--feature-gates=WatchList=false');
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** With everything in it: the server under test may not read the lab's files. */
function kubeconfigOf({ url, ca, cert, key }: ApiServer): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [{ name: 'lab', cluster: { server: url, 'certificate-authority-data': data(ca) } }],
    users: [
      {
        name: 'lab',
        user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) },
      },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
  });
}
