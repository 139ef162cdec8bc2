import { BlockList, isIP } from 'node:net';
import type { Environment } from '@rolegate/runtime';

/**
 * The proxy that kubectl uses for a server whose kubeconfig names none, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, with the
 * meaning that Go gives them (https://pkg.go.dev/golang.org/x/net/http/httpproxy).
 */
export function proxyFromEnvironment(server: string, env: Environment): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const isTls = protocol === 'https:';
  const proxy = read(env, isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (proxy === '' || isLoopback(host)) return undefined;
  const destination = { host, port: port === '' ? (isTls ? '443' : '80') : port };
  const direct = read(env, 'NO_PROXY').split(',');
  if (direct.some((entry) => covers(entry.trim().toLowerCase(), destination))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function read(env: Environment, name: string): string {
  return [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== '') ?? '';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || contains('127.0.0.0/8', host) || host === '::1';
}

/** Whether an entry of NO_PROXY covers the destination: `*`, a domain, an address or a network, each with a port or without. */
function covers(entry: string, destination: { readonly host: string; readonly port: string }): boolean {
  if (entry === '*') return true;
  const { host, port } = split(entry);
  if (host === '' || (port !== '' && port !== destination.port)) return false;
  if (host.includes('/')) return contains(host, destination.host);
  const domain = host.replace(/^\*/, '');
  // `.example.com` covers only what is below it.
  return (
    destination.host === domain || destination.host.endsWith(domain.startsWith('.') ? domain : `.${domain}`)
  );
}

function split(entry: string): { readonly host: string; readonly port: string } {
  const [, inBrackets, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  // An IPv6 address or network without brackets.
  return { host: inBrackets ?? plain ?? entry, port };
}

/** `network`: `ADDRESS/LENGTH`. False if either is invalid. */
function contains(network: string, host: string): boolean {
  const [address = '', length = ''] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(length)) return false;
  if (Number(length) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(length), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
