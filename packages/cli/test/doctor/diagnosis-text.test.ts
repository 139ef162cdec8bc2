import { describe, expect, it } from 'vitest';
import { diagnosisText } from '../../src/doctor/diagnosis-text.ts';
import type { Diagnosis, NodeRow } from '../../src/doctor/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { createColors } from '../../src/output/colors.ts';

const LONG_NODE = 'ip-10-0-120-17.eu-central-1.compute.internal';
const ESCAPE = '\u001b';

function row(node: string, more: Partial<NodeRow> = {}): NodeRow {
  return {
    node,
    agent: '0.2.0',
    rules: 'LOST: filter',
    imdsv1: 'closed',
    addresses: 'POD STATUS',
    feed: 'LOST 1m30s',
    certificate: '22h13m',
    ports: 'FOREIGN',
    findings: 1,
    ...more,
  };
}

function finding(what: string, more: Partial<Finding> = {}): Finding {
  return {
    severity: 'error',
    check: 'rules',
    node: LONG_NODE,
    what,
    evidence: 'filter: in FORWARD, above our rule: -A FORWARD -d 169.254.169.254/32 -j ACCEPT',
    fix: `kubectl describe pod -n rolegate agent-${LONG_NODE}`,
    ...more,
  };
}

function diagnosis(nodes: readonly NodeRow[], findings: readonly Finding[]): Diagnosis {
  return { nodes, findings, healthy: findings.length === 0, complete: true, verdict: 'the verdict' };
}

function textOf(given: Diagnosis, { width = 80, colors = false } = {}): string {
  return diagnosisText(given, { width, colors: createColors(colors) });
}

/** Without lines that end in one word that is longer than a narrow line: it stays whole. */
function widest(text: string): number {
  return Math.max(
    ...text
      .split('\n')
      .filter((line) => !line.endsWith(LONG_NODE))
      .map((line) => line.length),
  );
}

describe('The text of a diagnosis', () => {
  it.each([40, 60, 80, 120])('fits %i columns, but for words that are too long', (width) => {
    const given = diagnosis(
      [row(LONG_NODE), row('node-b')],
      [finding(`the rules of layer filter are not installed: ${'nat and route still deny '.repeat(4)}`)],
    );
    expect(widest(textOf(given, { width }))).toBeLessThanOrEqual(width);
  });

  it('leaves out the least important columns on a narrow terminal, but never the node and its findings', () => {
    const head = (width: number) =>
      textOf(diagnosis([row(LONG_NODE)], []), { width })
        .split('\n')[0]
        ?.split(/ +/);
    expect(head(120)).toHaveLength(9);
    expect(head(80)).toEqual(['NODE', 'AGENT', 'RULES', 'IMDSV1', 'FEED', 'PORTS', 'FINDINGS']);
    expect(head(40)).toEqual(['NODE', 'AGENT', 'FINDINGS']);
  });

  it('shows of thousands of nodes those with the most findings, and counts the others', () => {
    const nodes = Array.from({ length: 5_000 }, (_, at) =>
      row(`node-${at}`, { findings: at % 100 === 0 ? 1 : 0 }),
    );
    const text = textOf(diagnosis([...nodes, row('worst', { findings: 7 })], []));
    expect(text.split('\n').length).toBeLessThan(25);
    expect(text.split('\n')[1]).toMatch(/^worst/);
    expect(text).toContain('and 4986 more nodes, 36 of them with findings');
  });

  it('shows no more than a screenful of findings, the worst first, and says how many are left', () => {
    const findings = Array.from({ length: 40 }, (_, at) => finding(`fault ${at}`));
    const text = textOf(diagnosis([], findings));
    expect(text.match(/^ERROR/gm)).toHaveLength(12);
    expect(text).toContain('and 28 more kinds of findings; -o json shows all of them');
  });

  it('shows a fault of many nodes once, although their evidence and advice differ', () => {
    const findings = ['a', 'b', 'c', 'd'].map((node) =>
      finding('the agent does not answer', { node, evidence: `agent-${node}`, fix: `describe ${node}` }),
    );
    const text = textOf(diagnosis([], findings));
    expect(text.match(/^ERROR/gm)).toHaveLength(1);
    expect(text).toMatch(/^ {2}nodes {5}a, b, c and 1 more$/m);
    expect(text).toMatch(/^ {2}evidence {2}agent-a \(and 3 more\)$/m);
  });

  it('is colored on a terminal, where what a cluster says cannot control it', () => {
    const given = diagnosis(
      [row('node-a')],
      [finding('fault', { evidence: `${ESCAPE}[2J${'x'.repeat(5_000)}` })],
    );
    const text = textOf(given, { colors: true });
    expect(text).toContain(`${ESCAPE}[31mERROR${ESCAPE}[0m rules: fault`);
    expect(text).not.toContain(`${ESCAPE}[2J`);
    expect(text).toContain('\\u001b[2J');
    expect(text.length).toBeLessThan(1_500);
    expect(textOf(given)).not.toContain(ESCAPE);
  });
});
