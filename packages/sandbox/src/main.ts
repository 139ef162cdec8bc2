import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { exitCodeOf } from '@rolegate/testing';
import { live } from './live.ts';
import { tour } from './tour.ts';
import { startWorld } from './world.ts';

const USAGE = `npm run sandbox [-- OPTIONS]   the whole system on loopback

  -f, --manifests DIR   your own manifests instead of the sandbox's; an edited file takes effect live
      --once            only the tour: each promise of the main job once; exits 0 when all hold
  -h, --help            this text`;

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
  if (outcome.failed > 0) console.log(['the last lines of the logs:', ...lines.slice(-40)].join('\n'));
  return exitCodeOf(outcome);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`sandbox: ${describeError(error)}`);
  process.exitCode = 2;
}
