import { parseJson } from '@rolegate/runtime';

/** The container that wrote a line. */
export interface LogSource {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  readonly component: 'agent' | 'server';
}

export type LogFields = Readonly<Record<string, unknown>>;

/** A line that waits for earlier ones: only its text, which takes a fifth of the memory of its fields. */
export interface LogLine {
  /** Milliseconds since the epoch, with a fraction. Lines of one source are in order. */
  readonly atMs: number;
  readonly source: LogSource;
  readonly text: string;
  readonly requestId: string | undefined;
}

/** A line with its fields. */
export interface LogEntry extends LogLine {
  /** Undefined if the line is not a JSON object, such as a stack trace. */
  readonly fields: LogFields | undefined;
}

/** As the programs write it; within a text the quotes would be escaped. */
const REQUEST_ID = /"requestId":"([\w-]{1,64})"/;

/** `atMs` is NaN if the kubelet wrote no time. Such a line belongs to the previous one. */
export function readLogLine(
  { atMs, text }: { readonly atMs: number; readonly text: string },
  source: LogSource,
  previousMs: number,
): LogLine {
  return {
    atMs: Number.isNaN(atMs) ? previousMs : atMs,
    source,
    text,
    requestId: REQUEST_ID.exec(text)?.[1],
  };
}

/** Parses the line. */
export function withFields({ atMs, source, text, requestId }: LogLine): LogEntry {
  return { atMs, source, text, requestId, fields: fieldsOf(text) };
}

/** What a line takes in memory, roughly. Bytes. */
export function sizeOf({ text }: LogLine): number {
  return 300 + text.length;
}

/** The field if it is a text that is not empty. */
export function field(fields: LogFields | undefined, name: string): string | undefined {
  const value = fields?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Undefined if the text is not a JSON object. */
export function fieldsOf(text: string): LogFields | undefined {
  const parsed = text.startsWith('{') ? parseJson(text) : undefined;
  return typeof parsed === 'object' && parsed !== null ? (parsed as LogFields) : undefined;
}
