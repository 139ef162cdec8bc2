// Writes docs/figures/metadata-{paths,hold}.md from the agent's lists. Run with node --conditions=development; tests hold both current.
import { writeFileSync } from 'node:fs';
import { patientClients } from '../../packages/agent/src/metadata/hold-budget.ts';
import { groupPaths, ungroupedPaths } from '../../packages/agent/src/node-imds/groups.ts';
import { markdownTable } from '../../packages/runtime/src/index.ts';

const PATHS = `# Metadata paths by group

Made by \`scripts/generate/metadata-doc.mjs\` from \`packages/agent/src/node-imds/groups.ts\`. Paths are without their
version (\`/latest/\`). What the groups mean, and how to open them, is in [metadata.md](../metadata.md).
`;

const HOLD = `# Clients that wait longer than the SDKs

Made by \`scripts/generate/metadata-doc.mjs\` from \`packages/agent/src/metadata/hold-budget.ts\`. A product is a name in
the User-Agent. It is held for 80 % of what its client waits, at most \`--hold-patient\`, here its default
([metadata.md](../metadata.md#how-a-request-waits)). "Tried" is a version that took an answer after three seconds.
`;

const LONGEST_HOLD_MS = 4_000;
const SHARE_OF_PATIENCE = 0.8;

const section = (title, paths) => `\n## ${title}\n\n${paths.map((path) => `- \`${path}\`\n`).join('')}`;
const sections = Object.entries(groupPaths).map(([group, paths]) => section(`\`${group}\``, paths));

const clients = patientClients.map(({ product, name, waitsMs, source, tried }) => [
  `\`${product}\``,
  name,
  `${waitsMs / 1_000} s`,
  `${Math.min(waitsMs * SHARE_OF_PATIENCE, LONGEST_HOLD_MS) / 1_000} s`,
  source,
  tried ?? 'no',
]);
const table = markdownTable(['product', 'client', 'waits', 'held', 'source', 'tried'], clients);

function write(name, text) {
  writeFileSync(new URL(`../../docs/figures/${name}`, import.meta.url), text);
}

write('metadata-paths.md', `${PATHS}${sections.join('')}${section('In no group', ungroupedPaths)}`);
write('metadata-hold.md', `${HOLD}\n${table}\n`);
