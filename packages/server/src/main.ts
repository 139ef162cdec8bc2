import { hostname } from 'node:os';
import { TlsFault } from '@rolegate/protocol';
import { runProgram, StatusSocketFault, systemClock } from '@rolegate/runtime';
import type { Log } from '@rolegate/runtime';
import type { ServerConfig } from './config/server-config.ts';
import { readOwnNamespace } from './kubernetes/api/kube-config.ts';

/** Each TLS connection uses a few bytes of a pool and so keeps the whole pool in memory; the default is 64 KiB. Bytes. */
const BUFFER_POOL = 4 * 1024;

Buffer.poolSize = BUFFER_POOL;
const podNamespace = readOwnNamespace();

/** Each command loads only the modules that it needs. */
async function server(): Promise<number> {
  const { parseServerConfig } = await import('./config/config.ts');
  const { runServer } = await import('./server.ts');
  const surroundings = { clock: systemClock, random: Math.random, hostname: hostname() };
  return runProgram(
    {
      name: 'rolegate-server',
      parse: (input) => parseServerConfig({ ...input, podNamespace }),
      run: (config: ServerConfig, log: Log, signal, warnings) =>
        runServer({ config, log, warnings, ...surroundings }, signal),
      isBadConfiguration: (error) => error instanceof TlsFault || error instanceof StatusSocketFault,
    },
    process,
  );
}

/** Shows or replaces the server's certificate authorities. */
async function authority(argv: readonly string[]): Promise<number> {
  const { runAuthorityCommand } = await import('./commands/authority.ts');
  const { env, stdout, stderr } = process;
  return runAuthorityCommand({ argv, env, podNamespace, stdout, stderr });
}

async function start(word: string): Promise<number> {
  switch (word) {
    case 'authority':
      return authority(process.argv.slice(3));
    case 'status':
    case 'log-level':
      return (await import('./status/command.ts')).runServerCommand(word, process);
    default:
      return server();
  }
}

process.exitCode = await start(process.argv[2] ?? 'server');
