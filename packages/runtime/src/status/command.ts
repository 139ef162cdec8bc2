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

/** A program that has a status socket. */
export interface StatusProgram {
  /** Name of the running program, e.g. `rolegate-agent`. */
  readonly name: string;
  /** Default path of its socket. */
  readonly socket: string;
  /** Prefix for running the command from outside, e.g. `kubectl exec POD --`. */
  readonly from: string;
  /** Flags that select what to explain, of which one can be given. Each becomes a query parameter. */
  readonly subjects: FlagTable;
}

export interface StatusCommandDeps {
  /** The process's arguments. The first three are Node, the program and the command. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

type Outcome = 0 | 1 | 2;

/** The commands that query a running program. They load none of its code. */
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

/** `status`. Exit codes: 0 answered or ready; 1 no answer, not found or not ready; 2 bad usage. */
async function runStatus(program: StatusProgram, deps: StatusCommandDeps): Promise<Outcome> {
  const flags = {
    ...program.subjects,
    json: toggle({ group: GROUP, help: 'print JSON' }),
    ready: toggle({ group: GROUP, help: 'only check whether it is ready, for probes' }),
    [SOCKET]: socketFlag(program),
  };
  const subjects = Object.keys(program.subjects);
  const read = readFlags(
    {
      program,
      word: 'status',
      summary: 'shows what a running program knows and explains its answers',
      flags,
    },
    deps,
    (_, given) => ({ faults: exclusive([...subjects, 'ready'].filter((name) => given.has(name))) }),
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

/** `log-level [LEVEL]`: shows the log level of a running program, or changes it until the program ends. */
async function runLogLevel(program: StatusProgram, deps: StatusCommandDeps): Promise<Outcome> {
  const [first] = deps.argv;
  const level = first?.startsWith('-') === false ? first : undefined;
  const read = readFlags(
    {
      program,
      word: 'log-level',
      summary: 'shows the log level of a running program; followed by debug, info, warn or error, changes it',
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

/** Returns the values, or the exit code if the command ends here. */
function readFlags(
  { program, word, summary, flags }: Command & { readonly summary: string; readonly flags: FlagTable },
  { argv, env, stdout, stderr }: StatusCommandDeps,
  check: NonNullable<Parameters<typeof parseFlags>[1]['check']>,
): Readonly<Record<string, unknown>> | Outcome {
  const name = `${program.name} ${word}`;
  const table: Program = { name, summary, flags, legacy: {}, envPrefix: PREFIX };
  // The environment is the running program's. Only the path of the socket concerns a command.
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
    deps.stderr.write(noAnswer({ program, word }, question.socket, reply.fault));
    return 1;
  }
  const bad = reply.status === 400;
  (bad ? deps.stderr : deps.stdout).write(reply.body);
  if (bad) return 2;
  return reply.status === 200 ? 0 : 1;
}

function noAnswer({ program: { name, from }, word }: Command, socket: string, fault: string): string {
  return [
    `${name} ${word}: no answer from ${socket}: ${fault}`,
    `Check that ${name} is running, and run the command in its container: ${from} ${name} ${word}`,
    `If the program uses another socket, pass the same --${SOCKET} here.\n`,
  ].join('\n');
}

function socketFlag({ socket }: StatusProgram) {
  return setting(path('SOCKET'), {
    group: GROUP,
    fallback: socket,
    help: 'path of the status socket of the running program',
  });
}

function exclusive(given: readonly string[]): readonly string[] {
  if (given.length < 2) return [];
  return [`${given.map((name) => `--${name}`).join(' and ')} cannot be combined; remove one`];
}
