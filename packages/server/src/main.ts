import { hostname } from 'node:os';
import { TlsFault } from '@rolegate/protocol';
import { runProgram, systemClock } from '@rolegate/runtime';
import { parseServerConfig } from './config.ts';
import { runServer } from './server.ts';

process.exitCode = await runProgram(
  {
    name: 'rolegate-server',
    parse: parseServerConfig,
    run: (config, log, signal) =>
      runServer({ config, log, clock: systemClock, random: Math.random, hostname: hostname() }, signal),
    isBadConfiguration: (error) => error instanceof TlsFault,
  },
  process,
);
