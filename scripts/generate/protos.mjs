// Generates packages/protocol/src/generated from protos/. With --check, writes nothing and exits with 1 if something
// would change.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const target = join(root, 'packages/protocol/src/generated');
const protos = ['rolegate/v1/rolegate.proto'];
// Options that proto-loader-gen-types and the loader in protocol/src/service.ts must share.
const options = ['--longs=Number', '--enums=String', '--defaults', '--oneofs'];

function generateInto(folder) {
  execFileSync(
    join(root, 'node_modules/.bin/proto-loader-gen-types'),
    [
      ...protos,
      ...options,
      '--importFileExtension=.ts',
      '--grpcLib=@grpc/grpc-js',
      `--outDir=${folder}`,
      `-I=${root}/protos`,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  for (const file of filesOf(folder)) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`${root}/`, '')); // remove this machine's path
  }
  const descriptor = new protobuf.Root();
  descriptor.resolvePath = (_, path) => join(root, 'protos', path);
  descriptor.loadSync(protos).resolveAll();
  writeFileSync(join(folder, 'descriptor.json'), `${JSON.stringify(descriptor.toJSON(), undefined, 2)}\n`);
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

const scratch = mkdtempSync(join(tmpdir(), 'rolegate-generate-'));
try {
  generateInto(scratch);
  if (process.argv.includes('--check')) {
    const made = filesOf(scratch);
    const stale = [...new Set([...made, ...filesOf(target)])].filter(
      (file) =>
        !made.includes(file) ||
        readFileSync(join(scratch, file), 'utf8') !== readFileOrEmpty(join(target, file)),
    );
    for (const file of stale)
      console.error(`packages/protocol/src/generated/${file} is not current; run npm run generate`);
    if (stale.length > 0) process.exitCode = 1;
  } else {
    rmSync(target, { recursive: true, force: true });
    cpSync(scratch, target, { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function readFileOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
