/** The stand-in's answer to a request. */
export interface ImdsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All real metadata is text/plain. */
export function imdsText(body: string): ImdsAnswer {
  return { status: 200, body };
}

/** IMDS reports errors in XHTML. */
export function imdsPage(status: number, title: string): ImdsAnswer {
  const body = `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${status} - ${title}</title></head></html>\n`;
  return { status, body, headers: { 'content-type': 'text/html' } };
}
