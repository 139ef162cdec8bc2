import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startOldCluster } from './old-cluster.ts';
import { kiamDaemonSets, namespace, PERMITTED, pod, ROLE } from './old-objects.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** As the bundle is to be started. */
const NODE_FLAG = '--max-semi-space-size=4';
const REPORT = `data:text/javascript,process.on('exit',()=>{process.stderr.write('maxRSS '+process.resourceUsage().maxRSS)})`;
const NAMESPACES = 500;
/** Like a real Pod's volumes and managed fields. Characters. */
const FILLER = 'x'.repeat(3_000);
/** More than a report of a small cluster takes, garbage of pages included: 140 measured. Megabytes. */
const MOST_GROWTH = 220;

async function memoryOf(pods: number): Promise<{ megabytes: number; printed: string }> {
  await using cluster = await startOldCluster({
    '/apis/apps/v1/daemonsets': kiamDaemonSets,
    '/api/v1/namespaces': Array.from({ length: NAMESPACES }, (_, at) =>
      namespace(`ns-${at}`, { [PERMITTED]: '.*role/app-.*' }),
    ),
    '/api/v1/pods': {
      length: pods,
      at: (index) => ({
        ...pod({
          namespace: `ns-${index % NAMESPACES}`,
          name: `app-${index}`,
          annotations: index % 3 === 0 ? {} : { [ROLE]: `app-${index % 900}` },
          ip: `10.0.${index >> 8}.${index & 255}`,
        }),
        filler: FILLER,
      }),
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'migrate-'));
  const kubeconfig = {
    clusters: [{ name: 'c', cluster: { server: cluster.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(join(folder, 'config'), JSON.stringify(kubeconfig));
  const words = ['--conditions=development', '--import', REPORT, MAIN, 'migrate', 'report', '-o', 'json'];
  const child = spawn(process.execPath, [NODE_FLAG, ...words], {
    env: { PATH: process.env['PATH'], KUBECONFIG: join(folder, 'config') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let noted = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (noted += chunk.toString()));
  await once(child, 'close');
  await rm(folder, { recursive: true });
  return { megabytes: Number(/maxRSS (\d+)/.exec(noted)?.[1]) / 1024, printed };
}

it('A report of 20,000 Pods takes memory for a page of them, not for all', async () => {
  const small = await memoryOf(10);
  const large = await memoryOf(20_000);
  expect(JSON.parse(large.printed)).toMatchObject({ pods: 20_000, changed: { 'no-role': 6_667 } });
  expect(large.megabytes - small.megabytes).toBeLessThan(MOST_GROWTH);
});
