/** Another metadata endpoint that is measured under the same load. */
export interface Endpoint {
  /** As it was given, without a last slash. */
  readonly url: string;
  /** On 127.0.0.0/8. */
  readonly host: string;
  readonly port: number;
  /** What is asked for; undefined: credentials of the role that the endpoint lists. */
  readonly path: string | undefined;
  /** The only address from which it is asked; undefined: those of all Pods. */
  readonly source: string | undefined;
  /** Whose CPU time counts; undefined: nobody's. */
  readonly pid: number | undefined;
}

/** The options of an endpoint, by name. Each but the first belongs to the endpoint that was named last. */
export const againstOptions = ['against', 'against-path', 'against-source', 'against-pid'] as const;
type AgainstOption = (typeof againstOptions)[number];

/** An option in its place among the others. */
export interface AgainstWord {
  readonly name: AgainstOption;
  readonly value: string;
}

/** The endpoints of the command line. Throws on what leads off this machine, or is no value. */
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

/** Only literal addresses of 127.0.0.0/8: a name may lead anywhere, and 169.254.169.254 is the machine's own metadata. */
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

/** A literal IPv4 address of 127.0.0.0/8, as the WHATWG URL parser writes it: four decimal numbers. */
function isLoopback(host: string): boolean {
  return /^127(?:\.(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host);
}
