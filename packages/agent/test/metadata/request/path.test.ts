import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseRequestPath } from '../../../src/metadata/request/path.ts';

const DIRECTORY = 'meta-data/iam/security-credentials';
const BASE = `/latest/${DIRECTORY}`;

const segment = fc.stringMatching(/^[A-Za-z0-9_~:@+,=-][A-Za-z0-9._~:@+,=-]{0,12}$/);
const version = fc.constantFrom('latest', '1.0', '2021-03-23');

/** Each character plain or percent-encoded, by a coin toss. */
function spelled(text: string, coins: readonly boolean[]): string {
  return Array.from(text)
    .map((character, at) => {
      const byte = character.charCodeAt(0).toString(16).padStart(2, '0');
      return coins[at % coins.length] === true ? `%${at % 2 === 0 ? byte : byte.toUpperCase()}` : character;
    })
    .join('');
}

describe('Request path', () => {
  it.each([
    { target: '/', version: '', path: '' },
    { target: '/latest', version: 'latest', path: '' },
    { target: '/latest/', version: 'latest', path: '' },
    { target: '/1.0/meta-data/', version: '1.0', path: 'meta-data' },
    { target: '/2021-03-23/meta-data/mac', version: '2021-03-23', path: 'meta-data/mac' },
    { target: '/latest/api/token', version: 'latest', path: 'api/token' },
    { target: '/latest/api/token/?x=/../%00', version: 'latest', path: 'api/token' },
    { target: '/l%61test/meta%2ddata/mac', version: 'latest', path: 'meta-data/mac' },
    { target: BASE, version: 'latest', path: DIRECTORY },
    { target: `${BASE}/`, version: 'latest', path: DIRECTORY },
    { target: `${BASE}-extended`, version: 'latest', path: DIRECTORY },
    { target: `${BASE}-extended/`, version: 'latest', path: DIRECTORY },
    { target: '//', version: '', path: '' },
    { target: '//latest/meta-data//', version: 'latest', path: 'meta-data' },
    { target: '/latest///meta-data/mac', version: 'latest', path: 'meta-data/mac' },
    { target: '/latest/meta-data?//', version: 'latest', path: 'meta-data' },
    { target: `${BASE}//`, version: 'latest', path: DIRECTORY },
  ])('The target $target is read as a version and a path', ({ target, version, path }) => {
    expect(parseRequestPath(target)).toEqual({ kind: 'path', version, path });
  });

  it.each([
    { rest: 'reader', role: 'reader' },
    { rest: 'reader/', role: 'reader' },
    { rest: 'app/reader?x', role: 'app/reader' },
    { rest: 'app%2Freader', role: 'app/reader' },
    { rest: '%2fapp%2freader/', role: '/app/reader' },
    { rest: 'arn:aws:iam::1:role/app/reader', role: 'arn:aws:iam::1:role/app/reader' },
    { rest: 'arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fapp%2Freader', role: 'arn:aws:iam::1:role/app/reader' },
    { rest: '%72eader', role: 'reader' },
    { rest: 'r%C3%B6le', role: 'röle' },
    { rest: '%2572eader', role: '%72eader' },
    { rest: '/reader', role: 'reader' },
    { rest: 'reader///', role: 'reader' },
    { rest: '/app//reader//', role: 'app/reader' },
    { rest: 'arn:aws:iam::1:role//app/reader', role: 'arn:aws:iam::1:role/app/reader' },
    { rest: '/app%2Freader', role: 'app/reader' },
    { rest: 'app%2F%2Freader', role: 'app//reader' },
    { rest: 'app/%2Freader', role: 'app//reader' },
    { rest: 'reader%2F', role: 'reader/' },
  ])('The role in "$rest" is read, and decoded once', ({ rest, role }) => {
    for (const directory of [BASE, `${BASE}-extended`])
      expect(parseRequestPath(`${directory}/${rest}`)).toEqual({
        kind: 'path',
        version: 'latest',
        path: DIRECTORY,
        role,
      });
  });

  it.each([
    { what: 'absolute-form', target: 'http://169.254.169.254/latest/meta-data/' },
    { what: 'asterisk-form', target: '*' },
    { what: 'authority-form', target: '169.254.169.254:80' },
    { what: 'nothing', target: '' },
    { what: 'a fragment', target: '/latest/#/meta-data' },
    { what: 'a fragment in the query', target: '/latest/?#' },
    { what: 'a backslash', target: '/latest\\meta-data' },
    { what: 'a control character', target: '/latest/\x01' },
    { what: 'a space', target: '/latest/ meta-data' },
    { what: 'a letter that is not ASCII', target: '/latest/mäta-data' },
    { what: 'an encoded NUL', target: '/latest/meta-data/%00' },
    { what: 'an encoded NUL after the role', target: `${BASE}/reader%00` },
    { what: 'an encoded newline', target: '/latest/meta-data%0a' },
    { what: 'a lone percent sign', target: '/latest/%' },
    { what: 'half an escape', target: `${BASE}/reader%2` },
    { what: 'an escape of other letters', target: '/latest/%zz' },
    { what: 'a role that is not UTF-8', target: `${BASE}/%ff` },
    { what: 'brackets', target: '/latest/[meta-data]' },
  ])('A request target is malformed if it is or contains $what', ({ target }) => {
    expect(parseRequestPath(target)).toMatchObject({ kind: 'fault', status: 400 });
  });

  it.each([
    '/./latest',
    '/latest/./meta-data',
    '/latest/..',
    '/latest/../latest/meta-data',
    '/latest/%2e%2e/latest',
    '/latest//..//latest',
    '/latest/..;/meta-data',
    '/latest;x/meta-data',
    '/latest/meta-data;x=1/mac',
    `${BASE};x/reader`,
    '/latest%2Fmeta-data',
    '/latest/%2Fmeta-data',
    '/%2flatest/meta-data',
    '/latest/meta-data%2f',
    '/latest/meta-data%2fiam',
    '/latest/meta-data/iam%2Fsecurity-credentials/reader',
    '/latest/%25%36%64eta-data',
    '/latest/%2561',
    '/x%2flatest/meta-data',
    '/latest/%3b',
    '/latest/m%C3%A4c',
    '/Latest/meta-data',
    '/LATEST',
    '/latest.',
    '/1.0.',
    '/2.0/meta-data',
    '/v1',
    '/2021-03/x',
    '/1999-01-01/x',
    '/meta-data/mac',
    '/0/latest/meta-data',
    '//169.254.169.254/latest/meta-data',
    `${BASE}/../info`,
    `${BASE}/.`,
    `${BASE}/%2e%2e/info`,
    `${BASE}/..%2finfo`,
    `${BASE}/a%2f..%2fb`,
    `${BASE}-extended/..//info`,
    `${BASE}/reader;x`,
    `${BASE}/..;/reader`,
    `/nope/${DIRECTORY}/reader`,
    `/../${DIRECTORY}/reader`,
  ])('The target %s is answered 404 and not normalized', (target) => {
    expect(parseRequestPath(target)).toMatchObject({ kind: 'fault', status: 404 });
  });

  it('A canonical path is read unchanged, with and without the last slash', () => {
    fc.assert(
      fc.property(version, fc.array(segment, { maxLength: 6 }), fc.boolean(), (name, segments, slash) => {
        const path = segments.join('/');
        fc.pre(!path.startsWith(`${DIRECTORY}/`));
        const target = `/${[name, ...segments].join('/')}${slash ? '/' : ''}`;
        expect(parseRequestPath(target)).toEqual({ kind: 'path', version: name, path });
      }),
    );
  });

  it('Any number of slashes is read as one, and nothing but slashes is changed', () => {
    const text = fc.array(fc.oneof(segment, fc.constantFrom('..', ';', '%2f', '%2e', 'a;b', '%', 'ä')), {
      maxLength: 8,
    });
    const runs = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(fc.oneof(version, segment), text, runs, (name, segments, counts) => {
        const parts = [name, ...segments, ''];
        const many = parts.map((part, at) => '/'.repeat(counts[at] ?? 1) + part).join('');
        expect(parseRequestPath(many)).toEqual(parseRequestPath(`/${parts.join('/')}`));
      }),
      { numRuns: 1_000 },
    );
  });

  it('Every percent-encoding of a role is read as that role', () => {
    const role = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(role, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (name, coins) => {
        expect(parseRequestPath(`${BASE}/${spelled(name, coins)}`)).toMatchObject({
          kind: 'path',
          role: name,
        });
      }),
    );
  });

  it('Nothing is let through that a second parser could read differently', () => {
    const odd = fc.constantFrom(
      '/',
      '//',
      '.',
      '..',
      ';',
      '%2f',
      '%2e',
      '%00',
      '%',
      '%25',
      '\\',
      '?',
      '#',
      '\t',
      'ä',
    );
    const word = fc.constantFrom(
      'latest',
      'meta-data',
      'iam',
      'security-credentials',
      'info',
      'user-data',
      'reader',
    );
    const target = fc.array(fc.oneof(odd, word), { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(fc.oneof(target, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseRequestPath(text);
        if (parsed.kind === 'fault') return;
        expect(parsed.version).toMatch(/^(|latest|1\.0|20\d\d-\d\d-\d\d)$/);
        expect(parsed.path).toMatch(/^([A-Za-z0-9._~:@+,=-]+(\/[A-Za-z0-9._~:@+,=-]+)*)?$/);
        expect(parsed.path.split('/')).not.toContain('.');
        expect(parsed.path.split('/')).not.toContain('..');
        // eslint-disable-next-line no-control-regex -- must not occur in it
        expect(parsed.role ?? '').not.toMatch(/[\x00-\x1f\x7f]|(^|\/)\.{1,2}(\/|$)/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('Very long targets are parsed within two seconds', () => {
    const startedMs = performance.now();
    for (const part of ['/', '%', '%2e', '..;/', 'a/', 'a//', '%61'])
      parseRequestPath(`${BASE}/${part.repeat(50_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
