import { randomUUID } from 'node:crypto';

/** A request of the AWS Query protocol, as far as STS reads it. */
export interface Query {
  readonly action: string;
  readonly fields: ReadonlyMap<string, string>;
  /** From the Credential of the Authorization header. Undefined for an unsigned request. */
  readonly accessKeyId: string | undefined;
  readonly region: string | undefined;
  readonly sessionToken: string | undefined;
}

export interface Answer {
  readonly status: number;
  /** In the body and in the header x-amzn-requestid. */
  readonly requestId: string;
  readonly body: string;
}

/** An error as STS reports it: API reference, "Common Errors" and "AssumeRole, Errors". */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Signature Version 4: `AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/sts/aws4_request, ...`. */
const CREDENTIAL = /Credential=(?<key>[^/,\s]+)\/[^/]*\/(?<region>[^/]*)\//;

/** Reads the form of a POST and its signer. The signature itself is not checked. */
export function readQuery(body: string, headers: Readonly<Record<string, unknown>>): Query {
  const fields = new Map(new URLSearchParams(body));
  const { authorization, 'x-amz-security-token': token } = headers;
  const signed = typeof authorization === 'string' ? CREDENTIAL.exec(authorization)?.groups : undefined;
  return {
    action: fields.get('Action') ?? '',
    fields,
    accessKeyId: signed?.['key'],
    region: signed?.['region'],
    sessionToken: typeof token === 'string' ? token : undefined,
  };
}

/** `result` is a tree of element names. Undefined values omit their element. */
export function answerXml(action: string, result: Tree): Answer {
  const requestId = randomUUID();
  const body = xml({
    [`${action}Response xmlns="${NAMESPACE}"`]: {
      [`${action}Result`]: result,
      ResponseMetadata: { RequestId: requestId },
    },
  });
  return { status: 200, requestId, body };
}

export function faultXml({ status, code, message }: Fault): Answer {
  const requestId = randomUUID();
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  const body = xml({
    [`ErrorResponse xmlns="${NAMESPACE}"`]: {
      Error: { Type, Code: code, Message: message },
      RequestId: requestId,
    },
  });
  return { status, requestId, body };
}

/** Elements by name, with attributes after a space. */
export interface Tree {
  readonly [element: string]: string | Tree | undefined;
}

function xml(tree: Tree): string {
  return Object.entries(tree)
    .map(([element, content]) => {
      if (content === undefined) return '';
      const inner = typeof content === 'string' ? escapeXml(content) : `\n${xml(content)}`;
      return `<${element}>${inner}</${element.split(' ')[0] ?? ''}>\n`;
    })
    .join('');
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
