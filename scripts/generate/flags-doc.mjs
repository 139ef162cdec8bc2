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

<!-- Generated from packages/{server,agent}/src/config/ by npm run generate. Do not edit. -->

A flag overrides its environment variable, which overrides the default. An empty variable counts as unset. \`--x=y\` and
\`--x y\` mean the same. A switch is written \`--x\`, \`--no-x\` or \`--x=false\`. A repeatable flag takes several values,
separated by commas. If its values can contain commas (\`--role-ceiling\`, \`--session-tag\`, \`--allow-path\`), repeat the
flag instead; its variable holds one value per line. Durations are written as \`1h30m\`, \`15m\` or \`850ms\`.

The first argument of \`rolegate-agent\` selects a program: \`intercept\`, \`reconcile\`, \`uninstall\` or \`verify\`. Without
one, or with \`agent\`, it runs the agent itself. \`status\` and \`log-level\` query a running program
([operations.md](operations.md)).

A program with an invalid configuration reports all faults together and exits with code 2.

Flags of kiam and kube2iam are **accepted** if they mean the same here, **ignored** with a warning that says why, or
**refused** with a hint if ignoring them would change what Pods get. A switch that is off and an empty value of a refused
flag are accepted.`;

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = [serverProgram, agentProgram, ...Object.values(interceptionPrograms), verifyProgram];
const page = [HEAD, ...programs.map(flagsDoc)].join('\n\n');
writeFileSync(join(root, 'docs/flags.md'), `${page}\n`);
