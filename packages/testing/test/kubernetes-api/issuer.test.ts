import { createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { startKubernetesApi } from '../../src/kubernetes-api/kubernetes-api.ts';
import type { KubernetesApi } from '../../src/kubernetes-api/kubernetes-api.ts';
import { createIssuerKey } from '../../src/kubernetes-api/service-account-token.ts';

const closing: KubernetesApi[] = [];
afterEach(async () => {
  for (const api of closing.splice(0)) await api.close();
});

async function setup() {
  const api = await startKubernetesApi({
    pods: [
      {
        metadata: { name: 'app', namespace: 'shop', uid: 'uid-1' },
        spec: { nodeName: 'node-a', serviceAccountName: 'web' },
      },
    ],
  });
  closing.push(api);
  const get = async (path: string) => {
    const response = await fetch(`${api.url}${path}`);
    return { code: response.status, type: response.headers.get('content-type'), body: await response.json() };
  };
  const keys = async () =>
    ((await get('/openid/v1/jwks')).body as { keys: (JsonWebKey & { kid: string })[] }).keys;
  return { api, get, keys };
}

function partsOf(token: string) {
  const [head = '', body = '', signature = ''] = token.split('.');
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
  return {
    header: parse(head) as { alg: string; kid: string },
    claims: parse(body),
    signed: `${head}.${body}`,
    signature,
  };
}

describe('The issuer of ServiceAccount tokens', () => {
  it.each([
    { algorithm: 'RS256' as const, hash: 'sha256' },
    { algorithm: 'ES256' as const, hash: 'sha256' },
    { algorithm: 'ES384' as const, hash: 'sha384' },
    { algorithm: 'ES512' as const, hash: 'sha512' },
  ])('A token signed with $algorithm verifies with the published key', async ({ algorithm, hash }) => {
    const { api, keys } = await setup();
    api.issuer.addKey(algorithm);
    const { header, signed, signature } = partsOf(api.issueToken({ pod: 'shop/app' }));
    const jwk = (await keys()).find(({ kid }) => kid === header.kid);
    expect(header.alg).toBe(algorithm);
    const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' });
    const bytes = Buffer.from(signature, 'base64url');
    expect(verify(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true);
  });

  it('A token has the claims of kube-apiserver 1.34', async () => {
    const { api } = await setup();
    const { header, claims } = partsOf(api.issueToken({ pod: 'shop/app', audiences: ['rolegate'] }));
    expect(Object.keys(header)).toEqual(['alg', 'kid']);
    expect(claims).toEqual({
      aud: ['rolegate'],
      exp: expect.any(Number) as number,
      iat: expect.any(Number) as number,
      nbf: expect.any(Number) as number,
      iss: 'https://kubernetes.default.svc.cluster.local',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      'kubernetes.io': {
        namespace: 'shop',
        node: { name: 'node-a', uid: 'uid-of-node-a' },
        pod: { name: 'app', uid: 'uid-1' },
        serviceaccount: { name: 'web', uid: 'uid-of-web' },
      },
      sub: 'system:serviceaccount:shop:web',
    });
  });

  it('The documents are those of kube-apiserver 1.34', async () => {
    const { api, get } = await setup();
    expect(await get('/.well-known/openid-configuration')).toMatchObject({
      code: 200,
      body: { issuer: api.issuer.url, id_token_signing_alg_values_supported: ['ES256'] },
    });
    expect(await get('/openid/v1/jwks')).toMatchObject({ code: 200, type: 'application/jwk-set+json' });
    expect(api.issuer.reads).toBe(1);
  });

  it('Without the right to get the documents they are forbidden', async () => {
    const { api, get } = await setup();
    api.issuer.granted = false;
    expect(await get('/openid/v1/jwks')).toMatchObject({
      code: 403,
      body: { message: 'forbidden: User "stand-in" cannot get path "/openid/v1/jwks"' },
    });
  });

  it('The keys are not acceptable to a client that does not name their type, as in kube-apiserver', async () => {
    const { api } = await setup();
    const status = async (accept: string) =>
      (await fetch(`${api.url}/openid/v1/jwks`, { headers: { accept } })).status;
    expect(await status('application/json')).toBe(406);
    expect(await status('application/jwk-set+json, application/json')).toBe(200);
  });

  it('New tokens are signed with the newest key, and a key that was removed is published no longer', async () => {
    const { api, keys } = await setup();
    const [first, second] = [api.issuer.addKey(), api.issuer.addKey()];
    expect((await keys()).map(({ kid }) => kid)).toEqual([first.id, second.id]);
    expect(partsOf(api.issueToken({ pod: 'shop/app' })).header.kid).toBe(second.id);
    api.issuer.removeKey(first.id);
    expect((await keys()).map(({ kid }) => kid)).toEqual([second.id]);
  });

  it('A review accepts a token whose key and issuer are not published', async () => {
    const { api, keys } = await setup();
    const key = createIssuerKey();
    const token = api.issueToken({ pod: 'shop/app', key, issuer: 'https://second.example' });
    expect(partsOf(token)).toMatchObject({
      header: { kid: key.id },
      claims: { iss: 'https://second.example' },
    });
    expect((await keys()).map(({ kid }) => kid)).not.toContain(key.id);
    const response = await fetch(`${api.url}/apis/authentication.k8s.io/v1/tokenreviews`, {
      method: 'POST',
      body: JSON.stringify({ spec: { token, audiences: ['rolegate-server'] } }),
    });
    expect(await response.json()).toMatchObject({ status: { authenticated: true } });
  });
});
