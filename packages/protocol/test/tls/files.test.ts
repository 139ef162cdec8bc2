import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadTlsFiles, TlsFault } from '@rolegate/protocol';
import type { TlsPurpose } from '@rolegate/protocol';
import { createTestCa, writeTlsFiles } from '@rolegate/testing';
import type { IssueOptions, WrittenTlsFiles } from '@rolegate/testing';

const HOUR_MS = 3_600_000;

async function setup(cert: IssueOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-files-'));
  const ca = await createTestCa();
  const paths = await writeTlsFiles(folder, { ...(await ca.issue(cert)), ca: ca.pem });
  return {
    folder,
    ca,
    paths,
    load: (files: WrittenTlsFiles = paths, purpose: TlsPurpose = 'server') =>
      loadTlsFiles(files, { purpose, nowMs: Date.now() }),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('TLS files', () => {
  it('A certificate, its key and an authority are accepted', async () => {
    await using files = await setup();
    expect(files.load().certFingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it('A certificate chain, a bundle of authorities and text around the PEM blocks are accepted', async () => {
    await using files = await setup();
    const next = await createTestCa();
    const own = await files.ca.issue();
    await writeTlsFiles(files.folder, {
      cert: `# our certificate\n${own.cert}\n# who issued it\n${files.ca.pem}`,
      key: own.key,
      ca: `${files.ca.pem}\n# the next authority\n${next.pem}`,
    });
    expect(() => files.load()).not.toThrow();
  });

  it('Links are followed, as in the volume of a Secret', async () => {
    await using files = await setup();
    await symlink(files.folder, join(files.folder, '..data'));
    const behind = (name: string) => join(files.folder, '..data', name);
    const linked = { cert: behind('tls.crt'), key: behind('tls.key'), ca: behind('ca.crt') };
    expect(() => files.load(linked)).not.toThrow();
  });

  it.each([
    {
      fault: 'a missing file',
      flag: 'cert',
      text: undefined,
      says: /--cert .*tls\.crt cannot be read .*ENOENT/,
    },
    { fault: 'an empty file', flag: 'key', text: '', says: /--key .*tls\.key is empty/ },
    {
      fault: 'a huge file',
      flag: 'ca',
      text: ' '.repeat(1_048_577),
      says: /--ca .*ca\.crt is larger than 1 MB/,
    },
    {
      fault: 'a certificate that is no PEM',
      flag: 'cert',
      text: 'DER?',
      says: /--cert .* has no certificate/,
    },
    { fault: 'an authority that is no PEM', flag: 'ca', text: '{}', says: /--ca .* has no certificate/ },
    {
      fault: 'a certificate that does not parse',
      flag: 'ca',
      text: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      says: /--ca .*certificate 1 cannot be parsed/,
    },
    {
      fault: 'a key that does not parse',
      flag: 'key',
      text: 'secret words',
      says: /--key .* cannot be parsed as/,
    },
  ] as const)('The fault names $fault', async ({ flag, text, says }) => {
    await using files = await setup();
    await rm(files.paths[flag]);
    if (text !== undefined) await writeFile(files.paths[flag], text);
    expect(faultOf(files.load)).toMatch(says);
  });

  it('A folder or a device in place of a file is refused by its path', async () => {
    await using files = await setup();
    for (const path of [files.folder, '/dev/zero']) {
      expect(faultOf(() => files.load({ ...files.paths, ca: path }))).toContain(`${path} is not a file`);
    }
  });

  it('A key of another certificate is refused', async () => {
    await using files = await setup();
    const { key } = await files.ca.issue();
    await writeFile(files.paths.key, key);
    expect(faultOf(files.load)).toMatch(/--key .* does not belong to the first certificate of --cert/);
  });

  it('A certificate chain in the wrong order is refused', async () => {
    await using files = await setup();
    const own = await files.ca.issue();
    await writeTlsFiles(files.folder, { cert: files.ca.pem + own.cert, key: own.key, ca: files.ca.pem });
    expect(faultOf(files.load)).toMatch(/own certificate before those of its authorities/);
  });

  it('A key with a passphrase is refused', async () => {
    await using files = await setup();
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    });
    await writeFile(files.paths.key, privateKey);
    expect(faultOf(files.load)).toMatch(/unencrypted PEM private key/);
  });

  it('The fault never shows what is in the key file', async () => {
    await using files = await setup();
    await writeFile(
      files.paths.key,
      '-----BEGIN PRIVATE KEY-----\nQUtJQVNFQ1JFVA==\n-----END PRIVATE KEY-----\n',
    );
    expect(faultOf(files.load)).not.toContain('QUtJQVNFQ1JFVA');
  });

  it.each([
    {
      fault: 'an expired certificate',
      cert: { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2020-02-01T00:00:00Z') },
      purpose: 'server',
      says: /tls\.crt expired at 2020-02-01T00:00:00Z; renew it/,
    },
    {
      fault: 'a certificate of the future',
      cert: { notBefore: new Date(Date.now() + HOUR_MS) },
      purpose: 'server',
      says: /is not valid before .*; check the clock/,
    },
    {
      fault: "a client's certificate on a server",
      cert: { usages: ['client'] },
      purpose: 'server',
      says: /is not a server certificate; issue it with extended key usage serverAuth/,
    },
    {
      fault: "a server's certificate on a client",
      cert: { usages: ['server'] },
      purpose: 'client',
      says: /is not a client certificate/,
    },
  ] as const)('Loading $fault is refused with that reason', async ({ cert, purpose, says }) => {
    await using files = await setup(cert);
    expect(faultOf(() => files.load(files.paths, purpose))).toMatch(says);
  });

  it('A CA file with a certificate that is not an authority is refused', async () => {
    await using files = await setup();
    const { cert } = await files.ca.issue();
    await writeFile(files.paths.ca, cert);
    expect(faultOf(files.load)).toMatch(
      /--ca .* contains the certificate of "CN=test", which is not an authority/,
    );
  });

  it('One fault names all missing files, each once', async () => {
    await using files = await setup();
    const away = (name: string) => join(files.folder, 'nope', name);
    const fault = faultOf(() => files.load({ cert: away('c'), key: away('k'), ca: away('a') }));
    for (const flag of ['--cert', '--key', '--ca']) expect(fault.split(`${flag} `)).toHaveLength(2);
  });

  it('An unreadable file is refused', async () => {
    if (process.getuid?.() === 0) return; // root may read every file
    await using files = await setup();
    await chmod(files.paths.key, 0o000);
    expect(faultOf(files.load)).toMatch(/--key .* cannot be read .*EACCES/);
  });
});

function faultOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(TlsFault);
    return (error as TlsFault).message;
  }
  throw new Error('the files were taken');
}
