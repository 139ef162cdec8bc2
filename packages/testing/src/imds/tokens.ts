import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { imdsPage } from './answer.ts';
import type { ImdsAnswer } from './answer.ts';

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const LONGEST_TTL_SECONDS = 21_600;

/** Tokens of the stand-in: opaque, many at a time, each with its own lifetime. */
export function createImdsTokens({ now }: { readonly now: () => number }) {
  const expiries = new Map<string, number>();

  return {
    /** Answers a PUT. */
    issue(pathname: string, headers: IncomingHttpHeaders): ImdsAnswer {
      if (/^\/(?:1\.0|20\d\d-\d\d-\d\d)\/api\/token\/?$/.test(pathname)) return imdsPage(403, 'Forbidden');
      if (pathname !== '/latest/api/token') return imdsPage(405, 'Not Allowed');
      if (headers['x-forwarded-for'] !== undefined) return imdsPage(403, 'Forbidden');
      const wanted = headers[TTL_HEADER];
      const seconds = typeof wanted === 'string' && /^\d{1,5}$/.test(wanted) ? Number(wanted) : 0;
      if (seconds < 1 || seconds > LONGEST_TTL_SECONDS) return imdsPage(400, 'Bad Request');
      const token = `${randomBytes(40).toString('base64url')}==`;
      expiries.set(token, now() + seconds * 1000);
      return { status: 200, body: token, headers: { [TTL_HEADER]: String(seconds) } };
    },
    /** An invalid token is refused even if none is required. */
    admits({ 'x-aws-ec2-metadata-token': token }: IncomingHttpHeaders, required: boolean): boolean {
      if (token === undefined) return !required;
      return typeof token === 'string' && (expiries.get(token) ?? 0) > now();
    },
    forget(): void {
      expiries.clear();
    },
  };
}
