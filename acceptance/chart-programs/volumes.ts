import { randomBytes } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SERVER_NAME } from '@rolegate/sandbox';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import { NODE_NAME } from '../stand-ins/cluster.ts';
import type { Mounts } from './flags.ts';

/** Creates folders and files for the containers' volumes, owned by the containers' users. */
export async function makeVolumes(
  { folder, cniDirectory }: { readonly folder: string; readonly cniDirectory: string },
  users: Readonly<Record<'agent' | 'server', number>>,
): Promise<Record<'agent' | 'server', Mounts>> {
  const ca = await createTestCa();
  const at = (name: string) => join(folder, name);
  await writeTls(ca, { folder: at('agent-tls'), uris: [`spiffe://rolegate/node/${NODE_NAME}`] }, users.agent);
  for (const name of ['run', 'state', 'cni']) await makeFolder(at(name), users.agent);
  await makeFolder(at('listeners'), 0);
  return {
    agent: {
      '/run/rolegate': at('run'),
      '/run/rolegate-state': at('state'),
      '/run/rolegate-cni': at('cni'),
      '/run/rolegate-listeners': at('listeners'),
      '/etc/rolegate/tls': at('agent-tls'),
      '/var/lib/cni': dirname(cniDirectory),
    },
    server: await makeServerVolumes({ folder, ca, user: users.server }),
  };
}

export interface ServerVolumesOptions {
  readonly folder: string;
  readonly ca: TestCa;
  readonly user: number;
}

/** The volumes of the server. */
export async function makeServerVolumes({ folder, ca, user }: ServerVolumesOptions): Promise<Mounts> {
  const at = (name: string) => join(folder, name);
  await writeTls(ca, { folder: at('server-tls'), dns: [SERVER_NAME] }, user);
  await makeFolder(at('token'), user);
  await writeFile(at('token/secret'), randomBytes(32).toString('hex'));
  return {
    ...(await makeServerRun({ folder, user })),
    '/etc/rolegate/tls': at('server-tls'),
    '/etc/rolegate/token': at('token'),
  };
}

/** The volumes of a server that is its own authority. */
export async function makeServerRun({
  folder,
  user,
}: Omit<ServerVolumesOptions, 'ca'>): Promise<Readonly<Record<'/run/rolegate', string>>> {
  const run = join(folder, 'server-run');
  await makeFolder(run, user);
  return { '/run/rolegate': run };
}

/** Creates a folder that belongs to the user. */
async function makeFolder(path: string, user: number): Promise<void> {
  await mkdir(path);
  await chown(path, user, user);
}

async function writeTls(
  ca: TestCa,
  { folder, ...names }: { readonly folder: string } & Parameters<TestCa['issue']>[0],
  user: number,
): Promise<void> {
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...(await ca.issue(names)) });
  for (const path of [folder, files.cert, files.key, files.ca]) await chown(path, user, user);
}
