import { expect, it } from 'vitest';
import { isOn, lastValue, readArguments } from '../../src/migrate/release/arguments.ts';
import { flagRows } from '../../src/migrate/release/flag-rows.ts';
import { durationMs } from '../../src/migrate/release/go-duration.ts';
import { oldProgram } from '../../src/migrate/release/old-program.ts';
import { rulesOf } from '../../src/migrate/release/rules-of.ts';
import { BASE } from './permits.ts';

it('Flags are read in every way in which kiam and kube2iam take them', () => {
  const given = readArguments([
    '/kiam',
    'agent',
    '--port=8181',
    '--host',
    '10.0.0.1',
    '--iptables',
    '--no-iptables-remove',
    '--json-log',
    '--level',
    'debug',
    '--port=8282',
    '-debug',
    '--cert=a=b',
    '--',
    '--',
  ]);
  expect(Object.fromEntries(given)).toEqual({
    port: ['8181', '8282'],
    host: ['10.0.0.1'],
    iptables: ['true'],
    'iptables-remove': ['false'],
    'json-log': ['true'],
    level: ['debug'],
    debug: ['true'],
    cert: ['a=b'],
  });
  expect(lastValue(given, 'port')).toBe('8282');
  expect([isOn(given, 'iptables'), isOn(given, 'iptables-remove'), isOn(given, 'absent')]).toEqual([
    true,
    false,
    false,
  ]);
});

function workload(image: string, args: readonly string[] = []): object {
  return {
    metadata: { namespace: 'kube-system', name: 'it' },
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'other', image: 'x' },
            { name: 'main', image, args },
          ],
        },
      },
    },
  };
}

it.each([
  ['quay.io/uswitch/kiam:v4.0', 'kiam', 'v4.0'],
  ['registry.example.org:5000/mirror/kiam@sha256:00ff', 'kiam', ''],
  ['jtblin/kube2iam:0.11.1', 'kube2iam', '0.11.1'],
  ['kube2iam', 'kube2iam', ''],
])('The image %s is one of %s', (image, system, version) => {
  expect(oldProgram('DaemonSet', workload(image))).toMatchObject({
    system,
    version,
    part: 'agent',
    container: 'main',
  });
});

it.each(['notkiam:v1', 'kiam-operator:v1', 'example.org/kiam/proxy:v1', ''])(
  'The image %j is not one of the old systems',
  (image) => {
    expect(oldProgram('DaemonSet', workload(image))).toBeUndefined();
  },
);

it('A program that starts through a shell is named, because its flags are not known', () => {
  const program = oldProgram(
    'DaemonSet',
    workload('kiam:v4.0', ['sh', '-c', 'kiam server --role-base-arn=x']),
  );
  expect(program?.unread).toContain('through a shell');
});

it.each([
  ['v4.2', [], { matches: 'arn', strict: true }],
  ['v4.0', ['--disable-strict-namespace-regexp'], { matches: 'arn', strict: false }],
  ['v3.6', [], { matches: 'name', strict: false }],
  ['v3.6', ['--strict-namespace-regexp', 'unread'], { matches: 'name', strict: true }],
  ['3f2a9c1', [], { matches: 'arn', strict: true }],
  ['', [], { matches: 'arn', strict: true }],
])('kiam %s with the flags %j decides by these rules', (version, flags, rules) => {
  const image = `kiam${version === '' ? '' : `:${version}`}`;
  const program = oldProgram('Deployment', workload(image, ['server', `--role-base-arn=${BASE}`, ...flags]));
  expect(rulesOf(program === undefined ? [] : [program], undefined)).toMatchObject({ baseArn: BASE, rules });
});

it('A base ARN that is none is refused', () => {
  const program = oldProgram('DaemonSet', workload('kube2iam', ['--base-role-arn=arn:aws:s3:::x']));
  expect(rulesOf(program === undefined ? [] : [program], undefined)).toMatchObject({
    fault: expect.stringContaining('the base ARN'),
  });
});

it('No flag shows its value, which can be a secret', () => {
  const program = oldProgram(
    'DaemonSet',
    workload('kube2iam', ['--api-token=TOPSECRET', '--odd=TOPSECRET', '--node=n']),
  );
  const rows = flagRows(program === undefined ? [] : [program]);
  expect(rows.map(({ flag, verdict, now }) => [flag, verdict, now])).toEqual([
    ['api-token', 'none', ''],
    ['odd', 'none', ''],
    ['node', 'same', 'rolegate-agent --node-name'],
  ]);
  expect(JSON.stringify(rows)).not.toContain('TOPSECRET');
});

it.each([
  ['15m', 900_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
  ['100ms', 100],
  ['', undefined],
  ['15', undefined],
  ['m', undefined],
])('The duration %j is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
