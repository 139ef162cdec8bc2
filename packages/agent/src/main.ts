import { createLog, describeError, systemClock, VERSION } from '@rolegate/runtime';
import { parseAgentConfig } from './config.ts';
import { runAgent } from './agent.ts';

/** Exit code of a configuration that cannot be worked with. */
const BAD_CONFIGURATION = 2;

async function main(): Promise<number> {
  const outcome = parseAgentConfig({ argv: process.argv.slice(2), env: process.env });
  switch (outcome.kind) {
    case 'help':
      process.stdout.write(outcome.text);
      return 0;
    case 'version':
      process.stdout.write(`rolegate-agent ${VERSION}\n`);
      return 0;
    case 'faults':
      process.stderr.write(outcome.faults.map((fault) => `rolegate-agent: ${fault}\n`).join(''));
      return BAD_CONFIGURATION;
    case 'config':
  }
  const { config, warnings } = outcome;
  const log = createLog({ ...config.log, write: (line) => process.stdout.write(line) });
  for (const warning of warnings) log.warn('flags', { error: warning });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => {
      stop.abort();
    });
  try {
    await runAgent({ config, clock: systemClock, log, random: Math.random }, stop.signal);
    return 0;
  } catch (error) {
    log.error('agent failed', { error: describeError(error) });
    return 1;
  }
}

process.exitCode = await main();
