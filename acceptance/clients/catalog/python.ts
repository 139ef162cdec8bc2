import { join } from 'node:path';
import { IPV6_ENDPOINT, IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

interface PythonClient extends Partial<Client> {
  readonly script: string;
  readonly requirements: string;
}

/** pip installs exactly what requirements/NAME.txt lists. */
export function pythonClient(name: string, { script, requirements, ...facts }: PythonClient): Client {
  return {
    name,
    ...facts,
    files: [`python/${script}`, 'python/ask.py', `python/requirements/${requirements}.txt`],
    download: [
      ['python3', '-m', 'venv', 'venv'],
      [
        'venv/bin/pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--require-hashes',
        '--requirement',
        `${requirements}.txt`,
      ],
    ],
    program: (folder) => [join(folder, 'venv/bin/python'), join(folder, script)],
  };
}

/** awscrt is aws-c-auth, the C libraries; pyarrow contains the SDK for C++. */
export const pythonClients: readonly Client[] = [
  pythonClient('boto3 1.44.8', {
    script: 'boto3_client.py',
    requirements: 'boto3',
    core: true,
    ipv6: IPV6_MODE,
    asksRegion: true,
    prolongs: true,
    crowd: true,
  }),
  pythonClient('boto3 1.34.34', {
    script: 'boto3_client.py',
    requirements: 'boto3-2024',
    ipv6: IPV6_MODE,
    asksRegion: true,
    prolongs: true,
    crowd: true,
  }),
  pythonClient('boto3 1.16.43 (2020)', {
    script: 'boto3_2020_client.py',
    requirements: 'boto3-2020',
    core: true,
    // This release appends the path as it is.
    ipv6: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `${IPV6_ENDPOINT.AWS_EC2_METADATA_SERVICE_ENDPOINT}/` },
    withoutContainer: true,
    crowd: true,
  }),
  pythonClient('AWS CLI 1.46.3', {
    script: 'aws_cli.py',
    requirements: 'awscli',
    core: true,
    ipv6: IPV6_MODE,
  }),
  pythonClient('C++ 1.11.900 (pyarrow 26.0.1)', {
    script: 'pyarrow_client.py',
    requirements: 'pyarrow',
    asksAgain: true,
    needsLongSessions: 'it gets new credentials every five minutes, whenever the old ones end',
    ipv6: IPV6_MODE,
  }),
  pythonClient('awscrt 0.38.1', { script: 'awscrt_client.py', requirements: 'awscrt', core: true }),
  pythonClient('boto 2.49.0', {
    script: 'boto2_client.py',
    requirements: 'boto2',
    core: true,
    imdsv1: true,
    asksRegion: true,
    crowd: true,
    withoutContainer: true,
  }),
];
