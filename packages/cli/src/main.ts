// First, because the other modules need it.
import './node-20.ts';
import { commands } from './command-line/commands.ts';
import { dispatch } from './command-line/dispatch.ts';
import { createOutput } from './output/output.ts';

const { argv, env, stdout, stderr } = process;
const output = createOutput({ stdout, stderr, env });
const stop = new AbortController();
// Only the first: the second ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stop.abort();
  });

process.exitCode = await dispatch({
  commands,
  argv: argv.slice(2),
  env,
  output,
  signal: AbortSignal.any([stop.signal, output.closed]),
});
