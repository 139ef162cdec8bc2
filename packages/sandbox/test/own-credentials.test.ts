import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, startPodIdentity } from '@rolegate/testing';
import { startServer } from './own-credentials-setup.ts';

const PATIENCE = { withinMs: 45_000, everyMs: 50 };
const soon = (check: () => Promise<void> | void) => eventually(check, PATIENCE);

const ROLE = 'arn:aws:iam::123456789012:role/rolegate-server';
const OK = 'rolegate_own_credentials_ok 1';

describe('Own credentials', () => {
  // They wait for back-offs, so they run together.
  it.concurrent(
    'A server with a web identity renews it from the token file, and recovers once the token is accepted',
    async () => {
      await using world = await startServer({
        env: ({ folder }) => ({ AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'), AWS_ROLE_ARN: ROLE }),
      });
      const { sts, folder, page, lines, pod } = world;
      await soon(async () => {
        expect(await page('/readyz?verbose')).toMatch(/\[!\]own credentials .*ENOENT.*token/);
      });
      expect(await page('/metrics')).toContain('rolegate_own_credentials_ok 0');
      const first = pod();
      await writeFile(join(folder, 'token'), 'first.token');
      sts.acceptWebIdentity('first.token');
      await soon(async () => {
        expect(first.key()).toMatch(/^ASIA/);
        expect(await page('/metrics')).toContain(OK);
      });
      expect(sts.webIdentityCalls.at(-1)).toMatchObject({ roleArn: ROLE, token: 'first.token' });
      const left = /rolegate_own_credentials_remaining_seconds\{credentials="own"\} ([\d.]+)/;
      expect(Number(left.exec(await page('/metrics'))?.[1])).toBeGreaterThan(3_000);

      sts.expireKeysOf(ROLE);
      sts.acceptWebIdentity('second.token');
      const second = pod();
      await soon(async () => {
        expect(second.failure()).toBe('ServerCredentials');
        expect(await page('/readyz?verbose')).toContain('InvalidIdentityToken');
      });
      expect(await page('/readyz')).toBe('ok\n');
      await writeFile(join(folder, 'token'), 'second.token');
      await soon(() => {
        expect(second.key()).toMatch(/^ASIA/);
      });
      expect(lines.filter((line) => line.includes(`"STS rejects the server's credentials"`))).toHaveLength(2);
      expect(lines.join('\n')).not.toMatch(/(first|second)\.token/);
    },
  );

  it.concurrent('A server that nothing gives credentials to says where they come from', async () => {
    await using world = await startServer({ env: () => ({}) });
    await soon(async () => {
      expect(await world.page('/readyz?verbose')).toMatch(
        /\[!\]own credentials .*nothing in the environment names a source.*restart the server/,
      );
    });
  });

  it.concurrent(
    'A server with EKS Pod Identity uses the token file, and recovers once the endpoint is back',
    async () => {
      let wanted = 'one';
      const source = await startPodIdentity({ token: () => wanted });
      await using world = await startServer({
        env: ({ folder }) => ({
          AWS_CONTAINER_CREDENTIALS_FULL_URI: source.url,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
        }),
      });
      const { sts, folder, page, pod } = world;
      await writeFile(join(folder, 'token'), 'one');
      const first = pod();
      await soon(() => {
        expect(first.key()).toMatch(/^ASIA/);
      });
      expect(sts.calls.at(-1)?.callerKeyId).toBe(source.given.at(-1));

      await source.close();
      sts.expireKey(source.given.at(-1) ?? '');
      const second = pod();
      await soon(async () => {
        expect(second.failure()).toBe('ServerCredentials');
        expect(await page('/readyz?verbose')).toMatch(/\[!\]own credentials .*ECONNREFUSED/);
      });
      wanted = 'two';
      await writeFile(join(folder, 'token'), 'two');
      await using back = await startPodIdentity({ token: () => wanted, port: source.port, from: 100 });
      await soon(() => {
        expect(second.key()).toMatch(/^ASIA/);
      });
      expect(back.given).toContain(sts.calls.at(-1)?.callerKeyId);
    },
  );

  it.concurrent(
    'A server with a key in the environment asks for a restart if STS refuses the key',
    async () => {
      await using world = await startServer({
        env: () => ({ AWS_ACCESS_KEY_ID: 'AKIAOFTHESECRET00000', AWS_SECRET_ACCESS_KEY: 'of the server' }),
      });
      const { sts, page, pod } = world;
      await soon(() => {
        expect(pod('steady').key()).toMatch(/^ASIA/);
      });
      expect(await page('/metrics')).not.toContain('rolegate_own_credentials_remaining_seconds{');
      sts.expireServerCredentials();
      const second = pod();
      await soon(async () => {
        expect(second.failure()).toBe('ServerCredentials');
        expect(await page('/readyz?verbose')).toMatch(
          /ExpiredToken.*correct the Secret, then restart the server/,
        );
      });
      sts.renewServerCredentials();
      await soon(async () => {
        expect(second.key()).toMatch(/^ASIA/);
        expect(await page('/metrics')).toContain(OK);
      });
    },
  );

  it.concurrent(
    'A server that assumes a role first uses it for Pods, and reports its loss as ServerCredentials',
    async () => {
      const base = 'arn:aws:iam::210987654321:role/';
      await using world = await startServer({
        env: () => ({ AWS_ACCESS_KEY_ID: 'AKIAOFTHESECRET00000', AWS_SECRET_ACCESS_KEY: 'of the server' }),
        args: ['--assume-role-arn', `${base}rolegate/hop`],
      });
      const { sts, page, pod, lines } = world;
      sts.trustOnly(`${base}app`, `${base}rolegate/hop`);
      await soon(() => {
        expect(pod('app').key()).toMatch(/^ASIA/);
      });
      const [hop, ...more] = sts.calls;
      expect(hop).toMatchObject({ roleArn: `${base}rolegate/hop`, durationSeconds: 3600 });
      expect(hop?.sessionName).toMatch(/^rolegate\./);
      expect(more.map(({ roleArn }) => roleArn)).toEqual([`${base}app`]);
      const left = /rolegate_own_credentials_remaining_seconds\{credentials="assumed-role"\} ([\d.]+)/;
      expect(Number(left.exec(await page('/metrics'))?.[1])).toBeGreaterThan(3_000);

      sts.fail(`${base}rolegate/hop`, 'AccessDenied');
      sts.expireKeysOf(`${base}rolegate/hop`);
      const second = pod();
      await soon(async () => {
        expect(second.failure()).toBe('ServerCredentials');
        expect(await page('/readyz?verbose')).toMatch(
          /\[!\]own credentials .*(ExpiredToken|assume-role-arn)/,
        );
      });
      expect(lines.join('\n')).toContain('cannot assume the role of --assume-role-arn');
      sts.mend(`${base}rolegate/hop`);
      await soon(async () => {
        expect(second.key()).toMatch(/^ASIA/);
        expect(await page('/metrics')).toContain(OK);
      });
    },
  );
});
