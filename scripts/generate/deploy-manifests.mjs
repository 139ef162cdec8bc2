// Writes deploy/ from the charts by helm (HELM, else PATH); without helm it stays as it is.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  deployFolder,
  plainManifests,
  readManifest,
  writtenManifests,
} from '../../charts/test/plain-manifests.ts';
import { helm } from '../../charts/test/rendering.ts';

if (helm === undefined) console.log('deploy/ is left as it is: there is no helm (HELM, else PATH)');
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
