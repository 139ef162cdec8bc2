import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError } from '@rolegate/runtime';
import { pythonWithBoto3 } from '../cluster/clients.ts';
import { outputOf } from './commands.ts';
import { play } from './play.ts';
import { missingHere } from './requirements.ts';
import { backends } from './rules.ts';
import type { Backend } from './rules.ts';
import { scenario } from './scenario.ts';

const USAGE = `npm run test:netns [-- OPTIONS]

Drives the built programs in network namespaces made for it, as root: a node, its Pods, another node, and a cloud that holds the
metadata addresses. Nothing leads out of them.
  --only PATTERN     only the steps whose names match
  --backend B        nft, legacy or both (default)`;

const PYTHON_CACHE = fileURLToPath(new URL('../../node_modules/.cache/boto3', import.meta.url));
/** Whatever hangs, the run ends. Milliseconds. */
const LONGEST_MS = 600_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      backend: { type: 'string', default: 'both' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = backends.filter((backend) => ['both', backend].includes(values.backend));
  if (values.help || wanted.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const signal = AbortSignal.any([interrupted(), AbortSignal.timeout(LONGEST_MS)]);
  const pattern = new RegExp(values.only, 'i');
  const steps = scenario.filter(({ name }) => pattern.test(name));
  const { root, reasons } = await missingHere();
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`skipped: ${reason}`);
    console.log(`0 passed, 0 failed, ${steps.length * wanted.length} skipped`);
    return root && process.env['CI'] === 'true' ? 1 : 0;
  }
  return run(steps, wanted, signal);
}

async function run(steps: typeof scenario, wanted: readonly Backend[], signal: AbortSignal): Promise<number> {
  const found = await pythonWithBoto3({ given: undefined, cache: PYTHON_CACHE });
  // A wrapper that looks for its Python by the environment finds none in a Pod.
  const python = (await outputOf([found, '-c', 'import sys; print(sys.executable)'])).trim();
  const total = { passed: 0, failed: 0 };
  for (const backend of wanted) {
    if (signal.aborted) break;
    const prefix = `rg${process.pid}${backend[0] ?? ''}`;
    const outcome = await play({ backend, prefix, python, steps, print: console.log, signal });
    total.passed += outcome.passed;
    total.failed += outcome.failed;
  }
  const rest = steps.length * wanted.length - total.passed - total.failed;
  if (rest > 0) console.log(`${rest} not run: ${describeError(signal.reason)}`);
  console.log(`${total.passed} passed, ${total.failed + rest} failed`);
  if (rest > 0) return 1;
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stop.abort(new Error(`interrupted by ${name}`));
    });
  // Not an end of this process: what it has made would stay.
  process.on('uncaughtException', (error) => {
    stop.abort(error);
  });
  return stop.signal;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`test:netns: ${describeError(error)}`);
  process.exitCode = 2;
}
