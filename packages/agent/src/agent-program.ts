import { TlsFault } from '@rolegate/protocol';
import { runProgram, StatusSocketFault, systemClock } from '@rolegate/runtime';
import { runAgent } from './agent.ts';
import { parseAgentConfig } from './config/config.ts';

/**
 * Runs the agent until it is stopped. Resolves to the exit code. In a separate file, which the bundle loads only for this
 * program.
 */
export function runAgentProgram(process: Parameters<typeof runProgram>[1]): Promise<number> {
  return runProgram(
    {
      name: 'rolegate-agent',
      parse: parseAgentConfig,
      run: (config: Parameters<typeof runAgent>[0]['config'], log, signal) =>
        runAgent({ config, log, clock: systemClock, random: Math.random }, signal),
      isBadConfiguration: (error) => error instanceof TlsFault || error instanceof StatusSocketFault,
    },
    process,
  );
}
