// Writes docs/flags.md from the tables of flags. Run with node --conditions=development: it imports sources.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interceptionPrograms } from '../../packages/agent/src/config/interception-flags.ts';
import { agentProgram } from '../../packages/agent/src/config/config.ts';
import { verifyProgram } from '../../packages/agent/src/commands/verify/flags.ts';
import { flagsDoc } from '../../packages/runtime/src/index.ts';
import { serverProgram } from '../../packages/server/src/config/config.ts';

const HEAD = `# Flags

Made by \`scripts/generate/flags-doc.mjs\` from the tables in \`packages/{server,agent}/src/config/\`.

A flag counts before its environment variable, that before the default; an empty variable counts as none. \`--x=y\` and
\`--x y\` are the same; a switch is \`--x\`, \`--no-x\` or \`--x=false\`. A repeatable flag takes several values: between
commas, or, where a value may hold a comma (\`--role-ceiling\`, \`--session-tag\`, \`--allow-path\`), one each time; their
variables hold one a line. Durations are written as \`1h30m\`, \`15m\` or \`850ms\`.

The first argument of \`rolegate-agent\` picks a program: \`intercept\`, \`reconcile\`, \`uninstall\`; \`verify\`, which asks as
a Pod does; without one, or with \`agent\`, it answers Pods. \`status\` and \`log-level\` ask a program that runs
([operations.md](operations.md)).

All faults of a configuration are told at once, and the program ends with code 2.

Flags of kiam and kube2iam are **accepted** where they mean the same here, **ignored** with a warning that says why, or
**refused** with a hint where leaving them out would change what Pods get. A switch that is off, and an empty value of a
refused flag, ask for nothing.`;

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = [serverProgram, agentProgram, ...Object.values(interceptionPrograms), verifyProgram];
const page = [HEAD, ...programs.map(flagsDoc)].join('\n\n');
writeFileSync(join(root, 'docs/flags.md'), `${page}\n`);
