import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

/** Columns of a line, unless one word is longer. */
const WIDTH = 120;
/** Code is never broken. */
const WORD = /(?:`[^`]*`|[^\s`])+/g;

/** The command that runs the tests of a path; the first match counts. Paths without one run with `npm test`. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/^acceptance\/netns\//, 'npm run test:netns'],
  [/^acceptance\/cluster\//, 'npm run test:real'],
  [/^acceptance\/node\//, 'npm run test:node'],
  [/^acceptance\/chaos\//, 'npm run test:chaos'],
  [/^acceptance\/soak\//, 'npm run test:soak'],
  [/^acceptance\/clients\//, 'npm run test:clients'],
  [/^acceptance\/hostile\//, 'npm run test:hostile'],
  [/^packages\/sandbox\/src\//, 'npm run sandbox'],
  [/^packages\/sandbox\/test\//, 'npm run test:programs'],
  [/^packages\/(?:agent|server)\/test\/(?:churn|fairness)\//, 'npm run test:programs'],
  [/^packages\/server\/test\/kubernetes\/fat-objects\.test\.ts$/, 'npm run test:programs'],
];

/** Paths begin at the root of the repository. */
export interface PromiseTest {
  readonly path: string;
  /** Of tests or steps in that file, `…` standing for left-out text. Absent: the whole file. */
  readonly titles?: readonly string[];
  readonly note?: string;
}

interface Sabotage {
  readonly path: string;
  /** Completes "Fails if, in PATH, …"; names identifiers of the file in backticks. */
  readonly change: string;
}

/** What holds, the tests that show it, and the changes that make these fail. */
export interface PromiseRow {
  readonly promises: readonly string[];
  readonly holds: string;
  readonly tests: readonly PromiseTest[];
  readonly sabotage: readonly Sabotage[];
}

/** The register, docs/promises.yaml. */
export function readPromises(root: string): readonly PromiseRow[] {
  return parse(readFileSync(join(root, 'docs/promises.yaml'), 'utf8')) as readonly PromiseRow[];
}

/** The promises of DESIGN.md, section 5, by name: S1 … R7. */
export function contractPromises(root: string): ReadonlyMap<string, string> {
  const design = readFileSync(join(root, 'docs/DESIGN.md'), 'utf8');
  const section = /\n## 5\. Promises\n([^]*?)\n\n/.exec(design)?.[1] ?? '';
  const [, ...parts] = section.split(/\*\*([SR]\d)\*\* /);
  const promises = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2)
    promises.set(
      parts[at] ?? '',
      (parts[at + 1] ?? '').replaceAll(/\n- $/g, '').replaceAll('**', '').replaceAll(/\s+/g, ' ').trim(),
    );
  return promises;
}

/** The page docs/promises.md. */
export function promisesDoc(root: string): string {
  const rows = readPromises(root);
  const sections = [...contractPromises(root)].map(([name, sentence]) =>
    [
      `## ${name}`,
      '',
      ...wrap(sentence, '> ', '> '),
      '',
      ...rows.filter(({ promises }) => promises.includes(name)).flatMap(linesOf),
    ].join('\n'),
  );
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# Promises and their tests

Made by \`scripts/generate/promises-doc.mjs\` from \`docs/promises.yaml\`. The promises are quoted from section 5 of
[DESIGN.md](DESIGN.md). Each is followed by what is tested, the test that shows it, and a one-line change to the source
that the test has been seen to fail with, and to pass again without.

A quoted title names one test or step of the file. Without a title the whole file is meant. \`npm test\` runs every test
that names no other command. [figures/hostile.md](figures/hostile.md) lists the attacks of the hostile suite.`;

function linesOf({ holds, tests, sabotage }: PromiseRow): string[] {
  return [
    ...wrap(`**${holds}**`, '- ', '  '),
    ...tests.flatMap((test) => wrap(testLine(test), '  - ', '    ')),
    ...sabotage.flatMap(({ path, change }) =>
      wrap(`Fails if, in ${linkTo(path)}, ${change}.`, '  - ', '    '),
    ),
  ];
}

function testLine({ path, titles = [], note }: PromiseTest): string {
  const command = COMMANDS.find(([paths]) => paths.test(path))?.[1];
  const quotes = titles.map((title) => `"${title}"`).join(' and ');
  return [
    `Test: ${linkTo(path)}`,
    command === undefined ? '' : ` (\`${command}\`)`,
    note === undefined ? '' : `, ${note}`,
    quotes === '' ? '' : `: ${quotes}`,
  ].join('');
}

function linkTo(path: string): string {
  return `[${basename(path)}](../${path})`;
}

function wrap(text: string, first: string, others: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.match(WORD) ?? []) {
    const start = lines.length === 0 ? first : others;
    if (line !== start && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${others}${word}`;
    } else line += line === start ? word : ` ${word}`;
  }
  return [...lines, line];
}
