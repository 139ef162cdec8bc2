// Fetches credentials as the named client does, and calls GetCallerIdentity by itself.
import { createHash, createHmac } from 'node:crypto';
import { ask } from './ask.mjs';
import { send } from './requests.mjs';
import { sequences, tokenRequest } from './sequences.mjs';

const [name] = process.argv.splice(2, 1);
const sequence = sequences[name];

function open() {
  const { sharesTries, tokenEach, list, withoutToken } = sequence;
  let attempts = 0;

  async function asked(method, path, headers) {
    if (sharesTries !== true) attempts = 0;
    for (;;) {
      const answer = await send(sequence.lines(method, path, headers), sequence.timeoutMs);
      attempts += 1;
      if (answer.status === 200 || attempts >= sequence.tries || !sequence.again(answer.status))
        return answer;
      await new Promise((resolve) => setTimeout(resolve, sequence.pauseMs(attempts)));
    }
  }

  async function tokenHeaders() {
    const { status, body } = await asked(...tokenRequest);
    if (status !== 200 && !withoutToken(status)) throw new Error(`no token: HTTP ${status}`);
    return status === 200 ? [`x-aws-ec2-metadata-token: ${body}`] : [];
  }

  async function read(path, headers) {
    const { status, body } = await asked('GET', path, headers);
    if (status === 200) return body;
    throw new Error(status === 0 ? 'no answer in time' : `HTTP ${status}`);
  }

  return async () => {
    attempts = 0;
    const headers = await tokenHeaders();
    const role = await read(list, headers);
    const again = tokenEach === true ? await tokenHeaders() : headers;
    const credentials = JSON.parse(await read(`${list.replace(/\/$/, '')}/${role}`, again));
    if (credentials.Code !== 'Success') throw new Error(credentials.Code);
    return [credentials.AccessKeyId, await accountOf(credentials)];
  };
}

/** Signature version 4 of the one request that is sent to STS. */
async function accountOf({ AccessKeyId, SecretAccessKey, Token }) {
  const url = new URL(process.env.AWS_ENDPOINT_URL_STS);
  const region = process.env.AWS_REGION;
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/sts/aws4_request`;
  const sent = { 'x-amz-date': time, 'x-amz-security-token': Token };
  const signed = { host: url.host, ...sent };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([header, value]) => `${header}:${value}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const key = scope.split('/').reduce(hmac, `AWS4${SecretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${AccessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const headers = { ...sent, authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  return /<Account>(.*)<\/Account>/.exec(await answer.text())[1];
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

await ask(open);
