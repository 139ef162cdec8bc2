// Sends requests byte by byte, so that they are those of another client.
import { connect } from 'node:net';

const HOST = '169.254.169.254';

/** A request without an answer in time has the status 0. */
export function send(lines, timeoutMs) {
  return new Promise((resolve) => {
    const socket = connect(80, HOST);
    let text = '';
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    const fail = () => finish({ status: 0, body: '' });
    socket.setTimeout(timeoutMs, fail).on('error', fail).on('end', fail);
    socket.setEncoding('latin1').on('data', (part) => {
      text += part;
      const answer = answerIn(text);
      if (answer !== undefined) finish(answer);
    });
    socket.write([...lines, '', ''].join('\r\n'));
  });
}

/** Undefined: it has not come to its end. */
function answerIn(text) {
  const [head = '', body] = text.split(/\r\n\r\n(.*)/s, 2);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
  if (body === undefined || body.length < length) return undefined;
  return { status: Number(head.split(' ')[1]), body: body.slice(0, length) };
}
