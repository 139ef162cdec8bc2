import { get } from 'node:http';
import { connect, isIPv6 } from 'node:net';

/** The result of one attempt, as a Pod would make it. */
export type AttemptResult =
  /** Refused or prohibited immediately. */
  | { readonly kind: 'refused'; readonly how: string }
  /** No answer in time. */
  | { readonly kind: 'silence' }
  /** The agent refused, as it does for an unknown address. */
  | { readonly kind: 'agent'; readonly status: number }
  /** Another process answered. */
  | { readonly kind: 'other'; readonly status: number }
  /** A connection was accepted. */
  | { readonly kind: 'open' };

/** Longer than the agent holds a request. Milliseconds. */
const ANSWER_WITHIN_MS = 2_500;
const CONNECT_WITHIN_MS = 1_000;
const METADATA_PORT = 80;
const MOST_BODY_BYTES = 4_096;

/** Requests the list of roles without a token, as old SDKs do. Never rejects. */
export function tryCredentials(address: string, port = METADATA_PORT): Promise<AttemptResult> {
  return new Promise((resolve) => {
    const path = '/latest/meta-data/iam/security-credentials/';
    const request = get({ host: address, port, path, timeout: ANSWER_WITHIN_MS }, (response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MOST_BODY_BYTES) body += chunk;
      });
      response.on('close', () => {
        resolve({ kind: isOfAgent(body) ? 'agent' : 'other', status });
      });
    });
    request.on('timeout', () => {
      resolve({ kind: 'silence' });
      request.destroy();
    });
    request.on('error', (error) => {
      resolve(failed(error));
    });
  });
}

/** Opens a connection and sends nothing. Never rejects. */
export function tryPort(address: string, port: number): Promise<AttemptResult> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      family: isIPv6(address) ? 6 : 4,
      timeout: CONNECT_WITHIN_MS,
    });
    const end = (result: AttemptResult) => {
      resolve(result);
      socket.destroy();
    };
    socket.on('connect', () => {
      end({ kind: 'open' });
    });
    socket.on('timeout', () => {
      end({ kind: 'silence' });
    });
    socket.on('error', (error) => {
      end(failed(error));
    });
  });
}

function failed(error: Error): AttemptResult {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return code === 'ETIMEDOUT' ? { kind: 'silence' } : { kind: 'refused', how: code };
}

/** The agent's refusals are JSON with these members (DESIGN.md 4.2); the node's IMDS never sends them. */
export function isOfAgent(body: string): boolean {
  try {
    const { Code, requestId } = Object(JSON.parse(body)) as Record<string, unknown>;
    return typeof Code === 'string' && typeof requestId === 'string';
  } catch {
    return false;
  }
}
