import { pino } from 'pino';
import { describeError } from './describe-error.ts';
import { cutFields, cutText, onOneLine } from './fields.ts';

/** The hint of a line that only a bug can cause. */
export const BUG_HINT =
  'This is a bug. Please report it with this line at https://github.com/rolegate/rolegate/issues.';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Writes log lines. `message` is constant; `fields` has what varies. */
export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
  /** Undefined if the level cannot be changed. */
  readonly level?: LevelControl;
}

/** The least severe level that is written. It can be changed at run time. */
export interface LevelControl {
  get(): LogLevel;
  set(level: LogLevel): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** json: one object per line. text: for people. */
  readonly format: 'json' | 'text';
  /** Receives one line with its newline. */
  readonly write: (line: string) => void;
  /** Fields of every line, e.g. the node. */
  readonly base?: Record<string, string>;
}

/** Censored on whatever object they come. */
const SECRET_FIELDS = ['secretAccessKey', 'sessionToken', 'token', 'secret', 'SecretAccessKey', 'Token'];

/**
 * Creates the log of a process. Field `error` is written with its causes, and texts are cut to 2,048 characters.
 * Secrets are never passed to it; censoring them is the last line of defence.
 */
export function createLog({ level, format, write, base = {} }: LogOptions): Log {
  let least = level;
  const logger = pino(
    {
      level,
      base,
      messageKey: 'msg',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: cutFields },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
      serializers: { error: (error: unknown) => cutText(describeError(error)) },
    },
    {
      write:
        format === 'json'
          ? write
          : (line) => {
              write(asText(line));
            },
    },
  );
  return {
    debug: (message, fields = {}) => {
      logger.debug(fields, message);
    },
    info: (message, fields = {}) => {
      logger.info(fields, message);
    },
    warn: (message, fields = {}) => {
      logger.warn(fields, message);
    },
    error: (message, fields = {}) => {
      logger.error(fields, message);
    },
    level: {
      get: () => least,
      set(to) {
        least = to;
        logger.level = to;
      },
    },
  };
}

/** Writes nothing. For tests and tools. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function asText(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${onOneLine(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return `${[String(time), String(level).toUpperCase().padEnd(5), String(msg), ...rest].join(' ')}\n`;
}

function ignore(): void {
  // Ignored.
}
