// Writes deploy/ from the charts with helm (from HELM or PATH). Does nothing without helm.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  deployFolder,
  plainManifests,
  readManifest,
  writtenManifests,
} from '../../charts/test/plain-manifests.ts';
import { helm } from '../../charts/test/rendering.ts';

if (helm === undefined) console.log('deploy/ not generated: helm not found (set HELM or PATH)');
else writeAll();

function writeAll() {
  const wanted = plainManifests();
  const written = writtenManifests();
  for (const path of new Set([...wanted.keys(), ...written])) {
    const text = wanted.get(path);
    if (written.includes(path) && readManifest(path) === text) continue;
    write(path, text);
    console.log(`deploy/${path} changed`);
  }
}

function write(path, text) {
  const file = join(deployFolder, path);
  if (text === undefined) return rmSync(file);
  mkdirSync(dirname(file), { recursive: true });
  return writeFileSync(file, text);
}
