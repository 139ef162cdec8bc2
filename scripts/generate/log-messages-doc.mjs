// Writes docs/log-messages.md from the calls that write log lines, and fails if one of them breaks the rules for messages. With
// --check it writes nothing, and fails if the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { readLogCalls } from '../log-messages.mjs';

const file = new URL('../../docs/log-messages.md', import.meta.url);
const isCheck = process.argv.includes('--check');

const programs = [
  { heading: 'Agent', of: ['agent'] },
  { heading: 'Server', of: ['server'] },
  { heading: 'Agent and server', of: ['protocol', 'runtime'] },
];
/** The fields of DESIGN.md 4.9, and others whose names do not say enough. Each must be a field of some message. */
const meanings = {
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
const used = new Set(calls.flatMap(({ fields }) => fields));
const faults = [
  ...calls.flatMap((call) => call.faults.map((fault) => `${call.file}:${call.line}: ${fault}`)),
  ...Object.keys(meanings).flatMap((field) => (used.has(field) ? [] : `no message has the field ${field}`)),
];
for (const fault of faults) console.error(fault);
if (faults.length === 0) publish(pageOf(calls));
else process.exitCode = 1;

function publish(page) {
  if (!isCheck) writeFileSync(file, page);
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/log-messages.md is not current: npm run generate writes it');
    process.exitCode = 1;
  }
}

function pageOf(all) {
  const sections = programs.map(({ heading, of }) => {
    const own = all.filter((call) => of.includes(call.package));
    return [`## ${heading}`, ...entriesOf(own)].join('\n\n');
  });
  return `${[introduction(), fieldTable(), ...sections].join('\n\n')}\n`;
}

function introduction() {
  return `# Log messages

Each line is one JSON object with \`time\`, \`level\`, \`msg\` and the fields below; a field is left out if it is not known. \`--log-format text\`
writes the same for people. A message that the [runbook](runbook.md) names is described there at length.

<!-- Generated from the sources by npm run generate. Do not edit. -->`;
}

function fieldTable() {
  const rows = [
    ['field', 'meaning'],
    ['', ''],
  ];
  for (const [field, meaning] of Object.entries(meanings)) rows.push([asCode(field), meaning]);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at].length)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at], cell === '' ? '-' : ' ')).join(' | ')} |`,
  );
  return `## Fields\n\n${lines.join('\n')}`;
}

/** One entry for each message, in alphabetical order: several calls may write it. */
function entriesOf(own) {
  const byMessage = new Map();
  for (const call of own)
    for (const message of call.messages) byMessage.set(message, [...(byMessage.get(message) ?? []), call]);
  return [...byMessage]
    .sort(([one], [other]) => one.toLowerCase().localeCompare(other.toLowerCase(), 'en'))
    .map(([message, of]) => entryOf(message, of));
}

function entryOf(message, of) {
  const united = (key) => [...new Set(of.flatMap((call) => call[key]))];
  const levels = united('levels').sort((one, other) => severity.indexOf(one) - severity.indexOf(other));
  const fields = united('fields').sort();
  const about =
    fields.length === 0 ? levels.join(', ') : `${levels.join(', ')} · ${fields.map(asCode).join(' ')}`;
  return [`### ${message}`, about, ...adviceOf(united('hints'), fields)].join('\n\n');
}

function adviceOf(hints, fields) {
  if (hints.length > 0) return hints;
  if (fields.includes('hint')) return ['The field `hint` of the line says what to do.'];
  return fields.includes('reason') ? ['What to do depends on the [reason](reasons.md).'] : [];
}

function asCode(name) {
  return `\`${name}\``;
}
