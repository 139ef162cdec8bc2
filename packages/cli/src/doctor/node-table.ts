import { fittedTable } from '../output/table.ts';
import type { NodeRow } from './doctor.ts';
import type { Paper } from './diagnosis-text.ts';

/** Nodes that are shown; of more, those with the most findings. */
const MOST_ROWS = 15;
/** Of a longer name, less may be shown so that there is room for another column. Characters. */
const LONG_NAME = 20;
/** Between two columns of the table. Characters. */
const GAP = 2;

interface Column {
  readonly head: string;
  readonly cell: (row: NodeRow) => string;
  /** It is left out of a narrow terminal. The lower, the earlier. Undefined: never. */
  readonly rank?: number;
}

const COLUMNS: readonly Column[] = [
  { head: 'NODE', cell: ({ node }) => node },
  { head: 'AGENT', cell: ({ agent }) => agent },
  { head: 'RULES', cell: ({ rules }) => rules, rank: 6 },
  { head: 'IMDSV1', cell: ({ imdsv1 }) => imdsv1, rank: 5 },
  { head: 'ADDRESSES', cell: ({ addresses }) => addresses, rank: 2 },
  { head: 'FEED', cell: ({ feed }) => feed, rank: 4 },
  { head: 'CERTIFICATE', cell: ({ certificate }) => certificate, rank: 1 },
  { head: 'PORTS', cell: ({ ports }) => ports, rank: 3 },
  { head: 'FINDINGS', cell: ({ findings }) => String(findings) },
];

/** A row for each node. Of thousands, those with findings come first and the others are counted. */
export function nodeTable(nodes: readonly NodeRow[], { width, colors }: Paper): string {
  const shown =
    nodes.length <= MOST_ROWS ? nodes : nodes.toSorted((a, b) => b.findings - a.findings).slice(0, MOST_ROWS);
  const columns = fitting(COLUMNS, shown, width);
  const [head = '', ...rows] = fittedTable(
    columns.map((column) => column.head),
    shown.map((row) => columns.map(({ cell }) => cell(row))),
    width,
  )
    .trimEnd()
    .split('\n');
  const painted = rows.map((line, at) => ((shown[at]?.findings ?? 0) > 0 ? colors.warning(line) : line));
  return `${[colors.strong(head), ...painted, ...restText(nodes, shown)].join('\n')}\n`;
}

function restText(nodes: readonly NodeRow[], shown: readonly NodeRow[]): readonly string[] {
  const left = nodes.length - shown.length;
  if (left === 0) return [];
  const all = nodes.filter(({ findings }) => findings > 0).length;
  const more = Math.max(0, all - shown.filter(({ findings }) => findings > 0).length);
  return [`and ${left} more nodes, ${more} of them with findings`];
}

/** Without the least important columns until the rest fits. */
function fitting(columns: readonly Column[], rows: readonly NodeRow[], width: number): readonly Column[] {
  const widths = columns.map(({ head, cell }) =>
    rows.reduce((most, row) => Math.max(most, Math.min(LONG_NAME, cell(row).length)), head.length),
  );
  const whole = widths.reduce((sum, each) => sum + each + GAP, -GAP);
  const [least] = columns.flatMap(({ rank }) => rank ?? []).toSorted((a, b) => a - b);
  if (whole <= width || least === undefined) return columns;
  return fitting(
    columns.filter(({ rank }) => rank !== least),
    rows,
    width,
  );
}
