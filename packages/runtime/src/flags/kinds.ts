import { isIP } from 'node:net';
import type { HostPort } from '../net/host-port.ts';

/** How one value is read from text. */
export interface ValueKind<Value> {
  /** Stands for the value in help and docs. */
  readonly placeholder: string;
  /** Accepts the empty text, which is otherwise refused before parsing. */
  readonly takesEmpty?: true;
  parse(text: string): Parsed<Value>;
}

/** A fault says what is wrong and, after a semicolon, how to correct it. */
export type Parsed<Value> = { readonly value: Value } | { readonly fault: string };

/** Messages cut longer values. Characters. */
const LONGEST_QUOTED = 60;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;

export function fault(message: string): { readonly fault: string } {
  return { fault: message };
}

/** Escapes and shortens a text for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTED ? `${text.slice(0, LONGEST_QUOTED)}…` : text);
}

/** Any text, or one that matches the pattern. `is` completes "… is not a valid". */
export function text(
  placeholder = 'TEXT',
  rule?: { readonly pattern: RegExp; readonly is: string; readonly hint: string },
): ValueKind<string> {
  return {
    placeholder,
    parse: (given) =>
      rule === undefined || rule.pattern.test(given)
        ? { value: given }
        : fault(`${quoted(given)} is not a valid ${rule.is}; ${rule.hint}`),
  };
}

/** The path of a file or folder, which need not exist. */
export function path(placeholder = 'FILE'): ValueKind<string> {
  return {
    placeholder,
    parse: (given) =>
      given.includes('\0') ? fault('a path cannot contain a NUL byte; remove it') : { value: given },
  };
}

export function integer({ min, max }: { readonly min: number; readonly max: number }): ValueKind<number> {
  return {
    placeholder: 'N',
    parse(given) {
      const value = /^\d{1,15}$/.test(given) ? Number(given) : NaN;
      if (value >= min && value <= max) return { value };
      return fault(`${quoted(given)} is not a whole number from ${min} to ${max}; write it in digits`);
    },
  };
}

/** One of a closed list of words. Synonyms are other programs' words for the same. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  synonyms: Readonly<Record<string, Word>> = {},
): ValueKind<Word> {
  return {
    placeholder: words.join('|'),
    parse(given) {
      const known = words.find((word) => word === given);
      if (known !== undefined) return { value: known };
      const meant = Object.hasOwn(synonyms, given) ? synonyms[given] : undefined;
      return meant === undefined
        ? fault(`unknown value ${quoted(given)}; use ${listed(words)}`)
        : { value: meant };
    },
  };
}

/** An address to listen on. `:9610` listens on every IPv4 address; port 0 lets the system choose one. */
export const listenAddress: ValueKind<HostPort> = {
  placeholder: 'HOST:PORT',
  parse: (given) => hostPort(given.startsWith(':') && !given.startsWith('::') ? `0.0.0.0${given}` : given, 0),
};

/** An address to connect to. */
export const callAddress: ValueKind<HostPort> = {
  placeholder: 'HOST:PORT',
  parse: (given) => hostPort(given, 1),
};

/** A host name or address without a port, in lower case, IPv6 without brackets. */
export const hostName: ValueKind<string> = {
  placeholder: 'HOST',
  parse(given) {
    const bare = given.startsWith('[') && given.endsWith(']') ? given.slice(1, -1) : given;
    if (isIP(bare) !== 0) return { value: canonicalIp(bare) };
    return HOST_NAME.test(bare) && bare === given
      ? { value: bare.toLowerCase() }
      : fault(`${quoted(given)} is not a host name; leave out the scheme, port and path`);
  },
};

/** An IP address in canonical form (RFC 5952, v4-mapped addresses as IPv4). */
export const ipAddress: ValueKind<string> = {
  placeholder: 'IP',
  parse: (given) =>
    isIP(given) === 0 || given.includes('%')
      ? fault(`${quoted(given)} is not an IP address; write it like 10.0.0.7 or 2001:db8::7`)
      : { value: canonicalIp(given) },
};

/** The URL of a service: scheme, host, port and path, without a trailing slash. */
export function url(schemes: readonly ('http' | 'https')[]): ValueKind<string> {
  return {
    placeholder: 'URL',
    parse(given) {
      const parsed = URL.parse(given);
      // Not quoted, because it can contain a password.
      if (given.includes('@'))
        return fault('the URL must not contain a user name; remove everything up to the @');
      if (parsed === null || !schemes.some((scheme) => parsed.protocol === `${scheme}:`)) {
        return fault(`${quoted(given)} is not a URL; write it as ${schemes[0] ?? 'https'}://host:port`);
      }
      if (given.includes('?') || given.includes('#')) {
        return fault(`${quoted(given)} has a query or fragment; remove it`);
      }
      return { value: `${parsed.origin}${parsed.pathname}`.replace(/\/$/, '') };
    },
  };
}

/** `key=value`. The key ends at the first equals sign. */
export function pair(placeholder: string): ValueKind<readonly [key: string, value: string]> {
  return {
    placeholder,
    parse(given) {
      const at = given.indexOf('=');
      return at < 1
        ? fault(`${quoted(given)} is not a key and a value; write it as ${placeholder}`)
        : { value: Object.freeze([given.slice(0, at), given.slice(at + 1)] as const) };
    },
  };
}

function hostPort(given: string, lowestPort: number): Parsed<HostPort> {
  const { host, bracketed, port } =
    /^(?:\[(?<bracketed>[^\]]*)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(given)?.groups ?? {};
  const address = bracketed === undefined ? host : isIP(bracketed) === 6 ? bracketed : undefined;
  const known = address !== undefined && (bracketed !== undefined || HOST_NAME.test(address));
  const number = Number(port ?? NaN);
  if (known && number >= lowestPort && number <= 65_535) {
    return { value: Object.freeze({ host: address, port: number }) };
  }
  return fault(
    `${quoted(given)} is not an address with a port; write it like 10.0.0.7:9610 or [2001:db8::7]:9610`,
  );
}

function canonicalIp(address: string): string {
  if (isIP(address) === 4) return address;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1] ?? ''}`;
}
