import { markdownTable } from '@rolegate/runtime';
import type { Row } from '@rolegate/testing';
import { errorCell, secondsCell, withPlaceholders } from '../error-text.ts';
import { NODE_ACCOUNT } from './judge.ts';
import { podKinds } from './pods.ts';
import type { PodKind } from './pods.ts';
import { failureNames } from './situations.ts';
import type { FailureName, SituationName } from './situations.ts';
import type { Trial } from './trial.ts';

/** The tables of a run: who gets credentials, and what the application sees if its Pod gets none. */
export function containerTablesOf(trials: readonly Trial[]): string {
  const names = [...new Set(trials.map(({ client }) => client.name))];
  return [
    markdownTable(
      ['client', ...podKinds.map((kind) => `${kind} Pod`), 'requests', 'session ended', 'HTTP_PROXY'],
      names.map((name) => servedRow(name, trials)),
    ),
    'If the Pod gets no credentials:',
    markdownTable(
      ['client', 'answer', 'Pod', 'requests', 'seconds', 'application sees'],
      names.flatMap((name) => refusedRows(name, trials)),
    ),
  ].join('\n\n');
}

function servedRow(name: string, trials: readonly Trial[]): Row {
  const find = (kind: PodKind, situation: SituationName) =>
    trials.find(
      (trial) => trial.client.name === name && trial.kind === kind && trial.situation === situation,
    );
  const counts = podKinds.flatMap((kind) => find(kind, 'served')?.answers?.containerCredentials ?? []);
  return [
    name,
    ...podKinds.map((kind) => servedCell(find(kind, 'served'))),
    [...new Set(counts)].join(' or '),
    renewedCell(podKinds.flatMap((kind) => find(kind, 'renewed') ?? [])),
    proxiedCell(find('ordinary', 'proxied')),
  ];
}

function servedCell(trial: Trial | undefined): string {
  if (trial === undefined) return '–';
  const { seen, answers } = trial;
  if (!seen.every(({ ok }) => ok)) return 'none';
  if (seen[0]?.account === NODE_ACCOUNT) return "the node's, from the metadata API";
  return answers?.containerCredentials === 0 ? 'its own, from the metadata API' : 'its own';
}

function renewedCell(trials: readonly Trial[]): string {
  if (trials.length === 0) return '–';
  const renewed = trials.every(({ seen }) => new Set(seen.map(({ accessKeyId }) => accessKeyId)).size > 1);
  return renewed ? 'fetches new ones' : 'fails';
}

function proxiedCell(trial: Trial | undefined): string {
  if (trial === undefined) return '–';
  return trial.tokensToProxy === 0 ? 'not used' : 'gets the token';
}

/** Trials in which the application sees the same after the same number of requests. */
interface Group {
  readonly answers: Set<FailureName>;
  readonly kinds: Set<PodKind>;
  readonly tookMs: number[];
  readonly requests: string;
  readonly sees: string;
}

function refusedRows(name: string, trials: readonly Trial[]): Row[] {
  const groups = new Map<string, Group>();
  for (const answer of failureNames)
    for (const trial of trials) {
      if (trial.client.name !== name || trial.situation !== answer) continue;
      const [requests, sees] = [requestsCell(trial), seesCell(trial)];
      const key = `${requests} ${sees}`;
      const group = groups.get(key) ?? { answers: new Set(), kinds: new Set(), tookMs: [], requests, sees };
      groups.set(key, group);
      group.answers.add(answer);
      group.kinds.add(trial.kind);
      group.tookMs.push(trial.seen.at(-1)?.tookMs ?? 0);
    }
  return [...groups.values()].map(({ answers, kinds, requests, tookMs, sees }) => [
    name,
    [...answers].map((answer) => (answer === 'held' ? '503 after 850 ms' : answer)).join(', '),
    [...kinds].join(', '),
    requests,
    secondsCell(tookMs),
    sees,
  ]);
}

function requestsCell({ answers }: Trial): string {
  if (answers === undefined) return '–';
  const { containerCredentials, metadata } = answers;
  return metadata === 0
    ? String(containerCredentials)
    : `${containerCredentials}, then ${metadata} to the metadata API`;
}

function seesCell({ seen }: Trial): string {
  const last = seen.at(-1);
  if (last === undefined) return 'nothing';
  if (last.ok)
    return last.account === NODE_ACCOUNT ? "the node's credentials" : 'credentials from the metadata API';
  return errorCell(fromContainerProvider(withPlaceholders(last.error)));
}

/** The part about this provider of a message about a whole chain of them. */
function fromContainerProvider(text: string): string {
  const at = text.search(/\w*ContainerCredentialsProvider(?!.*ContainerCredentialsProvider)/);
  return at > 0 ? `… ${text.slice(at)}` : text;
}
