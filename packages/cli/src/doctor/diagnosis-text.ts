import { textFacts, textTable } from '@rolegate/runtime';
import type { Diagnosis, NodeRow } from './doctor.ts';
import type { Finding } from './finding.ts';

/** Nodes that a finding names; the others are counted. */
const MOST_NAMED = 3;

/** A table of nodes, the findings, each once, and the verdict. Problems are in capitals. */
export function diagnosisText({ nodes, findings, verdict }: Diagnosis): string {
  const parts = [
    nodes.length === 0 ? '' : nodeTable(nodes),
    ...folded(findings).map(findingText),
    `${verdict}\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function nodeTable(nodes: readonly NodeRow[]): string {
  const head = ['NODE', 'AGENT', 'RULES', 'IMDSV1', 'ADDRESSES', 'FEED', 'CERTIFICATE', 'PORTS', 'FINDINGS'];
  const rows = nodes.map((row) => [
    row.node,
    row.agent,
    row.rules,
    row.imdsv1,
    row.addresses,
    row.feed,
    row.certificate,
    row.ports,
    String(row.findings),
  ]);
  return textTable(head, rows);
}

/** Findings that differ only in node and evidence. */
interface Folded {
  readonly first: Finding;
  readonly nodes: readonly string[];
  readonly times: number;
}

function folded(findings: readonly Finding[]): readonly Folded[] {
  const groups = Map.groupBy(findings, ({ severity, check, what, fix }) =>
    JSON.stringify([severity, check, what, fix]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [{ first, nodes: group.flatMap(({ node }) => node ?? []), times: group.length }];
  });
}

function findingText({ first, nodes, times }: Folded): string {
  const { severity, check, what, evidence, fix } = first;
  const more = times > 1 ? ` (and ${times - 1} more)` : '';
  return textFacts([
    [severity === 'info' ? 'info' : severity.toUpperCase(), `${check}: ${what}`],
    ['  nodes', nodesText(nodes)],
    ['  evidence', `${evidence}${more}`],
    ['  fix', fix],
  ]);
}

function nodesText(nodes: readonly string[]): string | undefined {
  if (nodes.length === 0) return undefined;
  const left = nodes.length - MOST_NAMED;
  return left > 0 ? `${nodes.slice(0, MOST_NAMED).join(', ')} and ${left} more` : nodes.join(', ');
}
