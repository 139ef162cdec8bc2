// Writes docs/log-messages.md from the calls that write log lines, and fails if one of them breaks the rules for messages. With
// --check it writes nothing, and fails if the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { readLogCalls } from '../log-messages.mjs';
import { meanings } from './log-meanings.mjs';

const file = new URL('../../docs/log-messages.md', import.meta.url);
const isCheck = process.argv.includes('--check');

const programs = [
  { heading: 'Agent', of: ['agent'] },
  { heading: 'Server', of: ['server'] },
  { heading: 'Agent and server', of: ['protocol', 'runtime'] },
];
/** The fields of DESIGN.md 4.9, and others whose names do not say enough. Each must be a field of some message. */
const fieldMeanings = {
  pod: 'name of the Pod; also `namespace`, `uid` and `serviceAccount`',
  node: 'node of the agent',
  ip: 'address that the request came from',
  role: "ARN of the Pod's role",
  sessionName: 'name of the STS session',
  accessKeyId: 'ID of the access key, which is not secret',
  requestId: 'ID of the request, also in the body of a refusal',
  status: 'HTTP status of the answer',
  durationMs: 'time until the answer or the delivery',
  reason: 'why something was refused or failed ([reasons](reasons.md))',
  hint: 'what to do',
  detail: 'why in full, for the operator; Pods do not see it',
  cache: '`hit`: answered without waiting; `hold`: the request was held first',
  waitedFor: 'what a held request waited for in vain',
  imds: '`v1`: the request had no session token; `v2`: it had one or asked for one',
  sdk: 'SDK that sent the request, by its User-Agent',
  firstRequest: "true for the first answer to the Pod's requests for credentials, whatever the answer",
  first: 'true for the first credentials that the Pod receives',
  audit: 'true for lines that belong in an audit trail',
  leftOut: 'number of lines suppressed since the last one',
  failures: 'failed attempts during an outage that has ended',
  awayMs: 'how long the outage lasted',
  skewMs: "how far the node's clock is ahead of the server's; negative if it is behind",
};
const severity = ['debug', 'info', 'warn', 'error'];

const calls = readLogCalls();
const sections = programs.map(({ heading, of }) => ({
  heading,
  byMessage: groupByMessage(calls.filter((call) => of.includes(call.package))),
}));
const faults = [
  ...calls.flatMap((call) => call.faults.map((fault) => `${call.file}:${call.line}: ${fault}`)),
  ...sections.flatMap(faultsOfMeanings),
  ...unusedFields().map((field) => `no message has the field ${field}`),
];
for (const fault of faults) console.error(fault);
if (faults.length === 0) publish(pageOf(sections));
else process.exitCode = 1;

function publish(page) {
  if (!isCheck) writeFileSync(file, page);
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/log-messages.md is not current: npm run generate writes it');
    process.exitCode = 1;
  }
}

function pageOf(all) {
  const texts = all.map(({ heading, byMessage }) =>
    [`## ${heading}`, ...entriesOf(heading, byMessage)].join('\n\n'),
  );
  return `${[introduction(), fieldTable(), ...texts].join('\n\n')}\n`;
}

/** Meanings that have no message, and messages at debug or info that have neither a meaning nor a constant hint. */
function faultsOfMeanings({ heading, byMessage }) {
  const known = meanings[heading];
  const stale = Object.keys(known).filter((message) => !byMessage.has(message));
  const missing = [...byMessage].filter(
    ([message, of]) =>
      !Object.hasOwn(known, message) &&
      of.every(({ hints }) => hints.length === 0) &&
      of.some(({ levels }) => levels.includes('debug') || levels.includes('info')),
  );
  return [
    ...stale.map((message) => `log-meanings.mjs: no call writes "${message}" (${heading})`),
    ...missing.map(([message]) => `log-meanings.mjs: "${message}" has no meaning (${heading})`),
  ];
}

function introduction() {
  return `# Log messages

Each line is one JSON object with \`time\`, \`level\`, \`msg\` and the fields below; an unknown field is omitted. \`--log-format text\`
writes the same for people. A message that the [runbook](runbook.md) names is described there at length.

<!-- Generated from the sources by npm run generate. Do not edit. -->`;
}

function unusedFields() {
  const used = new Set(calls.flatMap(({ fields }) => fields));
  return Object.keys(fieldMeanings).filter((field) => !used.has(field));
}

function fieldTable() {
  const rows = [
    ['field', 'meaning'],
    ['', ''],
  ];
  for (const [field, meaning] of Object.entries(fieldMeanings)) rows.push([asCode(field), meaning]);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at].length)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at], cell === '' ? '-' : ' ')).join(' | ')} |`,
  );
  return `## Fields\n\n${lines.join('\n')}`;
}

/** The calls that write each message, in alphabetical order of the messages. */
function groupByMessage(own) {
  const byMessage = new Map();
  for (const call of own)
    for (const message of call.messages ?? [])
      byMessage.set(message, [...(byMessage.get(message) ?? []), call]);
  return new Map(
    [...byMessage].sort(([one], [other]) => one.toLowerCase().localeCompare(other.toLowerCase(), 'en')),
  );
}

function entriesOf(heading, byMessage) {
  return [...byMessage].map(([message, of]) => entryOf(message, of, meanings[heading][message]));
}

function entryOf(message, of, meaning) {
  const united = (key) => [...new Set(of.flatMap((call) => call[key]))];
  const levels = united('levels').sort((one, other) => severity.indexOf(one) - severity.indexOf(other));
  const fields = united('fields').sort();
  const about =
    fields.length === 0 ? levels.join(', ') : `${levels.join(', ')} · ${fields.map(asCode).join(' ')}`;
  const advice = adviceOf(united('hints'), { fields, levels, meaning });
  return [`### ${message}`, about, ...(meaning === undefined ? [] : [meaning]), ...advice].join('\n\n');
}

/** What to do about a message. Nothing if it is not a warning or an error and has no hint. */
function adviceOf(hints, { fields, levels, meaning }) {
  if (hints.length > 0) return hints;
  if (fields.includes('hint')) return ['The field `hint` of the line says what to do.'];
  const isSerious = levels.includes('warn') || levels.includes('error');
  return isSerious && meaning === undefined && fields.includes('reason')
    ? ['What to do depends on the [reason](reasons.md).']
    : [];
}

function asCode(name) {
  return `\`${name}\``;
}
