import { roughly, textTable } from '@rolegate/runtime';
import type { RoleRow, Roles, SessionRow } from './roles.ts';
import type { NamespaceRules, Who } from './who.ts';

/** Namespaces of which nothing is known are shown up to this number. */
const MOST_UNDECIDED = 10;

export function rolesText({ pods, sessions, incomplete }: Roles): string {
  return joined([
    pods.length === 0 ? 'no Pod has a role or asks for one\n' : podTable(pods),
    sessions.length === 0 ? '' : sessionTable(sessions),
    incompleteText(incomplete),
  ]);
}

export function whoText({ role, have, refused, mayByRule, undecided, sessions, incomplete }: Who): string {
  const more = undecided.length - MOST_UNDECIDED;
  return joined([
    have.length === 0 ? `no Pod has ${role}\n` : `Pods that have ${role}:\n${podTable(have)}`,
    refused.length === 0 ? '' : `Pods that ask for it and are refused:\n${podTable(refused)}`,
    mayByRule.length === 0 ? '' : `Namespaces that permit it:\n${ruleTable(mayByRule)}`,
    undecided.length === 0
      ? ''
      : `Namespaces with rules, of which no Pod has asked for it:\n${ruleTable(undecided.slice(0, MOST_UNDECIDED))}${more > 0 ? `and ${more} more\n` : ''}`,
    sessions.length === 0 ? '' : sessionTable(sessions),
    incompleteText(incomplete),
  ]);
}

function podTable(rows: readonly RoleRow[]): string {
  const head = ['POD', 'NODE', 'ROLE', 'STATE', 'LEFT', 'SESSION', 'RULE'];
  return textTable(
    head,
    rows.map((row) => [
      `${row.namespace}/${row.pod}`,
      row.node,
      row.role,
      row.state,
      row.remainingMinutes === undefined ? '' : `${row.remainingMinutes}m`,
      row.session ?? '',
      row.rules === undefined ? '?' : row.rules.join('; '),
    ]),
  );
}

function sessionTable(rows: readonly SessionRow[]): string {
  const head = ['SESSION', 'ROLE', 'STATE', 'LEFT', 'NEXT', 'NODES', 'REASON'];
  return textTable(
    head,
    rows.map((row) => [
      row.session,
      row.role,
      row.state,
      seconds(row.remainingSeconds),
      seconds(row.nextInSeconds),
      String(row.nodes),
      row.reason ?? '',
    ]),
  );
}

function ruleTable(rows: readonly NamespaceRules[]): string {
  return textTable(
    ['NAMESPACE', 'RULE'],
    rows.map(({ namespace, rules }) => [namespace, rules.join('; ')]),
  );
}

function incompleteText(incomplete: readonly string[]): string {
  return incomplete.map((what) => `INCOMPLETE: ${what}\n`).join('');
}

function seconds(many: number | undefined): string {
  return many === undefined ? '' : roughly(many * 1000);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}
