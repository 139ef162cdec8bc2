import { eventually } from '@rolegate/testing';
import type { Plugin } from './plugin.ts';

/** A finding of `doctor -o json`. */
interface Finding {
  readonly severity: string;
  readonly check: string;
  readonly node?: string;
  readonly what: string;
  readonly evidence: string;
}

export interface Wanted {
  readonly fault: string;
  readonly severity: 'error' | 'warning';
  readonly check: string;
  /** Of the one line that names the fault. */
  readonly what: string;
  /** Of the line below it. */
  readonly evidence?: RegExp;
}

/** Agents notice some faults at their next check, at most every 10 s. */
const FOUND = { withinMs: 40_000, everyMs: 1_000 };

/** Waits until `doctor` finds all of them. The exit code must be 1 if it finds an error. */
export async function findAll(plugin: Plugin, all: readonly Wanted[]): Promise<void> {
  await eventually(async () => {
    const { stdout, stderr, code } = await plugin.run('doctor', '-o', 'json');
    if (stdout === '') throw new Error(`doctor exited with ${code}: ${stderr}`);
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    const missing = all.filter((wanted) => !findings.some((found) => isWanted(found, wanted)));
    if (missing.length > 0)
      throw new Error(
        `doctor does not find: ${missing.map(({ fault }) => fault).join('; ')}; it finds\n${findings
          .map((found) => `${found.severity} ${found.check}: ${found.what} (${found.evidence})`)
          .join('\n')}`,
      );
    const expected = findings.some(({ severity }) => severity === 'error') ? 1 : 0;
    if (code !== expected) throw new Error(`doctor exited with ${code}, not ${expected}: ${stderr}`);
  }, FOUND);
}

function isWanted({ severity, check, what, evidence }: Finding, wanted: Wanted): boolean {
  const { evidence: pattern = /(?:)/ } = wanted;
  return (
    severity === wanted.severity &&
    check === wanted.check &&
    what.includes(wanted.what) &&
    pattern.test(evidence)
  );
}

/** Waits until `doctor` finds nothing. */
export async function expectWell(plugin: Plugin): Promise<void> {
  await eventually(async () => {
    const { stdout, stderr, code } = await plugin.run('doctor');
    if (code !== 0 || !stdout.includes('all is well')) throw new Error(`doctor says\n${stdout}${stderr}`);
  }, FOUND);
}

/** The answer of `explain -o json`. */
interface Page {
  readonly broken?: string;
  readonly verdict: string;
  readonly next?: string;
}

export interface WantedVerdict {
  readonly fault: string;
  /** NAMESPACE/NAME. */
  readonly pod: string;
  /** The link that is broken. */
  readonly at: string;
  readonly says: string;
  readonly next: string;
}

/** Servers and agents hear of a new Pod within a second. A server whose credentials failed asks STS again after 30 s at most. */
const EXPLAINED = { withinMs: 45_000, everyMs: 500 };

/** Waits until `explain` names the fault in its verdict, and returns that line. */
export async function expectVerdict(plugin: Plugin, { pod, at, says, next }: WantedVerdict): Promise<string> {
  return eventually(async () => {
    const { stdout, stderr, code } = await plugin.run('explain', pod, '-o', 'json');
    if (stdout === '') throw new Error(`explain exited with ${code}: ${stderr}`);
    const page = JSON.parse(stdout) as Page;
    const isNamed =
      page.broken === at &&
      page.verdict.includes(says) &&
      !page.verdict.includes('\n') &&
      (page.next ?? '').includes(next);
    if (!isNamed || code !== 1)
      throw new Error(`explain ${pod} exited with ${code}: ${page.verdict}; next: ${page.next ?? 'nothing'}`);
    return page.verdict;
  }, EXPLAINED);
}
