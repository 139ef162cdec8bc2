/** What a request target names, rebuilt by the parser; or why it names nothing. */
export type RequestPath =
  | {
      readonly kind: 'path';
      /** '' for the root, which is above all versions. */
      readonly version: string;
      /** Segments joined by '/', no version, no last slash; '' for the version's root. */
      readonly path: string;
      /** What follows `security-credentials/`, percent-decoded once. `path` is that directory then. */
      readonly role?: string;
    }
  | {
      readonly kind: 'fault';
      /** 400: not a request target of HTTP (RFC 9112, 3.2.1). 404: one, but in a spelling that is not rebuilt. */
      readonly status: 400 | 404;
      /** For the log. */
      readonly detail: string;
    };

export const CREDENTIALS_DIRECTORY = 'meta-data/iam/security-credentials';

/** Real metadata folds them, and clients rely on it: minio-js, boto 2, AWS's own ec2-metadata script. */
const REPEATED_SLASHES = /\/{2,}/g;
/** Printable ASCII without '#': the only form taken is origin-form. */
const ORIGIN_FORM = /^\/[!"$-~]*$/;
/** Neither pchar, '/' nor '%' of RFC 3986, 3.3. */
const NOT_IN_PATHS = /["<>[\\\]^`{|}]/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPED_CONTROL = /%(?:[01][0-9A-Fa-f]|7[Ff])/;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;
/** Versions that are answered: any date passes, as real metadata knows more of them every year. */
const VERSION = /^(?:latest|1\.0|20\d\d-\d\d-\d\d)$/;
/** Unreserved, and what MAC addresses and tag keys need besides. */
const SEGMENT = /^[A-Za-z0-9._~:@+,=-]+$/;
/** AWS SDKs that know it ask `-extended` first: the document is the same, with an AccountId. */
const CREDENTIALS = /^\/([^/]+)\/meta-data\/iam\/security-credentials(?:-extended)?(?:\/(.*))?$/;

/** Longer paths are cut in the log. Characters. */
const LONGEST_LOGGED = 128;

/** Parses a raw request target. Pure; the query is dropped, repeated slashes are one, an encoded slash is none. */
export function parseRequestPath(target: string): RequestPath {
  if (!ORIGIN_FORM.test(target)) return malformed('the target is not in origin-form');
  const [asked = ''] = target.split('?', 1);
  const raw = asked.replace(REPEATED_SLASHES, '/');
  if (NOT_IN_PATHS.test(raw)) return malformed('the path has a character that paths cannot have');
  if (BROKEN_ESCAPE.test(raw))
    return malformed('a percent sign is followed by something else than two digits');
  if (ESCAPED_CONTROL.test(raw)) return malformed('the path has an encoded control character');
  const path = raw.replace(ESCAPE, decodeUnreserved);
  if (path === '/') return { kind: 'path', version: '', path: '' };
  const [, version, rest = ''] = CREDENTIALS.exec(path) ?? [];
  return version === undefined ? parsePlain(path) : parseCredentials(version, withoutLastSlash(rest));
}

/** A parsed path as a log line may show it: `/` for a version's root, and not of any length. */
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

/** A role is named by one or more segments, in every spelling of percent-encoding; it is compared, never opened. */
function parseCredentials(version: string, raw: string): RequestPath {
  if (!VERSION.test(version)) return refused('no such version');
  if (raw === '') return { kind: 'path', version, path: CREDENTIALS_DIRECTORY };
  if (raw.includes(';')) return refused('the role has a semicolon');
  const role = decodeOnce(raw);
  if (role === undefined) return malformed('the role is not UTF-8');
  if (role.split('/').some(isDots)) return refused('the role has a dot segment');
  return { kind: 'path', version, path: CREDENTIALS_DIRECTORY, role };
}

/** RFC 3986, 6.2.2.2: these two spellings are one; of all others the encoded one stays encoded, and is refused. */
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
