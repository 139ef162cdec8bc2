import type { Environment } from '../flags/env.ts';
import { envName } from '../flags/env.ts';
import { helpText } from '../flags/help.ts';
import { path } from '../flags/kinds.ts';
import { setting, toggle } from '../flags/table.ts';
import type { FlagTable } from '../flags/table.ts';
import { parseFlags } from '../flags/flags.ts';
import type { Program } from '../flags/program.ts';
import { askStatus } from './ask.ts';
import type { StatusQuestion } from './ask.ts';
import { VERSION } from '../program/version.ts';

const GROUP = 'Status';
const SOCKET = 'status-socket';
const PREFIX = 'ROLEGATE_';

/** A program whose status can be asked for. */
export interface StatusProgram {
  /** Of the program that runs, e.g. `rolegate-agent`. */
  readonly name: string;
  /** Where its socket is unless told. */
  readonly socket: string;
  /** How it is called from outside: the command comes after it. */
  readonly from: string;
  /** What of it can be asked for; each goes into the query by its name. One at a time. */
  readonly subjects: FlagTable;
}

export interface StatusCommandDeps {
  /** The process's words: Node, the program, and the command's own word come first. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

type Outcome = 0 | 1 | 2;

/** The commands that ask a running program; they load nothing of it. */
export type StatusWord = 'status' | 'log-level';

export function runStatusCommand(
  word: StatusWord,
  program: StatusProgram,
  deps: StatusCommandDeps,
): Promise<Outcome> {
  const { env, stdout, stderr } = deps;
  const own = { argv: deps.argv.slice(3), env, stdout, stderr };
  return word === 'status' ? runStatus(program, own) : runLogLevel(program, own);
}

/** `status`: 0 told or ready, 1 nobody there, not found or not ready, 2 bad usage. */
async function runStatus(program: StatusProgram, deps: StatusCommandDeps): Promise<Outcome> {
  const flags = {
    ...program.subjects,
    json: toggle({ group: GROUP, help: 'for machines' }),
    ready: toggle({ group: GROUP, help: 'only whether it is ready: for probes' }),
    [SOCKET]: socketFlag(program),
  };
  const subjects = Object.keys(program.subjects);
  const read = readFlags(
    {
      program,
      word: 'status',
      summary: 'what a running program knows, and why it answers as it does',
      flags,
    },
    deps,
    (_, given) => ({ faults: together([...subjects, 'ready'].filter((name) => given.has(name))) }),
  );
  if (typeof read === 'number') return read;
  const query = new URLSearchParams();
  for (const name of subjects) {
    const subject = read[name];
    if (typeof subject === 'string') query.set(name, subject);
  }
  if (read['json'] === true) query.set('json', '');
  const target = read['ready'] === true ? '/readyz' : `/status?${query.toString()}`;
  return ask({ program, word: 'status', deps }, { socket: String(read[SOCKET]), method: 'GET', target });
}

/** `log-level [LEVEL]`: tells the level of the running program, or changes it until it ends. */
async function runLogLevel(program: StatusProgram, deps: StatusCommandDeps): Promise<Outcome> {
  const [first] = deps.argv;
  const level = first?.startsWith('-') === false ? first : undefined;
  const read = readFlags(
    {
      program,
      word: 'log-level',
      summary: 'tells the level of a running program; with debug, info, warn or error after it, changes it',
      flags: { [SOCKET]: socketFlag(program) },
    },
    { ...deps, argv: level === undefined ? deps.argv : deps.argv.slice(1) },
    () => ({}),
  );
  if (typeof read === 'number') return read;
  const question = { socket: String(read[SOCKET]), target: '/log-level' };
  return ask(
    { program, word: 'log-level', deps },
    level === undefined ? { ...question, method: 'GET' } : { ...question, method: 'PUT', body: level },
  );
}

interface Command {
  readonly program: StatusProgram;
  readonly word: string;
}

/** The values, or with what the command ends at once. */
function readFlags(
  { program, word, summary, flags }: Command & { readonly summary: string; readonly flags: FlagTable },
  { argv, env, stdout, stderr }: StatusCommandDeps,
  check: NonNullable<Parameters<typeof parseFlags>[1]['check']>,
): Readonly<Record<string, unknown>> | Outcome {
  const name = `${program.name} ${word}`;
  const table: Program = { name, summary, flags, legacy: {}, envPrefix: PREFIX };
  // Of the environment, which is the running program's, only the socket: the rest is no business of a command's.
  const variable = envName(PREFIX, SOCKET);
  const outcome = parseFlags(table, { argv, env: { [variable]: env[variable] }, check });
  switch (outcome.kind) {
    case 'values':
      return outcome.values;
    case 'help':
      stdout.write(helpText(table));
      return 0;
    case 'version':
      stdout.write(`${program.name} ${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(outcome.faults.map((fault) => `${name}: ${fault}\n`).join(''));
      return 2;
  }
}

async function ask(
  { program, word, deps }: Command & { readonly deps: StatusCommandDeps },
  question: StatusQuestion,
): Promise<Outcome> {
  const reply = await askStatus(question);
  if ('fault' in reply) {
    deps.stderr.write(nobody({ program, word }, question.socket, reply.fault));
    return 1;
  }
  const bad = reply.status === 400;
  (bad ? deps.stderr : deps.stdout).write(reply.body);
  if (bad) return 2;
  return reply.status === 200 ? 0 : 1;
}

function nobody({ program: { name, from }, word }: Command, socket: string, fault: string): string {
  return [
    `${name} ${word}: nobody answers at ${socket}: ${fault}`,
    `Does ${name} run, and here? It makes the socket in its own container, for its own user: ${from} ${name} ${word}`,
    `Where it has another path: --${SOCKET}, the same as the program's\n`,
  ].join('\n');
}

function socketFlag({ socket }: StatusProgram) {
  return setting(path('SOCKET'), { group: GROUP, fallback: socket, help: "the running program's" });
}

function together(given: readonly string[]): readonly string[] {
  if (given.length < 2) return [];
  return [`${given.map((name) => `--${name}`).join(' and ')} are two questions; leave one out`];
}
