// Installs what is missing, then runs the command named by the first argument and passes the others to its last step.
// Runs on Node 20 or later. The steps run on the pinned Node, which is installed with the other packages.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const fromSources = ['node', '--conditions=development'];
/** Builds the programs that the sandbox starts. */
const build = ['tsc', '-b', 'packages/sandbox'];
const bundle = [build, ['node', 'scripts/bundle.mjs']];
const generator = (name) => [...fromSources, `scripts/generate/${name}.mjs`];
const suite = (name) => [...fromSources, `acceptance/${name}/main.ts`];

/** The steps of each `npm run`, which run in order until one fails. */
const commands = {
  sandbox: [build, ['node', 'packages/sandbox/dist/main.js']],
  test: [['vitest', 'run', '--project', 'unit']],
  // As many as cores, because these programs have deadlines.
  'test:programs': [...bundle, ['vitest', 'run', '--project', 'programs', '--maxWorkers=2']],
  'test:netns': [build, suite('netns')],
  'test:real': [build, suite('cluster')],
  'test:node': [suite('node')],
  'test:chaos': [build, suite('chaos')],
  'test:hostile': [...bundle, suite('hostile')],
  'test:clients': [build, suite('clients')],
  // Builds nothing, so that it can run beside other commands.
  'prepare:clients': [[...fromSources, 'acceptance/clients/prepare-main.ts']],
  'test:soak': [build, suite('soak')],
  monitoring: [build, suite('monitoring')],
  bench: [...bundle, suite('bench')],
  check: [
    ['node', 'scripts/generate/protos.mjs', '--check'],
    ['tsc', '-b'],
    ['node', 'scripts/generate/log-messages-doc.mjs', '--check'],
    ['node', 'scripts/bundle.mjs'],
    ['eslint', '.'],
    ['prettier', '--check', '.'],
    ['knip'],
  ],
  format: [['prettier', '--write', '.']],
  build: [['tsc', '-b']],
  bundle,
  rootfs: [...bundle, [...fromSources, 'scripts/release/rootfs-main.ts']],
  release: [[...fromSources, 'scripts/release/main.ts']],
  generate: [
    generator('version'),
    ['node', 'scripts/generate/protos.mjs'],
    generator('annotations-doc'),
    generator('flags-doc'),
    generator('metadata-doc'),
    generator('metrics-doc'),
    generator('promises-doc'),
    generator('reasons-doc'),
    generator('values-doc'),
    generator('golden'),
    generator('deploy-manifests'),
    generator('rights-doc'),
    generator('log-messages-doc'),
  ],
};

const [name = '', ...rest] = process.argv.slice(2);
const bin = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };

let running;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    // Ctrl-C in a terminal has reached the step already, and a second SIGINT could keep it from cleaning up.
    if (signal === 'SIGTERM' || !process.stdin.isTTY) running?.kill(signal);
  });

function run([command, ...args]) {
  return new Promise((resolve, reject) => {
    running = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    running.on('error', reject);
    running.on('exit', (status, signal) => {
      resolve(status ?? 128 + constants.signals[signal]);
    });
  });
}

async function install() {
  const stamp = join(root, 'node_modules/.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 0;
  console.error('Installing packages (first run only) …');
  // No package needs an install script: binaries are prebuilt. The lock file is followed and not written.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const status = await run(['npm', 'install', '--no-save', '--ignore-scripts', ...quiet]);
  if (status === 0) writeFileSync(stamp, wanted);
  return status;
}

async function runAll() {
  const steps = commands[name];
  if (steps === undefined)
    throw new Error(`unknown command ${name}; use one of ${Object.keys(commands).join(', ')}`);
  for (const [at, step] of steps.entries()) {
    if (step === build && !existsSync(join(root, 'packages/sandbox/dist')))
      console.error('Building (first run only) …');
    const status = await run(at === steps.length - 1 ? [...step, ...rest] : step);
    if (status !== 0) return status;
  }
  return 0;
}

process.exitCode = (await install()) || (await runAll());
