import { request } from 'node:http';
import type { RequestOptions } from 'node:http';

/** Longer than any hold. Milliseconds. */
const TIMEOUT_MS = 3_000;

export interface HttpAnswer {
  /** 0 if there was no answer. */
  readonly status: number;
  readonly body: string;
}

/** Sends a request from the address, on a new connection. Never rejects. */
export function requestFrom(ip: string, options: RequestOptions): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const call = request({ ...options, localAddress: ip, agent: false, timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', (error) => {
      resolve({ status: 0, body: error.message });
    });
    call.end();
  });
}
