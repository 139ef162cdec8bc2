import { setTimeout as pause } from 'node:timers/promises';
import type { Environment } from '@rolegate/runtime';
import { VERSION } from '@rolegate/runtime';
import { createCall } from './call.ts';
import type { Call } from './call.ts';
import { parseVerifyConfig, verifyProgram } from './flags.ts';
import type { Expectation } from './flags.ts';
import { judgeDocument, judgeList, judgeUserData } from './judge.ts';
import type { Judgement } from './judge.ts';

export interface VerifyProcess {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const LIST = '/latest/meta-data/iam/security-credentials';
const USER_DATA = '/latest/user-data';
/** Between two attempts. Milliseconds. */
const PAUSE_MS = 500;

/** Prints a line per call. Exit code 0: all as expected; 1: not; 2: invalid flags. */
export async function runVerify({ argv, env, stdout, stderr }: VerifyProcess): Promise<0 | 1 | 2> {
  const outcome = parseVerifyConfig({ argv: argv.slice(2), env });
  switch (outcome.kind) {
    case 'help':
      stdout.write(outcome.text);
      return 0;
    case 'version':
      stdout.write(`${verifyProgram.name} ${VERSION}\n`);
      return 0;
    case 'faults':
      stderr.write(outcome.faults.map((fault) => `${verifyProgram.name}: ${fault}\n`).join(''));
      return 2;
    case 'config':
  }
  const { endpoint, expected, withinMs } = outcome.config;
  const elapsed = () => performance.now();
  const call = createCall({ endpoint, withinMs, elapsed, pause: () => pause(PAUSE_MS) });
  const all = await verify({ call, expected, say: (line) => stdout.write(`${line}\n`) });
  stdout.write(all ? 'passed\n' : `FAILED: ${endpoint} does not answer this Pod as expected\n`);
  return all ? 0 : 1;
}

export interface VerifyDeps {
  readonly call: Call;
  readonly expected: Expectation;
  readonly say: (line: string) => unknown;
}

/** Makes the two calls that people try by hand, and one for credentials if there is a role. True: all as expected. */
export async function verify({ call, expected, say }: VerifyDeps): Promise<boolean> {
  const judged: Judgement[] = [];
  const report = (path: string, judgement: Judgement) => {
    judged.push(judgement);
    say(`${judgement.right ? 'ok    ' : 'WRONG '} GET ${path}: ${judgement.says}`);
  };
  const list = await call(LIST);
  const listed = judgeList(list, expected);
  report(LIST, listed);
  report(USER_DATA, judgeUserData(await call(USER_DATA)));
  if (expected.kind !== 'none' && listed.right && list.kind === 'answer') {
    const path = `${LIST}/${list.body}`;
    report(path, judgeDocument(await call(path), expected.kind));
  }
  return judged.every((judgement) => judgement.right);
}
