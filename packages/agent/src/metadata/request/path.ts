/** A parsed request target, rebuilt by the parser; or why it is invalid. */
export type RequestPath =
  | {
      readonly kind: 'path';
      /** '' for the root, which is above all versions. */
      readonly version: string;
      /** Segments joined by '/', without version or trailing slash; '' for the version's root. */
      readonly path: string;
      /** The part after `security-credentials/`, percent-decoded once. `path` is then that directory. */
      readonly role?: string;
    }
  | {
      readonly kind: 'fault';
      /** 400: not a valid HTTP request target (RFC 9112, 3.2.1). 404: valid, but in a spelling that is not accepted. */
      readonly status: 400 | 404;
      /** For the log. */
      readonly detail: string;
    };

export const CREDENTIALS_DIRECTORY = 'meta-data/iam/security-credentials';

/** Real metadata collapses them, and clients rely on it: minio-js, boto 2, AWS's own ec2-metadata script. */
const REPEATED_SLASHES = /\/{2,}/g;
/** Printable ASCII without '#': only origin-form is accepted. */
const ORIGIN_FORM = /^\/[!"$-~]*$/;
/** Neither pchar, '/' nor '%' of RFC 3986, 3.3. */
const NOT_IN_PATHS = /["<>[\\\]^`{|}]/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPED_CONTROL = /%(?:[01][0-9A-Fa-f]|7[Ff])/;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;
/** Accepted versions: any date, because the real metadata API adds some every year. */
const VERSION = /^(?:latest|1\.0|20\d\d-\d\d-\d\d)$/;
/** Unreserved characters, and those needed for MAC addresses and tag keys. */
const SEGMENT = /^[A-Za-z0-9._~:@+,=-]+$/;
/** Newer AWS SDKs request `-extended` first: the same document with an AccountId. */
const CREDENTIALS = /^\/([^/]+)\/meta-data\/iam\/security-credentials(?:-extended)?(?:\/(.*))?$/;

/** Longer paths are cut in the log. Characters. */
const LONGEST_LOGGED = 128;

/**
 * Parses a raw request target. Pure. Drops the query and collapses repeated slashes; an encoded slash does not separate
 * segments.
 */
export function parseRequestPath(target: string): RequestPath {
  if (!ORIGIN_FORM.test(target)) return malformed('the target is not in origin-form');
  const [asked = ''] = target.split('?', 1);
  const raw = asked.replace(REPEATED_SLASHES, '/');
  if (NOT_IN_PATHS.test(raw)) return malformed('the path has a character that paths cannot have');
  if (BROKEN_ESCAPE.test(raw)) return malformed('a percent sign is not followed by two hex digits');
  if (ESCAPED_CONTROL.test(raw)) return malformed('the path has an encoded control character');
  const path = raw.replace(ESCAPE, decodeUnreserved);
  if (path === '/') return { kind: 'path', version: '', path: '' };
  const [, version, rest = ''] = CREDENTIALS.exec(path) ?? [];
  return version === undefined ? parsePlain(path) : parseCredentials(version, withoutLastSlash(rest));
}

/** A parsed path for a log line: `/` for a version's root, and bounded in length. */
export function pathForLog(path: string): string {
  return path.length > LONGEST_LOGGED ? `/${path.slice(0, LONGEST_LOGGED)}…` : `/${path}`;
}

function parsePlain(path: string): RequestPath {
  const [version = '', ...segments] = withoutLastSlash(path).slice(1).split('/');
  if (!VERSION.test(version)) return refused('no such version');
  if (!segments.every((segment) => SEGMENT.test(segment) && !isDots(segment)))
    return refused('the path is not in its canonical spelling');
  return { kind: 'path', version, path: segments.join('/') };
}

/** A role is one or more segments, in any percent-encoding. It is only compared. */
function parseCredentials(version: string, raw: string): RequestPath {
  if (!VERSION.test(version)) return refused('no such version');
  if (raw === '') return { kind: 'path', version, path: CREDENTIALS_DIRECTORY };
  if (raw.includes(';')) return refused('the role has a semicolon');
  const role = decodeOnce(raw);
  if (role === undefined) return malformed('the role is not UTF-8');
  if (role.split('/').some(isDots)) return refused('the role has a dot segment');
  return { kind: 'path', version, path: CREDENTIALS_DIRECTORY, role };
}

/** RFC 3986, 6.2.2.2: encoded unreserved characters are equivalent. Others stay encoded, and are refused. */
function decodeUnreserved(escape: string, digits: string): string {
  const character = String.fromCharCode(parseInt(digits, 16));
  return UNRESERVED.test(character) ? character : escape;
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function withoutLastSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function isDots(segment: string): boolean {
  return segment === '.' || segment === '..';
}

function malformed(detail: string): RequestPath {
  return { kind: 'fault', status: 400, detail };
}

function refused(detail: string): RequestPath {
  return { kind: 'fault', status: 404, detail };
}
