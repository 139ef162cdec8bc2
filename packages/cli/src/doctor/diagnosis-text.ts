import { onOneLine } from '@rolegate/runtime';
import type { Colors } from '../output/colors.ts';
import type { Output } from '../output/output.ts';
import { wrap } from '../output/wrap.ts';
import type { Diagnosis } from './doctor.ts';
import type { Finding, Severity } from './finding.ts';
import { nodeTable } from './node-table.ts';

/** Nodes that a finding names; the others are counted. */
const MOST_NAMED = 3;
/** Findings that are shown, each with all its nodes: about a screenful. */
const MOST_FINDINGS = 12;
/** A longer evidence is cut. Characters. */
const LONGEST_EVIDENCE = 600;
/** Of the facts of a finding. */
const NAME_WIDTH = 12;

export type Paper = Pick<Output, 'width' | 'colors'>;

/** A table of nodes, the findings, each once, and the verdict. Problems are in capitals. */
export function diagnosisText({ nodes, findings, verdict, healthy }: Diagnosis, paper: Paper): string {
  const all = folded(findings);
  const left = all.slice(MOST_FINDINGS);
  const paint = healthy ? paper.colors.good : paper.colors.bad;
  const parts = [
    nodes.length === 0 ? '' : nodeTable(nodes, paper),
    ...all.slice(0, MOST_FINDINGS).map((one) => findingText(one, paper)),
    left.length === 0
      ? ''
      : lines(`and ${left.length} more kinds of findings; -o json shows all of them`, paper.width),
    lines(verdict, paper.width, paint),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** Findings that differ only in node, evidence and advice. */
interface Folded {
  readonly first: Finding;
  readonly nodes: readonly string[];
  readonly times: number;
}

function folded(findings: readonly Finding[]): readonly Folded[] {
  const groups = Map.groupBy(findings, ({ severity, check, what }) =>
    JSON.stringify([severity, check, what]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [{ first, nodes: group.flatMap(({ node }) => node ?? []), times: group.length }];
  });
}

function findingText({ first, nodes, times }: Folded, { width, colors }: Paper): string {
  const { severity, check, what, evidence, fix } = first;
  const more = times > 1 ? ` (and ${times - 1} more)` : '';
  const mark = severity === 'info' ? 'info' : severity.toUpperCase();
  const title = lines(`${mark} ${check}: ${what}`, width).replace(mark, painterOf(severity, colors));
  return [
    title,
    fact('nodes', nodesText(nodes), width),
    fact('evidence', `${cut(evidence)}${more}`, width),
    fact('fix', fix, width),
  ].join('');
}

function painterOf(severity: Severity, { bad, warning, faint }: Colors): (mark: string) => string {
  return { error: bad, warning, info: faint }[severity];
}

function nodesText(nodes: readonly string[]): string {
  const left = nodes.length - MOST_NAMED;
  return left > 0 ? `${nodes.slice(0, MOST_NAMED).join(', ')} and ${left} more` : nodes.join(', ');
}

/** Nothing if the fact is empty. */
function fact(name: string, text: string, width: number): string {
  if (text === '') return '';
  const rest = wrap(onOneLine(text), width - NAME_WIDTH);
  return rest.map((line, at) => `${(at === 0 ? `  ${name}` : '').padEnd(NAME_WIDTH)}${line}\n`).join('');
}

function lines(text: string, width: number, paint = (line: string) => line): string {
  return wrap(onOneLine(text), width)
    .map((line) => `${paint(line)}\n`)
    .join('');
}

function cut(text: string): string {
  return text.length > LONGEST_EVIDENCE ? `${text.slice(0, LONGEST_EVIDENCE)}…` : text;
}
