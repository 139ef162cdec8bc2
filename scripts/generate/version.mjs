// Writes the version of package.json to the programs and the charts, which cannot read it.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

replace('packages/runtime/src/program/version.ts', /(?<=VERSION = ')[^']*/, version);
for (const chart of ['server', 'agent'])
  replace(`charts/${chart}/Chart.yaml`, /(?<=^(?:version|appVersion): ).*/gm, version);

function replace(path, pattern, text) {
  const file = join(root, path);
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text));
}
