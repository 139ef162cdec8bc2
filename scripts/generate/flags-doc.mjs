// Writes docs/flags.md from the tables of flags. Run with node --conditions=development: it imports sources.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interceptionPrograms } from '../../packages/agent/src/config/interception-flags.ts';
import { agentProgram } from '../../packages/agent/src/config/config.ts';
import { verifyProgram } from '../../packages/agent/src/commands/verify/flags.ts';
import { commands } from '../../packages/cli/src/command-line/commands.ts';
import { pluginFlagsDoc } from '../../packages/cli/src/command-line/flags-doc.ts';
import { flagsDoc, markdownTable } from '../../packages/runtime/src/index.ts';
import { serverProgram } from '../../packages/server/src/config/config.ts';

const HEAD = `# Flags

<!-- Generated from packages/{server,agent}/src/config/ and packages/cli/src by npm run generate. Do not edit. -->

A flag overrides its environment variable, which overrides the default. An empty variable counts as unset. \`--x=y\` and
\`--x y\` mean the same. Boolean flags are written \`--x\`, \`--no-x\` or \`--x=false\`. Repeatable flags take a
comma-separated list. If values can contain commas (\`--role-ceiling\`, \`--session-tag\`, \`--allow-path\`), repeat the
flag instead; in the environment variable, put one value on each line. Durations are written as \`1h30m\`, \`15m\` or
\`850ms\`.

The first argument of \`rolegate-agent\` selects a program: \`intercept\`, \`reconcile\`, \`uninstall\` or \`verify\`. Without
one, or with \`agent\`, it runs the agent itself.

A program with an invalid configuration reports all errors and exits with code 2.

Flags of kiam and kube2iam are **accepted** if they mean the same here, **ignored** with a warning that says why, or
**refused** with a hint if ignoring them would change what Pods get. A refused flag is nevertheless accepted if it is
empty or false.

## Commands`;

const COMMANDS = markdownTable(
  ['command', 'effect'],
  [
    [
      '`rolegate-server status`, `rolegate-agent status`',
      'shows the state of a running program ([operations](operations.md))',
    ],
    ['`rolegate-server log-level`, `rolegate-agent log-level`', 'changes the log level of a running program'],
    [
      '`rolegate-server authority status|prepare|activate|retire|delete`',
      'shows, rotates or deletes the authority ([rotation](identity.md#rotation))',
    ],
  ],
);

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = [serverProgram, agentProgram, ...Object.values(interceptionPrograms), verifyProgram];
const page = [HEAD, COMMANDS, ...programs.map(flagsDoc), await pluginFlagsDoc(commands)].join('\n\n');
writeFileSync(join(root, 'docs/flags.md'), `${page}\n`);
