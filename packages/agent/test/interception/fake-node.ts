import type { Outcome, RunCommand } from '../../src/interception/commands.ts';
import { parseSavedTables } from '../../src/interception/rules/saved-rules.ts';
import { createFakeLink } from './fake-link.ts';

type Chains = Map<string, string[]>;
type Tables = Map<string, Chains>;

/** `iptables`, `ip6tables`. */
type Prefix = 'iptables' | 'ip6tables';

const BASE: Readonly<Record<string, readonly string[]>> = {
  nat: ['PREROUTING', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING'],
};

/**
 * A node's iptables, `ip rule` and our link in memory, behind the commands that use them. The real ones are tried by
 * `npm run test:netns`.
 */
export function createFakeNode({ without = [] }: { readonly without?: readonly string[] } = {}) {
  const backends = new Map<string, Tables>();
  const rules = new Map([
    ['-4', [] as string[]],
    ['-6', [] as string[]],
  ]);
  const calls: string[] = [];
  const broken = new Set<string>();
  const lacks = new Set<string>();
  const packets = new Map<string, number>();
  const link = createFakeLink();
  let devices = ['lo', 'eth0'];
  let uplinks = ['eth0'];
  let routeGet: (args: string) => Outcome = () => failed('RTNETLINK answers: Permission denied');

  function tables(backend: 'nft' | 'legacy', prefix: Prefix = 'iptables'): Tables {
    const key = `${prefix}-${backend}`;
    const known =
      backends.get(key) ?? new Map(Object.entries(BASE).map(([table, chains]) => [table, newTable(chains)]));
    backends.set(key, known);
    return known;
  }

  function lines(
    backend: 'nft' | 'legacy',
    table: string,
    chain: string,
    prefix: Prefix = 'iptables',
  ): string[] {
    return tables(backend, prefix).get(table)?.get(chain) ?? [];
  }

  function add(backend: 'nft' | 'legacy', table: string, chain: string, at: number, rule: string): void {
    const chains = tables(backend).get(table);
    const all = chains?.get(chain) ?? [];
    chains?.set(chain, all);
    all.splice(at, 0, rule);
  }

  const run: RunCommand = (program, args, { input = '' } = {}) => {
    calls.push([program, ...args].join(' '));
    if (broken.has(program)) return Promise.resolve(failed(`${program} is broken`));
    if (without.some((word) => program.includes(word)) || without.includes(program))
      return Promise.resolve({ code: 127, stdout: '', stderr: 'not there' });
    const [, prefix, backend, action] =
      /^(iptables|ip6tables)-(nft|legacy)-(save|restore)$/.exec(program) ?? [];
    if (prefix !== undefined) {
      const of = tables(backend as 'nft', prefix as Prefix);
      if (action === 'save') return Promise.resolve(ok(printed(of, packets)));
      const missing = [...lacks].find((name) => input.includes(`-m ${name} `));
      return Promise.resolve(
        missing === undefined ? restored(of, input) : failed(`Couldn't load match \`${missing}'`),
      );
    }
    if (program === 'ip') return Promise.resolve(ip(args));
    return Promise.resolve(program === 'conntrack' ? { ...ok(''), code: 1 } : failed(`${program}?`));
  };

  function ip(args: readonly string[]): Outcome {
    const text = args.join(' ');
    const byLink = link.ip(text);
    if (byLink !== undefined) return byLink;
    if (text.includes('route show table all default'))
      return ok(
        JSON.stringify(uplinks.map((dev) => ({ dst: 'default', gateway: '198.18.0.254', dev, flags: [] }))),
      );
    if (text.includes('link show')) return ok(JSON.stringify(devices.map((ifname) => ({ ifname }))));
    if (text.includes('route get'))
      return text.includes('from') ? routeGet(text) : ok('198.18.5.2 dev cali1 src 198.18.0.1');
    const family = args.find((word) => word === '-4' || word === '-6') ?? '-4';
    const own = rules.get(family) ?? [];
    if (text.includes('rule show')) return ok(JSON.stringify(own.map(ruleJson)));
    const [, verb = '', rule = ''] = /rule (add|del) (.*)$/.exec(text) ?? [];
    if (verb === 'add') {
      if (own.some((one) => isTaken(one, rule))) return failed('RTNETLINK answers: File exists');
      own.push(rule);
      return ok('');
    }
    const at = own.findIndex((one) => isNamedBy(one, rule));
    if (at < 0) return failed('RTNETLINK answers: No such file or directory');
    own.splice(at, 1);
    return ok('');
  }

  return {
    run,
    /** Every command that was run. */
    calls,
    tables,
    lines,
    add,
    rules: (family: '-4' | '-6') => rules.get(family) ?? [],
    link,
    /** Sets the interfaces with a default route; eth0 by default. */
    setUplinks(names: string[]): void {
      uplinks = names;
    },
    /** As in the kernel: tables exist from the first rule or chain on. */
    hasLegacyTables(family: 'ipv4' | 'ipv6'): boolean {
      const all = tables('legacy', family === 'ipv4' ? 'iptables' : 'ip6tables');
      return [...all].some(
        ([name, chains]) =>
          chains.size > (BASE[name]?.length ?? 0) || [...chains.values()].some((rules) => rules.length > 0),
      );
    },
    /** Programs that always fail. */
    broken,
    /** Matches that iptables or the kernel does not have: restoring a rule with one fails. */
    lacks,
    /** Sets the counters of rules with this word. */
    setPackets(word: string, count: number): void {
      packets.set(word, count);
    },
    setDevices(names: string[]): void {
      devices = names;
    },
    /** Sets the kernel's answer about a Pod's packet; prohibited by default. */
    setRouteGet(answer: (args: string) => Outcome): void {
      routeGet = answer;
    },
  };
}

export function ok(stdout: string): Outcome {
  return { code: 0, stdout, stderr: '' };
}

export function failed(stderr: string): Outcome {
  return { code: 2, stdout: '', stderr };
}

function newTable(chains: readonly string[]): Chains {
  return new Map(chains.map((chain) => [chain, []]));
}

function printed(tables: Tables, packets: ReadonlyMap<string, number> = new Map()): string {
  const count = (rule: string) => [...packets].find(([word]) => rule.includes(word))?.[1] ?? 0;
  return [...tables]
    .flatMap(([name, chains]) => [
      `*${name}`,
      ...[...chains.keys()].map((chain) => `:${chain} - [0:0]`),
      ...[...chains].flatMap(([chain, rules]) =>
        rules.map((rule) => `[${count(rule)}:0] -A ${chain} ${rule}`),
      ),
      'COMMIT',
    ])
    .join('\n');
}

/** Like iptables-restore --noflush: each table atomically. */
function restored(tables: Tables, input: string): Outcome {
  let name = '';
  let chains: Chains = new Map();
  for (const line of input.split('\n').filter((one) => one !== '')) {
    if (line.startsWith('*')) {
      name = line.slice(1);
      chains = new Map([...(tables.get(name) ?? [])].map(([chain, rules]) => [chain, [...rules]]));
    } else if (line === 'COMMIT') tables.set(name, chains);
    else if (line.startsWith(':')) chains.set(line.slice(1).split(' ', 1)[0] ?? '', []);
    else {
      const fault = change(chains, line);
      if (fault !== undefined) return failed(`${fault}: ${line}`);
    }
  }
  return ok('');
}

function change(chains: Chains, line: string): string | undefined {
  const [, verb = '', chain = '', place, rest = ''] =
    /^-([A-Z]) (\S+)(?: (\d+)(?= ))? ?(.*)$/.exec(line) ?? [];
  const rules = chains.get(chain);
  if (rules === undefined) return 'no such chain';
  if (verb === 'A') rules.push(rest);
  else if (verb === 'I') rules.splice(Number(place) - 1, 0, rest);
  else if (verb === 'D') {
    const at = rules.indexOf(rest);
    if (at < 0) return 'no such rule';
    rules.splice(at, 1);
  } else if (verb === 'X') {
    if (isLedTo(chains, chain)) return 'chain is in use';
    chains.delete(chain);
  }
  return undefined;
}

function isLedTo(chains: Chains, chain: string): boolean {
  return [...parseSavedTables(printed(new Map([['one', chains]]))).values()].some((table) =>
    [...table.values()].flat().some(({ options }) => options.get('-j') === chain),
  );
}

/** Its selectors and action by name, without `not`. */
function partsOf(rule: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  const words = rule.split(' ').filter((word) => word !== 'not');
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    parts.set(word, word === 'prohibit' ? '' : (words[++at] ?? ''));
  }
  return parts;
}

/** As the kernel detects an existing rule (fib_rules.c, rule_exists): it does not compare `not`. */
function isTaken(present: string, added: string): boolean {
  const [one, other] = [partsOf(present), partsOf(added)];
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}

/** As the kernel finds the rule to delete (fib_rules.c, rule_find): unnamed selectors and `not` count as equal. */
function isNamedBy(present: string, named: string): boolean {
  const there = partsOf(present);
  return [...partsOf(named)].every(([name, value]) => there.get(name) === value);
}

function ruleJson(rule: string): object {
  const { priority, from, to, lookup, prohibit, ...rest } = Object.fromEntries(partsOf(rule));
  return {
    priority: Number(priority),
    ...(rule.startsWith('not ') && { not: null }),
    src: from ?? 'all',
    ...(to !== undefined && { dst: to }),
    ...rest,
    ...(prohibit === undefined ? { table: lookup } : { action: 'prohibit' }),
  };
}
