import { CLAIMS, createToken } from './service-account-token/tokens.ts';

/** A token of the Pod `shop/<name>` with this UID and the ServiceAccount `default`, issued now for an hour. */
export function podToken(
  key: Parameters<typeof createToken>[0],
  { uid, name, nowMs }: { readonly uid: string; readonly name: string; readonly nowMs: number },
): string {
  const seconds = Math.floor(nowMs / 1_000);
  return createToken(key, {
    claims: {
      exp: seconds + 3_600,
      iat: seconds,
      nbf: seconds,
      sub: 'system:serviceaccount:shop:default',
      'kubernetes.io': {
        ...CLAIMS['kubernetes.io'],
        namespace: 'shop',
        pod: { name, uid },
        serviceaccount: { name: 'default', uid: 'sa' },
      },
    },
  });
}
