import { writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder } from '@rolegate/testing';
import { expect, it } from 'vitest';
import { createCredentialPlugin } from '../../src/cluster/credential-plugin.ts';
import type { PluginSpec } from '../../src/cluster/credential-plugin.ts';

const cluster = { name: 'x', server: 'https://api.example', caData: 'Y2E=', skipTLSVerify: false };

/** A plugin that logs its environment's EXEC_INFO and NAME, then runs a line of shell. */
async function setup(line: string, spec: Partial<PluginSpec> = {}, isInteractive = false) {
  const stack = new AsyncDisposableStack();
  const folder = await openFolder('credential-plugin-', stack);
  const runs = join(folder, 'runs');
  await writeFile(runs, '');
  const script = `echo "$KUBERNETES_EXEC_INFO $NAME $1" >>'${runs}'; ${line}`;
  const credentials = createCredentialPlugin(
    { command: 'sh', args: ['-c', script, 'sh', 'word'], env: [{ name: 'NAME', value: 'dev' }], ...spec },
    { cluster, env: { PATH: process.env['PATH'] }, isInteractive },
  );
  return {
    credentials,
    runs: () => readFileSync(runs, 'utf8').trim().split('\n'),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A line of shell that prints credentials. */
function printing(status: object): string {
  return `echo '${JSON.stringify({ kind: 'ExecCredential', status })}'`;
}

it('A credential plugin runs once for requests that begin together, and not again while its token is valid', async () => {
  await using plugin = await setup(printing({ token: 't1' }));
  const all = await Promise.all(Array.from({ length: 10 }, () => plugin.credentials()));
  expect(new Set(all.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer t1']));
  await plugin.credentials();
  expect(plugin.runs()).toHaveLength(1);
});

it('A credential plugin runs again when its token is about to expire', async () => {
  const expirationTimestamp = new Date(Date.now() + 5_000).toISOString();
  await using plugin = await setup(printing({ token: 't1', expirationTimestamp }));
  await plugin.credentials();
  await plugin.credentials();
  expect(plugin.runs()).toHaveLength(2);
});

it('A credential plugin gets its words, its variables and what kubectl tells it', async () => {
  const apiVersion = 'client.authentication.k8s.io/v1beta1';
  await using plugin = await setup(printing({ token: 't1' }), { apiVersion, provideClusterInfo: true });
  await plugin.credentials();
  const [run = ''] = plugin.runs();
  expect(run).toMatch(/ dev word$/);
  expect(JSON.parse(run.replace(/ dev word$/, ''))).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      cluster: { server: 'https://api.example', 'certificate-authority-data': 'Y2E=', config: null },
    },
  });
});

it.each([
  { interactiveMode: 'IfAvailable', isInteractive: true },
  { interactiveMode: 'Never', isInteractive: false },
])(
  'A credential plugin whose interactiveMode is $interactiveMode may ask the user: $isInteractive',
  async (row) => {
    await using plugin = await setup(
      printing({ token: 't1' }),
      { interactiveMode: row.interactiveMode },
      true,
    );
    await plugin.credentials();
    expect(plugin.runs()[0]).toContain(`"interactive":${row.isInteractive}`);
  },
);

it('A credential plugin can give a client certificate', async () => {
  await using plugin = await setup(printing({ clientCertificateData: 'cert', clientKeyData: 'key' }));
  expect(await plugin.credentials()).toMatchObject({ authorization: undefined, cert: 'cert', key: 'key' });
});

it.each([
  { line: 'exit 3', spec: {}, says: 'sh ended with exit code 3' },
  { line: 'kill -9 $$', spec: {}, says: 'sh ended with SIGKILL' },
  { line: 'echo hello', spec: {}, says: 'printed no token and no certificate' },
  { line: 'head -c 2000000 /dev/zero', spec: {}, says: 'ended with SIG' },
  {
    line: '',
    spec: { command: 'none-such', installHint: 'install it' },
    says: /none-such cannot be run: .*ENOENT; install it/,
  },
])('A credential plugin that does "$line" fails: $says', async ({ line, spec, says }) => {
  await using plugin = await setup(line, spec);
  await expect(plugin.credentials()).rejects.toThrow(says);
  await expect(plugin.credentials()).rejects.toThrow(says);
});
