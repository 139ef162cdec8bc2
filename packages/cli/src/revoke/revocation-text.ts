import { onOneLine } from '@rolegate/runtime';
import type { Output } from '../output/output.ts';
import { wrap } from '../output/wrap.ts';
import type { Applied } from './apply.ts';
import { nameOf } from './change.ts';
import { isForLater } from './revoking.ts';
import type { DropCheck, PlannedChange, Revocation, StayingRules } from './revocation.ts';

/** Pods in one line. */
const MOST_PODS = 10;
/** Longer values are cut. Characters. */
const LONGEST_VALUE = 300;

type Look = Pick<Output, 'width' | 'colors'>;

export function revocationText(it: Revocation, look: Look): string {
  const { colors } = look;
  const what = `${it.kind} ${it.target}`;
  return [
    [colors.strong(it.dryRun ? `Revoke ${what}: a dry run, nothing is changed` : `Revoke ${what}`)],
    ...it.changes.map((change) => changeLines(change, look)),
    ...it.stays.map((rules) => stayLines(rules, look)),
    it.notes.flatMap((note) => wrap(onOneLine(note), look.width)),
    it.check === undefined ? [] : checkLines(it.check, look),
    iamLines(it, look),
    it.dryRun && it.changes.length > 0 ? ['Run it again with --yes to make the changes.'] : [],
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function changeLines(change: PlannedChange, { colors }: Look): readonly string[] {
  const { set, was, loses, mayLose, outcome, command, undo } = change;
  return [
    `${nameOf(change)}${outcome === undefined ? '' : `: ${outcomeText(outcome, colors)}`}`,
    ...Object.entries(set).flatMap(([key, value]) => [
      `  ${key}`,
      `    was   ${was[key] === undefined ? '(absent)' : valueText(was[key])}`,
      `    then  ${value === null ? '(removed)' : valueText(value)}`,
    ]),
    ...podsLine('Pods that lose it', loses),
    ...podsLine('Pods that may lose another role', mayLose),
    ...(outcome?.kind === 'failed' && outcome.forbidden ? [`  for somebody who may: ${command}`] : []),
    ...(outcome?.kind === 'applied' ? [`  to undo: ${undo}`] : []),
  ];
}

function outcomeText(outcome: Applied, { good, bad }: Look['colors']): string {
  switch (outcome.kind) {
    case 'applied':
      return good('changed');
    case 'changed':
      return bad(`not changed, because ${outcome.why}; run the command again`);
    case 'gone':
      return good('it is gone');
    case 'failed':
      return bad(`not changed: ${outcome.why}`);
  }
}

function stayLines(
  { namespace, entries, keeps, others }: StayingRules,
  { width, colors }: Look,
): readonly string[] {
  const rules = entries.map(({ annotation, entry }) => `  ${annotation}: ${valueText(entry)}`);
  return [
    colors.warning(`Namespace ${namespace} still permits it, by rules that permit other roles too:`),
    ...rules,
    ...podsLine('Pods that keep it', keeps),
    ...podsLine('Pods that may lose another role if they are removed', others),
    ...wrap('Change them by hand, or remove them whole with --remove-wide-rules.', width - 2).map(
      (line) => `  ${line}`,
    ),
  ];
}

function checkLines(
  { seconds, served, silent, stillPermittedIn }: DropCheck,
  { colors }: Look,
): readonly string[] {
  if (served.length + silent.length + stillPermittedIn.length === 0)
    return [colors.good(`All agents have dropped it (${seconds} s).`)];
  return [
    colors.bad(`Not everything was dropped within ${seconds} s:`),
    ...(stillPermittedIn.length === 0 ? [] : [`  the server still permits it in ${some(stillPermittedIn)}`]),
    ...(served.length === 0 ? [] : [`  still served: ${some(served)}`]),
    ...silent.map(({ node, fault }) => `  the agent of ${node} does not answer: ${onOneLine(fault)}`),
  ];
}

/** The commands stay whole, so that they can be copied. */
function iamLines({ iam, keep, changes, dryRun }: Revocation, { width }: Look): readonly string[] {
  if (iam === undefined) return [];
  const when = isForLater(changes, dryRun) ? 'Run this afterwards' : 'Run this';
  const sentences = [
    `Credentials that were handed out stay valid until they expire, at most the session duration (1h by default). Only IAM ends them earlier. ${when}, in account ${iam.account}:`,
    ...(keep.length === 0
      ? []
      : [
          `Pods that keep the role use denied credentials until renewal, up to 29 minutes: ${some(keep)}. To shorten that, restart deploy/rolegate-server, wait, then restart ds/rolegate-agent.`,
        ]),
  ];
  const [first = '', ...rest] = sentences.map((sentence) => wrap(sentence, width).join('\n'));
  return [first, `  ${iam.command}`, ...rest, 'When all older sessions have ended:', `  ${iam.undo}`];
}

function podsLine(what: string, pods: readonly string[]): readonly string[] {
  return pods.length === 0 ? [] : [`  ${what}: ${some(pods)}`];
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_PODS;
  return `${names.slice(0, MOST_PODS).map(onOneLine).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function valueText(value: string): string {
  const text = onOneLine(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
