import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { exitCodeOf, summaryOf } from '@rolegate/testing';
import { live } from './live.ts';
import { tour } from './tour.ts';
import { startWorld } from './world.ts';

const USAGE = `Usage: npm run sandbox [-- OPTIONS]

Runs the whole system on loopback: two servers, an agent, and stand-ins for the
Kubernetes API, STS and the node's IMDS. It needs no root, cluster or AWS account.

  -f, --manifests DIR   use the manifests in DIR; edits take effect while it runs
      --once            check each main promise once and exit; 0 if all hold
  -h, --help            show this text`;

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
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
  };
  await using world = await startWorld({ onAgentLine: keep, onServerLine: keep });
  const outcome = await tour({ world, manifests: OWN_MANIFESTS, print: console.log });
  console.log(summaryOf(outcome));
  if (outcome.failed > 0) console.log(['Last log lines:', ...lines.slice(-40)].join('\n'));
  return exitCodeOf(outcome);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`sandbox: ${describeError(error)}`);
  process.exitCode = 2;
}
