// Writes charts/*/golden from charts/*/ci by helm (HELM, else PATH). With --check: writes nothing, exits 1 when something would
// change. Run with node --conditions=development: it imports sources.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { chartFolder, chartNames, rendered, root, valueSets } from '../charts/test/rendering.ts';

const check = process.argv.includes('--check');
const sets = valueSets();
const stale = sets.filter((set) => {
  const text = rendered({ chart: set.chart, files: [set.valuesFile] });
  if (text === readOrEmpty(set.goldenFile)) return false;
  if (!check) {
    mkdirSync(dirname(set.goldenFile), { recursive: true });
    writeFileSync(set.goldenFile, text);
  }
  return true;
});
const left = chartNames.flatMap(renderingsWithoutValues);
if (!check) left.forEach((file) => rmSync(file));
for (const file of [...stale.map(({ goldenFile }) => goldenFile), ...left])
  console.log(
    `${relative(root, file)} ${check ? 'is not what its chart renders: npm run golden' : 'changed'}`,
  );
console.log(`${sets.length} renderings, ${stale.length + left.length} ${check ? 'stale' : 'changed'}`);
if (check && stale.length + left.length > 0) process.exitCode = 1;

function renderingsWithoutValues(chart) {
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
