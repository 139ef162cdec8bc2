// Prints the title of each test and acceptance step in the sources. With a git revision, prints titles that only the
// revision (-) or the working tree (+) has, and counts those in both.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const suites = /^(packages|charts|scripts|acceptance|bench|e2e)\/.*\.ts$/;
const git = (...args) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });

function filesOf(revision) {
  const names = revision === undefined ? git('ls-files') : git('ls-tree', '-r', '--name-only', revision);
  return names.split('\n').filter((name) => suites.test(name));
}

function sourcesOf(revision) {
  if (revision === undefined) return filesOf().map((file) => [file, readFileSync(join(root, file), 'utf8')]);
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-titles-'));
  try {
    execFileSync('sh', ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', root, revision, folder]);
    return filesOf(revision).map((file) => [file, readFileSync(join(folder, file), 'utf8')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the `it` of `it(…)`, `it.each(…)(…)` or `it.skipIf(…)(…)`. Undefined if something else is called. */
function testFunctionOf(callee) {
  if (ts.isIdentifier(callee)) return callee;
  if (!ts.isCallExpression(callee) || !ts.isPropertyAccessExpression(callee.expression)) return undefined;
  return testFunctionOf(callee.expression.expression);
}

const isText = (node) =>
  node !== undefined && (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node));

/**
 * Titles in the order of the file: of an `it` after those of its `describe`s, of a step the `title` or `name` next to
 * its `run`.
 */
function titlesIn(file, text) {
  const titles = [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const words = (node) =>
    node
      ?.getText(source)
      .replace(/^[`'"]|[`'"]$/g, '')
      .replace(/\\'/g, "'");
  const visit = (within) => (node) => {
    if (ts.isCallExpression(node) && file.endsWith('.test.ts') && isText(node.arguments[0])) {
      const called = testFunctionOf(node.expression)?.getText(source);
      const title = words(node.arguments[0]);
      if (called === 'it' || called === 'test' || called === 'asRoot')
        titles.push([...within, title].join(' › '));
      if (called === 'describe' || called === 'withHelm' || called === 'withPromtool')
        return ts.forEachChild(node, visit([...within, title]));
    }
    if (ts.isObjectLiteralExpression(node) && !file.includes('/test/')) {
      const member = (name) => node.properties.find((one) => one.name?.getText(source) === name);
      const title = member('title') ?? member('name');
      if (isText(title?.initializer) && (member('run') ?? member('play')) !== undefined)
        titles.push(words(title.initializer));
    }
    return ts.forEachChild(node, visit(within));
  };
  visit([])(source);
  return titles;
}

const titlesOf = (revision) =>
  sourcesOf(revision).flatMap(([file, text]) => titlesIn(file, text).map((title) => ({ file, title })));

const [revision] = process.argv.slice(2);
const now = titlesOf();
if (revision === undefined) for (const { file, title } of now) console.log(`${file}: ${title}`);
else compare(titlesOf(revision), now);

function compare(before, after) {
  const only = (of, others) => {
    const left = Map.groupBy(others, ({ title }) => title);
    return of.filter(({ title }) => left.get(title)?.pop() === undefined);
  };
  const gone = only(before, after);
  for (const { file, title } of gone) console.log(`- ${file}: ${title}`);
  for (const { file, title } of only(after, before)) console.log(`+ ${file}: ${title}`);
  console.log(
    `${before.length} titles in ${revision}, ${after.length} now, ${before.length - gone.length} in both`,
  );
}
