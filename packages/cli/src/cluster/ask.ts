import { onOneLine } from '@rolegate/runtime';
import type { Answer } from '../answers/answer.ts';
import { execRight, missingRight } from './cluster-error.ts';
import type { Cluster } from './cluster.ts';
import type { ExecOutcome } from './exec.ts';
import type { RolegatePod } from './rolegate-pods.ts';

/** The container with the program that answers status commands, by component. */
const CONTAINERS = { agent: 'agent', server: 'server' } as const;
/** The programs of the images. */
const PROGRAMS = { agent: 'rolegate-agent', server: 'rolegate-server' } as const;
/** The most that is shown of what a program prints to stderr, or of why it could not be run. Characters. */
const LONGEST_FAULT = 500;

/** What is asked of one Pod of Rolegate. */
export interface Question<T> {
  /** Without the program's name, e.g. `['status', '--json']`. */
  readonly words: readonly string[];
  readonly read: (stdout: string) => Answer<T>;
}

export interface Asking {
  readonly exec: Cluster['exec'];
  readonly signal: AbortSignal;
}

/** Runs the program in the Pod. Never rejects: why there is no answer is said in one line. */
export async function ask<T>(
  pod: RolegatePod,
  { words, read }: Question<T>,
  { exec, signal }: Asking,
): Promise<Answer<T>> {
  if (pod.phase !== 'Running') return { fault: `its Pod is ${pod.phase === '' ? 'not running' : pod.phase}` };
  const { namespace, name, component } = pod;
  const container = CONTAINERS[component];
  const command = [PROGRAMS[component], ...words];
  const outcome = await exec({ namespace, pod: name, container, command }, signal);
  return answerOf(outcome, read, namespace);
}

/** Asks all, in their order. `progress` is shown how many have been asked. */
export async function askAll<T>(
  pods: readonly RolegatePod[],
  question: Question<T>,
  { progress, ...asking }: Asking & { readonly progress: (line: string) => void },
): Promise<readonly { readonly pod: RolegatePod; readonly answer: Answer<T> }[]> {
  let asked = 0;
  return Promise.all(
    pods.map(async (pod) => {
      const answer = await ask(pod, question, asking);
      asked += 1;
      progress(`asked ${asked} of ${pods.length} ${pod.component}s`);
      return { pod, answer };
    }),
  );
}

/** `status --pod` exits with 1 for a Pod that it does not know, and explains that in its JSON. */
function answerOf<T>(outcome: ExecOutcome, read: Question<T>['read'], namespace: string): Answer<T> {
  switch (outcome.kind) {
    case 'failed':
      return { fault: onOneLine(outcome.fault).slice(0, LONGEST_FAULT) };
    case 'forbidden':
      return {
        fault: missingRight(execRight(namespace)),
      };
    case 'exited': {
      const { code, stdout, stderr } = outcome;
      if (stdout.trim() !== '') {
        const answer = read(stdout);
        if ('value' in answer || code === 0) return answer;
      }
      const said = onOneLine(stderr.trim()).slice(0, LONGEST_FAULT);
      return { fault: said === '' ? `its program exited with ${code} and said nothing` : said };
    }
  }
}
