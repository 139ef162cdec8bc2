import { roughly } from '@rolegate/runtime';
import type { ServerRole } from '../answers/server-role.ts';
import { fittedTable } from '../output/table.ts';
import { shortRoles } from './role-name.ts';
import type { RoleRow, Roles, SessionRow } from './roles.ts';
import type { Who } from './who.ts';

/** Namespaces of which nothing is known are shown up to this number. */
const MOST_UNDECIDED = 10;

/** `width` in columns. What is incomplete is said beside the output. */
export function rolesText({ pods, sessions, incomplete }: Roles, width: number): string {
  const short = shortRoles([...pods, ...sessions].map(({ role }) => role));
  return joined([
    pods.length === 0 ? noPod('a role', incomplete) : podTable(pods, { short, width, withRules: true }),
    sessions.length === 0 ? '' : `Sessions of the servers:\n${sessionTable(sessions, short, width)}`,
  ]);
}

export function whoText(who: Who, width: number): string {
  const { role, have, refused, permits, undecided, namesakes, sessions, incomplete } = who;
  const short = shortRoles([...have, ...refused, ...sessions].map((row) => row.role));
  const table = { short, width, withRules: false };
  const more = undecided.length - MOST_UNDECIDED;
  return joined([
    have.length === 0 ? noPod(role, incomplete) : `Pods that have ${role}:\n${podTable(have, table)}`,
    refused.length === 0 ? '' : `Pods that ask for it and are refused:\n${refusedTable(refused, width)}`,
    permits === undefined ? '' : permitsText(permits, width),
    undecided.length === 0
      ? ''
      : `Namespaces with rules, of which some may permit it:\n${fittedTable(
          ['NAMESPACE', 'RULE'],
          undecided
            .slice(0, MOST_UNDECIDED)
            .map(({ namespace, rules }) => [namespace, rules.map(shortRule).join('; ')]),
          width,
        )}${more > 0 ? `and ${more} more\n` : ''}`,
    sessions.length === 0 ? '' : `Its sessions:\n${sessionTable(sessions, short, width)}`,
    namesakes.length === 0 ? '' : `Other accounts have a role of this name: ${namesakes.join(', ')}\n`,
  ]);
}

/** Does not take Pods that nobody was asked about for Pods without a role. */
function noPod(role: string, incomplete: readonly string[]): string {
  return incomplete.length === 0
    ? `no Pod has ${role}\n`
    : `no Pod with ${role} was found; not all are known\n`;
}

function permitsText(permits: ServerRole, width: number): string {
  const { namespaces, namespacePolicy, insideCeiling, isDefaultRole } = permits;
  const rows = namespaces.flatMap(({ namespace, rules, pods, isDefaultRole: isDefault }) =>
    rules.map(({ annotation, entry, exact }) => [
      namespace,
      pods === undefined ? '' : String(pods),
      shortRule(annotation),
      entry,
      [exact ? 'only this role' : 'also others', ...(isDefault ? ['its default role'] : [])].join(', '),
    ]),
  );
  const head = ['NAMESPACE', 'PODS', 'RULE', 'ENTRY', 'PERMITS'];
  return [
    rows.length === 0
      ? 'no Namespace permits it\n'
      : `Namespaces that permit it:\n${fittedTable(head, rows, width)}`,
    ...(insideCeiling === false ? ['It is outside the role ceiling of the servers: no Pod gets it.\n'] : []),
    ...(namespacePolicy === 'audit' && insideCeiling !== false
      ? ['The servers run with --namespace-policy audit: Pods of all Namespaces get it if they ask for it.\n']
      : []),
    ...(isDefaultRole ? ["It is the servers' default role, for Pods that name none.\n"] : []),
  ].join('');
}

interface PodTable {
  readonly short: (role: string) => string;
  readonly width: number;
  readonly withRules: boolean;
}

/** On narrow terminals without the columns that say least. */
function podTable(rows: readonly RoleRow[], { short, width, withRules }: PodTable): string {
  const columns: readonly (readonly [head: string, cell: (row: RoleRow) => string, leastWidth: number])[] = [
    ['POD', ({ namespace, pod }) => `${namespace}/${pod}`, 0],
    ['ROLE', ({ role }) => short(role), 0],
    ['STATE', ({ state }) => state, 0],
    ['LEFT', ({ remainingMinutes: left }) => (left === undefined ? '' : `${left}m`), 0],
    ['NODE', ({ node }) => node, 100],
    ['SESSION', ({ session }) => session ?? '', 120],
    ["NAMESPACE'S RULES", ({ rules }) => rulesCell(rules), withRules ? 0 : Infinity],
  ];
  const shown = columns.filter(([, , leastWidth]) => width >= leastWidth);
  return fittedTable(
    shown.map(([head]) => head),
    rows.map((row) => shown.map(([, cell]) => cell(row))),
    width,
  );
}

function rulesCell(rules: RoleRow['rules']): string {
  return rules === undefined ? '?' : rules.map(shortRule).join('; ');
}

/** Without the domain, which the annotations that permit roles share. */
function shortRule(rule: string): string {
  return rule.replace(/^iam\.amazonaws\.com\//, '');
}

function refusedTable(rows: readonly RoleRow[], width: number): string {
  return fittedTable(
    ['POD', 'NODE', 'REASON', 'WHY'],
    rows.map(({ namespace, pod, node, state, note }) => [`${namespace}/${pod}`, node, state, note ?? '']),
    width,
  );
}

function sessionTable(rows: readonly SessionRow[], short: PodTable['short'], width: number): string {
  return fittedTable(
    ['SESSION', 'ROLE', 'STATE', 'LEFT', 'RENEWED IN', 'NODES', 'REASON'],
    rows.map((row) => [
      row.session,
      short(row.role),
      row.state,
      seconds(row.remainingSeconds),
      seconds(row.nextInSeconds),
      String(row.nodes),
      row.reason ?? '',
    ]),
    width,
  );
}

function seconds(many: number | undefined): string {
  return many === undefined ? '' : roughly(many * 1000);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}
