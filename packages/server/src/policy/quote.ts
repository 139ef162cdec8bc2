/** The most that is shown of a foreign value. Characters. */
const SHOWN_CHARS = 100;
/** An Event's message has at most 1,024 bytes (Kubernetes API reference, events.k8s.io/v1, note). Messages are ASCII. */
const LONGEST_MESSAGE = 1000;

/** A foreign value for messages: cut, and with control characters escaped. */
export function quote(text: string): string {
  return text.length > SHOWN_CHARS
    ? `"${escape(text.slice(0, SHOWN_CHARS))}..." (${text.length} characters)`
    : `"${escape(text)}"`;
}

/** What is hard to see in a quoted value, to be appended to it: ` (ends in a newline)`. '' if there is nothing. */
export function oddity(text: string): string {
  const words = oddityOf(text);
  return words === undefined ? '' : ` (${words})`;
}

function oddityOf(text: string): string | undefined {
  if (/[\r\n]$/.test(text)) return 'ends in a newline';
  if (/[\r\n]/.test(text)) return 'has a newline in it';
  if (/^\s|\s$/.test(text)) return 'begins or ends in white space';
  if (/\p{Cc}/u.test(text)) return 'has a control character in it';
  if (/[^\p{ASCII}]/u.test(text)) return 'has a character outside ASCII in it';
  return undefined;
}

/** Cuts a message to the longest that an Event allows. */
export function clip(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 3)}...` : message;
}

/** A library's message, which may contain foreign text: cut and escaped, without quotes. */
export function plain(text: string): string {
  const shown = escape(text.slice(0, SHOWN_CHARS));
  return text.length > SHOWN_CHARS ? `${shown}...` : shown;
}

function escape(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
