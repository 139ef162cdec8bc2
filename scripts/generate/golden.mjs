// Writes charts/*/golden from charts/*/ci with helm (from HELM or PATH). Does nothing without helm.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { chartFolder, chartNames, helm, rendered, root, valueSets } from '../../charts/test/rendering.ts';

if (helm === undefined) console.log('charts/*/golden not generated: helm not found (set HELM or PATH)');
else writeAll();

function writeAll() {
  const sets = valueSets();
  const changed = sets.filter((set) => {
    const text = rendered({ chart: set.chart, files: [set.valuesFile] });
    if (text === readOrEmpty(set.goldenFile)) return false;
    mkdirSync(dirname(set.goldenFile), { recursive: true });
    writeFileSync(set.goldenFile, text);
    return true;
  });
  const left = chartNames.flatMap((chart) => renderingsWithoutValues(chart, sets));
  left.forEach((file) => rmSync(file));
  for (const file of [...changed.map(({ goldenFile }) => goldenFile), ...left])
    console.log(`${relative(root, file)} changed`);
}

function renderingsWithoutValues(chart, sets) {
  const folder = join(chartFolder(chart), 'golden');
  const wanted = sets.filter((set) => set.chart === chart).map(({ name }) => name);
  return namesIn(folder)
    .filter((file) => !wanted.includes(basename(file, '.yaml')))
    .map((file) => join(folder, file));
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
