import { connect } from 'node:net';
import type { HostPort } from '@rolegate/runtime';

/** Kubelet's default timeout for a probe. Milliseconds. */
const WITHIN_MS = 1_000;
/** An agent's answer has 200. Bytes. */
const LARGEST_ANSWER = 4_096;
const REQUEST = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const ALIVE = /^HTTP\/1\.1 200 [^]*\r\n\r\nok\n$/;

/**
 * Checks whether `/livez` there is answered like an agent does. Hand-written to bound time and bytes, and to avoid loading an
 * HTTP client for a rare case.
 */
export function answersLivez({ host, port }: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port }).setEncoding('latin1');
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer.length <= LARGEST_ANSWER && ALIVE.test(answer));
    };
    const timer = setTimeout(end, WITHIN_MS);
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > LARGEST_ANSWER) end();
    });
    socket.on('error', end);
    socket.on('close', end);
    socket.on('connect', () => socket.write(REQUEST));
  });
}
