import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, PLAIN_ENV, Skipped } from '@rolegate/testing';
import { exists } from '../../../cgroups/folder.ts';
import { kubeconfigOf } from '../../../stand-ins/kubeconfig.ts';
import type { ApiServer } from '../../cluster/calls.ts';
import type { Environment } from '../../cluster/environment.ts';

/** The default of LAB_DIR, the folder with the lab's scripts. */
const LAB_DIR = fileURLToPath(new URL('../../../../../shared/lab', import.meta.url));
/** Covers etcd and kube-apiserver on a busy machine. Milliseconds. */
const UP_WITHIN_MS = 120_000;
/** Free because the network namespace is new. */
const API_PORT = 6_443;

/** A real etcd and API server in the network namespace. */
export interface Lab {
  readonly server: ApiServer;
  readonly port: number;
  readonly kubeconfig: string;
  /** Restarts the API server without streaming lists. */
  readonly withoutStreamingLists: () => Promise<void>;
}

/** Starts the lab; it ends with the stack. Throws `Skipped` if this machine has no lab. */
export async function openLab(environment: Environment, stack: AsyncDisposableStack): Promise<Lab> {
  const script = join(process.env['LAB_DIR'] ?? LAB_DIR, 'control-plane');
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  if (!(await exists(script))) throw new Skipped('no lab found (set LAB_DIR)');
  for (const program of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'])
    if (!(await exists(join(cache, 'lab/bin', program)))) throw new Skipped(`the lab has no ${program}`);
  const state = await environment.makeFolder('lab');
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
    const command = [...environment.groups.api.enter, ...environment.enter, script, word];
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
    kubeconfig: adminKubeconfig(server),
    async withoutStreamingLists() {
      const pid = Number(await readFile(join(state, 'kube-apiserver.pid'), 'utf8'));
      // On SIGTERM it would wait for its watches.
      process.kill(pid, 'SIGKILL');
      while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
      await run('up', '--feature-gates=WatchList=false');
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Contains all data, because the server under test cannot read the lab's files. */
function adminKubeconfig({ url, ca, cert, key }: ApiServer): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  const user = { 'client-certificate-data': data(cert), 'client-key-data': data(key) };
  return kubeconfigOf({ server: url, caData: data(ca) }, user);
}
