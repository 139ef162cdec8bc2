import { join } from 'node:path';
import type { Client } from '../client.ts';

/** pip installs exactly what requirements/NAME.txt lists. */
function pythonClient(
  name: string,
  { script, requirements, quick = false }: { script: string; requirements: string; quick?: boolean },
): Client {
  return {
    name,
    quick,
    files: [`python/${script}`, 'python/ask.py', `python/requirements/${requirements}.txt`],
    download: [
      ['python3', '-m', 'venv', 'venv'],
      [
        'venv/bin/pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--requirement',
        `${requirements}.txt`,
      ],
    ],
    program: (folder) => [join(folder, 'venv/bin/python'), join(folder, script)],
  };
}

/** awscrt is aws-c-auth, the C libraries; pyarrow contains the SDK for C++. */
export const pythonClients: readonly Client[] = [
  pythonClient('boto3 1.44.8', { script: 'boto3_client.py', requirements: 'boto3', quick: true }),
  pythonClient('boto3 1.34.34', { script: 'boto3_client.py', requirements: 'boto3-2024' }),
  pythonClient('AWS CLI 1.46.3', { script: 'aws_cli.py', requirements: 'awscli' }),
  pythonClient('C++ 1.11.900 (pyarrow 26.0.1)', { script: 'pyarrow_client.py', requirements: 'pyarrow' }),
  pythonClient('awscrt 0.38.1', { script: 'awscrt_client.py', requirements: 'awscrt' }),
];
