// Bundles both programs into dist/bundle/{agent,server}.cjs; source maps, and what they are made of (*.sbom.json), beside them.
// Fails when a bundle holds what it must not, or has outgrown its budget. Builds nothing itself: `npm run bundle` does.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAscii } from 'node:buffer';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import protobuf from 'protobufjs';
import { sbomOf } from './sbom.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const notOnNodes = ['@kubernetes/', '@aws-sdk/', '@smithy/', '@peculiar/'];
const bundles = [
  // What every node runs: small, and little to steal (DESIGN.md 1).
  { name: 'agent', program: 'agent', maxBytes: 260_000, without: [...notOnNodes, '@grpc/', 'protobufjs'] },
  // What only the agent itself loads: reconcile, which runs beside it on each node, needs 7 MB less without it.
  {
    name: 'agent-program',
    program: 'agent',
    entry: 'packages/agent/dist/agent-program.js',
    maxBytes: 1_500_000,
    without: notOnNodes,
  },
  { name: 'server', program: 'server', maxBytes: 3_150_000, without: [] },
  // Of both the commands by themselves: what the agent's startup probe starts until the agent is ready.
  ...['agent', 'server'].map((of) => ({
    name: `${of}-status`,
    entry: `packages/${of}/dist/status/main.js`,
    maxBytes: 30_000,
    without: ['node_modules/'],
  })),
];

/**
 * CommonJS has no await at the top of a module, and starts faster than ESM: the agent in 165 instead of 200 ms, with 2.6 MB
 * less. So the body of a main is put into an async function; what it throws still ends the process.
 */
const awaitInMain = {
  name: 'await in main',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/(agent|server)\/dist\/main\.js$/ }, async ({ path }) => {
      // `export {};` is what tsc adds to a module without imports.
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== 'export {};');
      const body = lines.findLastIndex((line) => line.startsWith('import ')) + 1;
      if (lines.some((line) => line.startsWith('export '))) throw new Error(`${path} exports something`);
      return {
        contents: [...lines.slice(0, body), 'void (async () => {', ...lines.slice(body), '})();'].join('\n'),
        loader: 'js',
      };
    });
  },
};

/** A file of its own beside the bundle, loaded if it is called for. */
const agentProgram = {
  name: 'agent-program.cjs',
  setup({ onResolve }) {
    onResolve({ filter: /\/agent-program\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './agent-program.cjs', external: true } : undefined,
    );
  },
};

/** grpc-health-check reads its .proto when it is loaded: it gets the descriptor made from it instead. */
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
 * Of client-node only its KubeConfig is used, and that only for node:https: without the generated API and undici the server's
 * bundle is 3 MB smaller, and it needs 15 MB less memory.
 */
const kubeConfigOnly = {
  name: 'KubeConfig only',
  setup({ onResolve, onLoad }) {
    const library = createRequire(join(root, 'packages/server/package.json')).resolve(
      '@kubernetes/client-node',
    );
    const config = join(dirname(library), 'config.js');
    onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({ path: config }));
    onResolve({ filter: /^(undici|\.\/gen\/index\.js)$/ }, ({ importer, path }) =>
      importer === config ? { path, namespace: 'left out' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'left out' }, ({ path }) => ({ contents: throwing(path) }));
  },
};

/** prom-client without what pushes, gathers from workers or measures Node: that would load node:https and node:cluster at each start. */
const metricsOnly = {
  name: 'metrics only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/(pushgateway|cluster|defaultMetrics)$/ }, ({ importer, path }) =>
      importer.endsWith('/prom-client/index.js') ? { path, namespace: 'never used' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'never used' }, () => ({ contents: 'module.exports = undefined;' }));
  },
};

/** A module of what is never called. */
function throwing(path) {
  const exports = ['Agent', 'ProxyAgent', 'createConfiguration', 'ServerConfiguration'];
  return [
    `function leftOut() { throw new Error(${JSON.stringify(`${path} is not in the bundle`)}); }`,
    `export { ${exports.map((name) => `leftOut as ${name}`).join(', ')} };`,
  ].join('\n');
}

function replaceAll(text, replacements) {
  return replacements.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`a library changed, look at scripts/bundle.mjs: no ${from}`);
    return changed.replace(from, () => to);
  }, text);
}

async function bundle({ name, program, entry, maxBytes, without }) {
  const outfile = `dist/bundle/${name}.cjs`;
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [entry ?? `packages/${name}/dist/main.js`],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // By require, which needs no ESM loader.
    supported: { 'dynamic-import': false },
    // Names are kept: they are in stack traces and in what libraries log.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    plugins: [awaitInMain, agentProgram, healthDescriptor, kubeConfigOnly, metricsOnly],
  });
  const { bytes, inputs } = metafile.outputs[outfile];
  console.log(`${outfile}: ${(bytes / 1e6).toFixed(2)} MB of ${(maxBytes / 1e6).toFixed(2)} allowed`);
  const unwanted = Object.keys(inputs).filter((path) => without.some((part) => path.includes(part)));
  const faults = [
    ...warnings.map(({ text }) => `${outfile}: ${text}`),
    ...unwanted.map((path) => `${outfile} must not hold ${path}`),
    // One character that is not Latin-1, and V8 keeps the whole source with two bytes for each.
    ...(isAscii(await readFile(join(root, outfile))) ? [] : [`${outfile} has a character that is not ASCII`]),
    ...(bytes > maxBytes ? [`${outfile} has ${bytes} bytes, ${maxBytes} are allowed`] : []),
  ];
  return { program, inputs, faults };
}

const built = await Promise.all(bundles.map(bundle));
// The commands are made of our own files alone, which the program's list has.
for (const name of ['agent', 'server']) {
  const parts = built.filter(({ program }) => program === name).map(({ inputs }) => inputs);
  await writeFile(
    join(root, `dist/bundle/${name}.sbom.json`),
    sbomOf({ root, name, inputs: Object.assign({}, ...parts) }),
  );
}
const faults = built.flatMap((one) => one.faults);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
