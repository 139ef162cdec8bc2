import { expect, it } from 'vitest';
import { proxyFromEnvironment } from '../../src/cluster/proxy-from-environment.ts';

const PROXY = 'http://proxy.example:3128';

it.each([
  { env: {}, server: 'https://api.example', proxy: undefined },
  { env: { HTTPS_PROXY: PROXY }, server: 'https://api.example', proxy: PROXY },
  { env: { https_proxy: 'proxy.example:3128' }, server: 'https://api.example', proxy: PROXY },
  { env: { HTTPS_PROXY: PROXY }, server: 'http://api.example', proxy: undefined },
  { env: { HTTP_PROXY: PROXY }, server: 'http://api.example', proxy: PROXY },
  { env: { HTTPS_PROXY: PROXY }, server: 'https://localhost:6443', proxy: undefined },
  { env: { HTTPS_PROXY: PROXY }, server: 'https://127.1.2.3:6443', proxy: undefined },
  { env: { HTTPS_PROXY: PROXY }, server: 'https://[::1]:6443', proxy: undefined },
])('with $env, kubectl reaches $server through $proxy', ({ env, server, proxy }) => {
  expect(proxyFromEnvironment(server, env)).toBe(proxy);
});

it.each([
  { entry: '*', server: 'https://api.example', isDirect: true },
  { entry: 'example', server: 'https://api.example', isDirect: true },
  { entry: ' API.example ', server: 'https://api.example', isDirect: true },
  { entry: '.api.example', server: 'https://api.example', isDirect: false },
  { entry: '*.example', server: 'https://api.example', isDirect: true },
  { entry: 'ample', server: 'https://api.example', isDirect: false },
  { entry: 'api.example:6443', server: 'https://api.example:6443', isDirect: true },
  { entry: 'api.example:6443', server: 'https://api.example', isDirect: false },
  { entry: '10.0.0.0/8', server: 'https://10.1.2.3', isDirect: true },
  { entry: '10.0.0.0/8', server: 'https://11.1.2.3', isDirect: false },
  { entry: '10.0.0.0/99', server: 'https://10.1.2.3', isDirect: false },
  { entry: '10.1.2.3', server: 'https://10.1.2.3', isDirect: true },
  { entry: 'fd00::/8', server: 'https://[fd00::7]:6443', isDirect: true },
  { entry: '[fd00::7]:6443', server: 'https://[fd00::7]:6443', isDirect: true },
  { entry: 'fd00::7', server: 'https://[fd00::7]:6443', isDirect: true },
  { entry: '', server: 'https://api.example', isDirect: false },
])('NO_PROXY=other.example,$entry makes $server direct: $isDirect', ({ entry, server, isDirect }) => {
  const env = { HTTPS_PROXY: PROXY, NO_PROXY: `other.example,${entry}` };
  expect(proxyFromEnvironment(server, env) === undefined).toBe(isDirect);
});
