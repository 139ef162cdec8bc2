import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTlsFiles } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';

/** The name in the servers' certificates. */
export const SERVER_NAME = 'rolegate-server';

/** The servers have their own authority, and agents prove their node by a token, so no certificates are made. */
export interface AuthorityMode {
  /** Of the servers, with the Secret and the ConfigMap. */
  readonly namespace: string;
  /** The CA bundle as mounted in an agent. It may not exist yet. */
  readonly caFile: string;
  readonly tokenFile: string;
  /** Additional server flags. */
  readonly serverFlags?: readonly string[];
}

/** Certificates from files. All agents share one, which names no node. */
export interface NamelessMode {
  /** Undefined: nothing proves the node. */
  readonly tokenFile: string | undefined;
  /** Additional server flags. */
  readonly serverFlags: readonly string[];
}

export interface IdentityOptions {
  /** Folder for certificates and secrets. */
  readonly folder: string;
  readonly node: string;
  /** Undefined: certificates from files, made for the test. */
  readonly authority?: AuthorityMode;
  /** Undefined: an agent's certificate from files names its node. */
  readonly nameless?: NamelessMode;
}

type IdentityFlags = Readonly<Record<'server' | 'agent', readonly string[]>>;

/** Returns the flags by which servers and agents authenticate each other, and writes the files that they name. */
export function identityFlags(options: IdentityOptions, ca: TestCa): Promise<IdentityFlags> {
  const { authority } = options;
  return authority === undefined ? filesFlags(options, ca) : Promise.resolve(authorityFlags(authority));
}

async function filesFlags({ folder, node, nameless }: IdentityOptions, ca: TestCa): Promise<IdentityFlags> {
  const tokenSecret = join(folder, 'token-secret');
  await writeFile(tokenSecret, randomBytes(32).toString('hex'), { mode: 0o600 });
  const names = nameless === undefined ? { uris: [`spiffe://rolegate/node/${node}`] } : { dns: ['agent'] };
  const { tokenFile, serverFlags = [] } = nameless ?? {};
  const server = await tlsFlags(join(folder, 'server'), ca, { dns: [SERVER_NAME] });
  const agent = await tlsFlags(join(folder, 'agent'), ca, names);
  return {
    server: ['--token-secret-file', tokenSecret, ...server, ...serverFlags],
    agent: [...agent, ...(tokenFile === undefined ? [] : ['--token-file', tokenFile])],
  };
}

function authorityFlags({
  namespace,
  caFile,
  tokenFile,
  serverFlags: more = [],
}: AuthorityMode): IdentityFlags {
  return {
    server: ['--namespace', namespace, ...more],
    agent: ['--ca', caFile, '--token-file', tokenFile],
  };
}

async function tlsFlags(
  folder: string,
  ca: TestCa,
  names: Parameters<TestCa['issue']>[0],
): Promise<string[]> {
  const files = await writeTlsFiles(folder, { ca: ca.pem, ...(await ca.issue(names)) });
  return ['--cert', files.cert, '--key', files.key, '--ca', files.ca];
}
