import { markdownTable } from '@rolegate/runtime';
import type { Row } from '@rolegate/testing';
import type { Client } from '../client.ts';
import { errorCell, secondsCell, withPlaceholders } from '../error-text.ts';
import { requestsOf } from './judge.ts';
import type { MetadataSituationName } from './situations.ts';
import type { MetadataTrial } from './trial.ts';

const NOT_TRIED = '–';
const HEAD = [
  'client',
  'requests',
  'known',
  '300 ms late',
  '900 ms late',
  '900 ms late, `--hold 950ms`',
  'region',
  'IMDSv2 required',
  'IPv6',
  'agent restarted',
  '100 workers',
];
/** What the application sees without credentials, in the order of the rows. */
const FAILURES = {
  late900: '900 ms late',
  late3000: '3 s late',
  '401': '401',
  '403': '403',
  '404': '404',
  '503': '503',
} as const satisfies Partial<Record<MetadataSituationName, string>>;
type FailureName = keyof typeof FAILURES;

/** The tables of a run: who gets credentials when, and what the application sees if it gets none. */
export function metadataTablesOf(trials: readonly MetadataTrial[]): string {
  const clients = [...new Set(trials.map(({ client }) => client))];
  return [
    markdownTable(
      HEAD,
      clients.map((client) => servedRow(client, trials)),
    ),
    ...notesOf(clients),
    'If the Pod gets no credentials in time:',
    markdownTable(
      ['client', 'situation', 'requests', 'seconds', 'application sees'],
      clients.flatMap((client) => failureRows(client, trials)),
    ),
  ].join('\n\n');
}

/** Replayed clients and those that fail by themselves or are not tried in all situations. */
function notesOf(clients: readonly Client[]): string[] {
  const notes = clients.flatMap(({ name, replayed, misreads, needsLongSessions }) => [
    ...(replayed === undefined ? [] : [`- ${name} is not run: its requests are replayed from ${replayed}.`]),
    ...(misreads === undefined
      ? []
      : [
          `- ${name} gets the document and no credentials: ${misreads}. The times are those of the document.`,
        ]),
    ...(needsLongSessions === undefined
      ? []
      : [`- ${name} is not tried across a restart of the agent: ${needsLongSessions}.`]),
  ]);
  return notes.length === 0 ? [] : [notes.join('\n')];
}

function servedRow(client: Client, trials: readonly MetadataTrial[]): Row {
  const find = (name: MetadataSituationName) =>
    trials.find(({ client: other, situation }) => other === client && situation === name);
  const known = find('known');
  return [
    nameOf(client),
    known === undefined ? NOT_TRIED : String(requestsOf(known).length),
    ...(['known', 'late300', 'late900', 'heldLonger'] as const).map((name) => timeCell(find(name))),
    regionCell(find('region')),
    ...(['imdsv2', 'ipv6', 'restart', 'crowd'] as const).map((name) => yesCell(find(name))),
  ];
}

function nameOf({ name, replayed }: Client): string {
  return replayed === undefined ? name : `${name} (replayed)`;
}

function isServed({ client, seen }: MetadataTrial): boolean {
  return client.misreads === undefined && seen.length > 0 && seen.every(({ ok }) => ok);
}

function timeCell(trial: MetadataTrial | undefined): string {
  if (trial === undefined) return NOT_TRIED;
  const seconds = `${((trial.seen.at(-1)?.tookMs ?? 0) / 1000).toFixed(2)} s`;
  if (isServed(trial)) return seconds;
  const { client, packets } = trial;
  const last = packets.findLast(({ kind }) => kind === 'answer');
  const hasDocument = client.misreads !== undefined && last?.kind === 'answer' && last.status === 200;
  return hasDocument ? seconds : `fails, ${seconds}`;
}

function regionCell(trial: MetadataTrial | undefined): string {
  return trial === undefined ? NOT_TRIED : (trial.seen[0]?.region ?? 'fails');
}

/** If all is well, `yes`; the judge has said what is not. */
function yesCell(trial: MetadataTrial | undefined): string {
  if (trial === undefined) return NOT_TRIED;
  const { client, situation } = trial;
  if (client.misreads !== undefined) return 'document';
  if (isServed(trial)) return 'yes';
  return client.imdsv1 === true && situation === 'imdsv2' ? 'refused with 401' : 'fails';
}

/** Trials in which the application sees the same after the same number of requests. */
interface Group {
  readonly names: string[];
  readonly tookMs: number[];
  readonly requests: string;
  readonly sees: string;
}

function failureRows(client: Client, trials: readonly MetadataTrial[]): Row[] {
  const groups = new Map<string, Group>();
  for (const name of Object.keys(FAILURES) as FailureName[])
    for (const trial of trials) {
      if (trial.client !== client || trial.situation !== name || isServed(trial)) continue;
      const last = trial.seen.at(-1);
      const requests = String(requestsOf(trial).length);
      const sees =
        last === undefined ? 'nothing' : errorCell(fromInstanceProvider(withPlaceholders(last.error)));
      const key = `${requests} ${sees}`;
      const group = groups.get(key) ?? { names: [], tookMs: [], requests, sees };
      groups.set(key, group);
      group.names.push(FAILURES[name]);
      group.tookMs.push(last?.tookMs ?? 0);
    }
  return [...groups.values()].map(({ names, requests, tookMs, sees }) => [
    nameOf(client),
    names.join(', '),
    requests,
    secondsCell(tookMs),
    sees,
  ]);
}

/** The part about this provider of a message about a whole chain of them. */
function fromInstanceProvider(text: string): string {
  const at = text.search(/\w*InstanceProfileCredentialsProvider(?!.*InstanceProfileCredentialsProvider)/);
  return at > 0 ? `… ${text.slice(at)}` : text;
}
