import { headerLines, toBeSentOften } from '@rolegate/runtime';
import type { HttpAnswer } from '@rolegate/runtime';
import type { Answer } from './answer.ts';
import { refusalBody } from './answer.ts';

/** The name that the real metadata API sends. */
const SERVER = 'Server: EC2ws\r\n';
const TEXT = `Content-Type: text/plain\r\n${SERVER}`;
const JSON_TEXT = `Content-Type: application/json\r\n${SERVER}`;
const RETRY_AFTER = 'Retry-After: 1\r\n';

/** An answer as the HTTP server sends it: one complete body with its type, never a redirect. */
export function renderAnswer(answer: Answer, requestId: string): HttpAnswer {
  return answer.rendered ?? render(answer, requestId);
}

/** Renders a document that is sent repeatedly. */
export function renderOnce(answer: Answer & { readonly body: string }): Answer {
  return { ...answer, rendered: toBeSentOften(render(answer, '')) };
}

function render({ status, code, body, json, headers }: Answer, requestId: string): HttpAnswer {
  const type = body === undefined || json === true ? JSON_TEXT : TEXT;
  const own = headers === undefined ? '' : headerLines(headers);
  return {
    status,
    headers: `${type}${status === 503 ? RETRY_AFTER : ''}${own}`,
    body: Buffer.from(body ?? refusalOf(code, requestId)).toString('latin1'),
  };
}

function refusalOf(code: Answer['code'], requestId: string): string {
  return code === '' ? '' : refusalBody(code, requestId);
}
