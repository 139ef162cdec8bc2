// Bundles the built programs into dist/bundle/{agent,server,kubectl-rolegate}.cjs, with source maps and lists of what
// they contain (*.sbom.json). Fails if a bundle contains forbidden code or exceeds its size limit. Run
// `npm run bundle`, which builds first. Also writes dist/npm, for `npm pack ./dist/npm`.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAscii } from 'node:buffer';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import protobuf from 'protobufjs';
import { writeNpmPackage } from './npm-package.mjs';
import { sbomOf } from './sbom.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const notOnNodes = ['@kubernetes/', '@aws-sdk/', '@smithy/', '@peculiar/'];
const bundles = [
  // Runs on every node, so it is small and holds little worth stealing (DESIGN.md 1).
  { name: 'agent', program: 'agent', maxBytes: 270_000, without: [...notOnNodes, '@grpc/', 'protobufjs'] },
  // Code that only the agent itself loads. Without it, reconcile, which also runs on each node, needs 7 MB less.
  {
    name: 'agent-program',
    program: 'agent',
    entry: 'packages/agent/dist/agent-program.js',
    maxBytes: 1_500_000,
    without: notOnNodes,
  },
  { name: 'server', program: 'server', maxBytes: 3_150_000, without: [] },
  // The commands of both programs. The agent's startup probe runs one repeatedly until the agent is ready.
  ...['agent', 'server'].map((of) => ({
    name: `${of}-status`,
    entry: `packages/${of}/dist/status/main.js`,
    maxBytes: 30_000,
    without: ['node_modules/'],
  })),
  {
    name: 'kubectl-rolegate',
    program: 'cli',
    entry: 'packages/cli/dist/main.js',
    maxBytes: 1_250_000,
    // Of the libraries, only that of the kubeconfig and what it needs, and for `migrate` the engine of the policy and YAML.
    without: ['@aws-sdk/', '@smithy/', '@peculiar/', '@grpc/', 'protobufjs', 'pino/', 'prom-client'],
    // It runs on users' machines, with the Node.js that they have.
    target: 'node20',
    shebang: '#!/usr/bin/env node',
  },
];

/**
 * CommonJS has no top-level await but starts faster than ESM: the agent in 165 instead of 200 ms, with 2.6 MB less. So
 * the body of a main is wrapped in an async function. An error in it still ends the process.
 */
const awaitInMain = {
  name: 'await in main',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/(agent|server|cli)\/dist\/main\.js$/ }, async ({ path }) => {
      // tsc adds `export {};` to a module without imports.
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== 'export {};');
      const body = lines.findLastIndex((line) => line.startsWith('import ')) + 1;
      if (lines.some((line) => line.startsWith('export ')))
        throw new Error(`${path} has an export, which a main must not have`);
      return {
        contents: [...lines.slice(0, body), 'void (async () => {', ...lines.slice(body), '})();'].join('\n'),
        loader: 'js',
      };
    });
  },
};

/** A separate file next to the bundle, loaded on demand. */
const agentProgram = {
  name: 'agent-program.cjs',
  setup({ onResolve }) {
    onResolve({ filter: /\/agent-program\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './agent-program.cjs', external: true } : undefined,
    );
  },
};

/** grpc-health-check reads its .proto when it is loaded. It gets the descriptor made from it instead. */
const healthDescriptor = {
  name: 'descriptor of grpc.health.v1',
  setup({ onLoad }) {
    onLoad({ filter: /grpc-health-check\/build\/src\/health\.js$/ }, async ({ path }) => {
      const proto = join(dirname(path), '../../proto/health/v1/health.proto');
      const descriptor = JSON.stringify(new protobuf.Root().loadSync(proto, { keepCase: true }).toJSON());
      const contents = replaceAll(await readFile(path, 'utf8'), [
        ["loadSync)('health/v1/health.proto'", `fromJSON)(${descriptor}`],
        ["path.resolve(__dirname, '../../proto/health/v1/health.proto')", 'undefined'],
        ['includeDirs: [`${__dirname}/../../proto`],', ''],
      ]);
      return { contents, loader: 'js' };
    });
  },
};

/**
 * The used parts of client-node alone, and KubeConfig only for node:https. Without the generated API and undici, the
 * server's bundle is 3 MB smaller and needs 15 MB less memory.
 */
const clientNode = (program) => ({
  name: 'used parts of client-node',
  setup({ onResolve, onLoad }) {
    const library = dirname(
      createRequire(join(root, `packages/${program}/package.json`)).resolve('@kubernetes/client-node'),
    );
    const config = join(library, 'config.js');
    onResolve({ filter: /^@kubernetes\/client-node$/ }, () =>
      program === 'cli' ? { path: 'KubeConfig and Exec', namespace: 'parts' } : { path: config },
    );
    onLoad({ filter: /.*/, namespace: 'parts' }, () => ({
      contents: "export { KubeConfig } from './config.js'; export { Exec } from './exec.js';",
      resolveDir: library,
    }));
    onResolve({ filter: /^(undici|\.\/gen\/index\.js)$/ }, ({ importer, path }) =>
      importer === config ? { path, namespace: 'left out' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'left out' }, ({ path }) => ({ contents: throwing(path) }));
  },
});

/**
 * prom-client without the parts that push, collect from workers or measure Node, which would load node:https and
 * node:cluster at each start.
 */
const metricsOnly = {
  name: 'metrics only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/(pushgateway|cluster|defaultMetrics)$/ }, ({ importer, path }) =>
      importer.endsWith('/prom-client/index.js') ? { path, namespace: 'never used' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'never used' }, () => ({ contents: 'module.exports = undefined;' }));
  },
};

/** A module that is never called. */
function throwing(path) {
  const exports = ['Agent', 'ProxyAgent', 'createConfiguration', 'ServerConfiguration'];
  return [
    `function leftOut() { throw new Error(${JSON.stringify(`${path} is not in the bundle`)}); }`,
    `export { ${exports.map((name) => `leftOut as ${name}`).join(', ')} };`,
  ].join('\n');
}

function replaceAll(text, replacements) {
  return replacements.reduce((changed, [from, to]) => {
    if (!changed.includes(from))
      throw new Error(`a library changed, so update scripts/bundle.mjs: ${from} not found`);
    return changed.replace(from, () => to);
  }, text);
}

async function bundle({ name, program, entry, maxBytes, without, target = 'node24', shebang }) {
  const outfile = `dist/bundle/${name}.cjs`;
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [entry ?? `packages/${name}/dist/main.js`],
    outfile,
    bundle: true,
    platform: 'node',
    target,
    format: 'cjs',
    // Loaded by require, which needs no ESM loader.
    supported: { 'dynamic-import': false },
    // Names are kept, because they are in stack traces and in logs of libraries.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    plugins: [awaitInMain, agentProgram, healthDescriptor, clientNode(program ?? 'server'), metricsOnly],
    ...(shebang === undefined ? {} : { banner: { js: shebang } }),
  });
  if (shebang !== undefined) await chmod(join(root, outfile), 0o755);
  const { bytes, inputs } = metafile.outputs[outfile];
  console.log(`${outfile}: ${(bytes / 1e6).toFixed(2)} MB of ${(maxBytes / 1e6).toFixed(2)} allowed`);
  const unwanted = Object.keys(inputs).filter((path) => without.some((part) => path.includes(part)));
  const faults = [
    ...warnings.map(({ text }) => `${outfile}: ${text}`),
    ...unwanted.map((path) => `${outfile} must not contain ${path}`),
    // A single character outside Latin-1 makes V8 store the whole source with two bytes per character.
    ...(isAscii(await readFile(join(root, outfile))) ? [] : [`${outfile} has a non-ASCII character`]),
    ...(bytes > maxBytes ? [`${outfile} has ${bytes} bytes, more than the allowed ${maxBytes}`] : []),
  ];
  return { name, program, inputs, faults };
}

const built = await Promise.all(bundles.map(bundle));
// The status commands contain only our own files, which are in the program's list.
for (const name of ['agent', 'server', 'cli']) {
  const parts = built.filter(({ program }) => program === name);
  await writeFile(
    join(root, `dist/bundle/${parts[0].name}.sbom.json`),
    sbomOf({
      root,
      name,
      version: manifest.version,
      inputs: Object.assign({}, ...parts.map(({ inputs }) => inputs)),
    }),
  );
}
await writeNpmPackage(root, manifest);
const faults = built.flatMap((one) => one.faults);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
