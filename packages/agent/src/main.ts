import { TlsFault } from '@rolegate/protocol';
import { runProgram, systemClock } from '@rolegate/runtime';
import { parseAgentConfig } from './config.ts';
import { runAgent } from './agent.ts';

process.exitCode = await runProgram(
  {
    name: 'rolegate-agent',
    parse: parseAgentConfig,
    run: (config, log, signal) => runAgent({ config, log, clock: systemClock, random: Math.random }, signal),
    isBadConfiguration: (error) => error instanceof TlsFault,
  },
  process,
);
