// Writes deploy/ from the charts by helm (HELM, else PATH). With --check: writes nothing, exits 1 when something would change.
// Run with node --conditions=development: it imports sources.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  deployFolder,
  plainManifests,
  readManifest,
  writtenManifests,
} from '../charts/test/plain-manifests.ts';

const check = process.argv.includes('--check');
const wanted = plainManifests();
const written = writtenManifests();
const stale = [
  ...written.filter((path) => !wanted.has(path)),
  ...[...wanted.keys()].filter((path) => !written.includes(path) || readManifest(path) !== wanted.get(path)),
];
if (!check) stale.forEach(write);
for (const path of stale)
  console.log(
    `deploy/${path} ${check ? 'is not what the chart renders: npm run deploy-manifests' : 'changed'}`,
  );
console.log(`${wanted.size} files, ${stale.length} ${check ? 'stale' : 'changed'}`);
if (check && stale.length > 0) process.exitCode = 1;

function write(path) {
  const file = join(deployFolder, path);
  const text = wanted.get(path);
  if (text === undefined) return rmSync(file);
  mkdirSync(dirname(file), { recursive: true });
  return writeFileSync(file, text);
}
