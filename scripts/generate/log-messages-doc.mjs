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
const severity = ['debug', 'info', 'warn', 'error'];

const calls = readLogCalls();
const faults = calls.flatMap((call) => call.faults.map((fault) => `${call.file}:${call.line}: ${fault}`));
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
  return `${[introduction(), ...sections].join('\n\n')}\n`;
}

function introduction() {
  return `# Log messages

Each line is one JSON object with \`time\`, \`level\`, \`msg\` and the fields below; a field is left out if it is not known. \`--log-format text\`
writes the same for people. The field \`hint\` says what to do, and \`reason\` is explained in [reasons.md](reasons.md). A message that the
[runbook](runbook.md) names is described there at length.

<!-- Generated from the sources by npm run generate. Do not edit. -->`;
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
