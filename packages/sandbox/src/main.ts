import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { exitCodeOf, suiteSignal, summaryOf } from '@rolegate/testing';
import { STARTING } from './describe-pods.ts';
import { live } from './live.ts';
import { tour } from './tour.ts';
import { startWorld } from './world.ts';

const USAGE = `Usage: npm run sandbox [-- OPTIONS]

Runs the whole system on loopback: two servers, one agent, and stand-ins for the
Kubernetes API, STS and the node's IMDS. It needs no root, cluster or AWS account.

  -f, --manifests DIR   use the manifests in DIR; edits take effect while it runs
      --once            check each main promise once and exit with 0 if all hold
  -h, --help            show this text`;

/** Longest run with --once. Milliseconds. */
const ONCE_WITHIN_MS = 300_000;
const OWN_MANIFESTS = fileURLToPath(new URL('../manifests', import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      manifests: { type: 'string', short: 'f', default: OWN_MANIFESTS },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  return values.once ? runTour() : live({ folder: values.manifests, print: console.log });
}

async function runTour(): Promise<number> {
  const signal = suiteSignal(ONCE_WITHIN_MS);
  console.log(STARTING);
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
  };
  await using world = await startWorld({
    onAgentLine: keep,
    onServerLine: keep,
    containerCredentials: true,
    programPods: true,
  });
  const outcome = await tour({ world, manifests: OWN_MANIFESTS, print: console.log, signal });
  console.log(summaryOf(outcome));
  if (outcome.failed > 0) console.log(['Last log lines:', ...lines.slice(-40)].join('\n'));
  return exitCodeOf(outcome);
}

function isOptionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

try {
  process.exitCode = await main();
} catch (error) {
  const more = isOptionError(error) ? '; --help lists the options' : '';
  console.error(`sandbox: ${describeError(error)}${more}`);
  process.exitCode = 2;
}
