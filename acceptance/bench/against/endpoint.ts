/** Another metadata endpoint, measured under the same load. */
export interface Endpoint {
  /** Without a trailing slash. */
  readonly url: string;
  /** In 127.0.0.0/8. */
  readonly host: string;
  readonly port: number;
  /** Undefined: credentials of the role that the endpoint lists. */
  readonly path: string | undefined;
  /** The client's address. Undefined: those of all Pods. */
  readonly source: string | undefined;
  /** The process whose CPU time is measured. Undefined: none. */
  readonly pid: number | undefined;
}

/** All except `against` apply to the last endpoint before them. */
export const againstOptions = ['against', 'against-path', 'against-source', 'against-pid'] as const;
type AgainstOption = (typeof againstOptions)[number];

export interface AgainstWord {
  readonly name: AgainstOption;
  readonly value: string;
}

/** Throws if an endpoint is not on this machine or a value is invalid. */
export function endpointsOf(words: readonly AgainstWord[]): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const { name, value } of words) {
    if (name === 'against') {
      const target = targetOf(value);
      if (endpoints.some(({ url }) => url === target.url)) throw new Error(`--against ${value}: given twice`);
      endpoints.push({ ...target, path: undefined, source: undefined, pid: undefined });
      continue;
    }
    const last = endpoints.pop();
    if (last === undefined) throw new Error(`--${name} ${value}: there is no --against URL before it`);
    endpoints.push({ ...last, ...detailOf(name, value) });
  }
  return endpoints;
}

/** Accepts only literal addresses in 127.0.0.0/8, because names can resolve to any address, such as the machine's metadata API. */
function targetOf(value: string): Pick<Endpoint, 'url' | 'host' | 'port'> {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const bare = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url?.protocol !== 'http:' || !bare)
    throw new Error(
      `--against ${value}: not of the form http://127.0.0.1:8181 (--against-path takes a path)`,
    );
  if (!isLoopback(url.hostname))
    throw new Error(
      `--against ${value}: refused, ${url.hostname} is no address of 127.0.0.0/8; load goes to loopback only`,
    );
  return { url: url.origin, host: url.hostname, port: url.port === '' ? 80 : Number(url.port) };
}

function detailOf(name: Exclude<AgainstOption, 'against'>, value: string): Partial<Endpoint> {
  switch (name) {
    case 'against-path':
      if (!/^\/[\x21-\x7e]*$/.test(value)) throw new Error(`--${name} ${value}: not a path`);
      return { path: value };
    case 'against-source':
      if (!isLoopback(value)) throw new Error(`--${name} ${value}: no address of 127.0.0.0/8`);
      return { source: value };
    case 'against-pid':
      if (!/^[1-9]\d{0,9}$/.test(value)) throw new Error(`--${name} ${value}: not a process ID`);
      return { pid: Number(value) };
  }
}

/** An IPv4 address in 127.0.0.0/8 as the WHATWG URL parser writes it: four decimal numbers. */
function isLoopback(host: string): boolean {
  return /^127(?:\.(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host);
}
