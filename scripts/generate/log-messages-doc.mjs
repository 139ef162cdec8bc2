// Writes docs/log-messages.md from the calls that write log lines, and fails if one of them breaks the rules for messages. With
// --check it writes nothing, and fails if the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTable } from '../../packages/runtime/src/markdown/table.ts';
import { readLogCalls } from '../log-messages.mjs';
import { fieldMeanings, meanings } from './log-meanings.mjs';

const file = new URL('../../docs/log-messages.md', import.meta.url);
const isCheck = process.argv.includes('--check');

const programs = [
  { heading: 'Agent', of: ['agent'] },
  { heading: 'Server', of: ['server'] },
  { heading: 'Agent and server', of: ['protocol', 'runtime'] },
];
const severity = ['debug', 'info', 'warn', 'error'];

const calls = readLogCalls();
const sections = programs.map(({ heading, of }) => ({
  heading,
  byMessage: groupByMessage(calls.filter((call) => of.includes(call.package))),
}));
const faults = [
  ...calls.flatMap((call) => call.faults.map((fault) => `${call.file}:${call.line}: ${fault}`)),
  ...sections.flatMap(faultsOfMeanings),
  ...staleFields(),
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

/** Meanings that have no message, and messages at debug or info, or with a hint that is not constant, that have neither a meaning nor a constant hint. */
function faultsOfMeanings({ heading, byMessage }) {
  const known = meanings[heading];
  const stale = Object.keys(known).filter((message) => !byMessage.has(message));
  const missing = [...byMessage].filter(
    ([message, of]) =>
      !Object.hasOwn(known, message) &&
      of.every(({ hints }) => hints.length === 0) &&
      of.some(
        ({ levels, fields }) =>
          fields.includes('hint') || levels.includes('debug') || levels.includes('info'),
      ),
  );
  return [
    ...stale.map((message) => `log-meanings.mjs: no call writes "${message}" (${heading})`),
    ...missing.map(([message]) => `log-meanings.mjs: "${message}" has no meaning (${heading})`),
  ];
}

function staleFields() {
  const used = new Set(calls.flatMap(({ fields }) => fields));
  const stale = Object.keys(fieldMeanings).filter((field) => !used.has(field));
  return stale.map((field) => `log-meanings.mjs: no message has the field ${field}`);
}

function introduction() {
  return `# Log messages

Each line is one JSON object with \`time\`, \`level\`, \`msg\` and at least the fields listed under its message. A field
whose value is unknown is omitted. \`--log-format text\` writes the same lines in a human-readable form. The
[runbook](runbook.md) describes some messages in detail.

The _feed_ is an agent's stream from a server. The _authority_ is the servers' own CA. An agent _attests_ when it proves
its node with its ServiceAccount token. A _session_ is one set of STS credentials that Pods share.

<!-- Generated from the sources by npm run generate. Do not edit. -->`;
}

function fieldTable() {
  const rows = Object.entries(fieldMeanings).map(([field, meaning]) => [asCode(field), meaning]);
  return `## Fields\n\n${markdownTable(['field', 'meaning'], rows)}`;
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
