// Writes docs/figures/status.txt: what the status commands print in the sandbox. Run it with node --conditions=development after
// `npm run build`; it starts the built programs. Times, IDs and keys differ from run to run, so no test compares the page.
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readManifests } from '../../packages/sandbox/src/manifests.ts';
import { runProgramOnce } from '../../packages/sandbox/src/program.ts';
import { statusSocket } from '../../packages/sandbox/src/start-programs.ts';
import { startWorld } from '../../packages/sandbox/src/world.ts';

const COMMANDS = [
  ['agent', 'agent', []],
  ['agent', 'agent', ['--pod', 'legacy/reports']],
  ['agent', 'agent', ['--pod', 'shop/checkout']],
  ['agent', 'agent', ['--pod', 'monitoring/log-shipper']],
  ['agent', 'agent', ['--ip', '127.9.9.9']],
  ['server', 'server-0', []],
  ['server', 'server-0', ['--pod', 'legacy/reports']],
];
/** How long the sandbox runs before it is asked. Milliseconds. */
const SETTLE_MS = 3_000;

const output = fileURLToPath(new URL('../../docs/figures/status.txt', import.meta.url));
const manifests = fileURLToPath(new URL('../../packages/sandbox/manifests', import.meta.url));

await using world = await startWorld({
  serverCount: 1,
  onAgentLine: () => undefined,
  containerCredentials: true,
});
await world.apply(await readManifests(manifests));
await setTimeout(SETTLE_MS);

const sections = [];
for (const [program, socket, words] of COMMANDS) {
  const args = ['status', ...words];
  const { output: text } = await runProgramOnce(program, [
    ...args,
    '--status-socket',
    statusSocket(world, socket),
  ]);
  sections.push(`$ rolegate-${program} ${args.join(' ')}\n${text}`);
}
writeFileSync(
  output,
  [
    'What the status commands print in the sandbox. Made by scripts/generate/status-figures.mjs.\n',
    ...sections,
  ].join('\n'),
);
