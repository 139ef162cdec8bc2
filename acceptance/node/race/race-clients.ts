import type { Client } from '../../clients/client.ts';

/** A program in the image of test Pods that requests credentials once with the defaults of an AWS SDK. */
export interface RaceClient {
  readonly command: readonly string[];
  /** How long the SDK waits for an answer. Milliseconds. */
  readonly waitsMs: number;
}

export const raceClients = {
  boto3: { command: ['python3', '/app/first_credentials.py'], waitsMs: 1_000 },
  js: { command: ['node', '/app/js/first.mjs'], waitsMs: 1_000 },
  /** A static program, which sends its first request some 10 ms after it was started. */
  go: { command: ['/app/first-credentials'], waitsMs: 500 },
} as const satisfies Readonly<Record<string, RaceClient>>;

export type RaceClientName = keyof typeof raceClients;
export const raceClientNames = Object.keys(raceClients) as RaceClientName[];

/** What is installed on this machine and copied into the image. */
export const installed = {
  js: {
    name: 'race JavaScript v3',
    files: ['js/v3/first.mjs', 'js/v3/package.json', 'js/v3/package-lock.json'],
    download: [['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']],
    program: (folder) => [folder],
  },
  go: {
    name: 'race Go v2',
    files: ['go/go.mod', 'go/go.sum', 'go/first/'],
    download: [['go', 'list', '-deps', './first']],
    build: [['env', 'CGO_ENABLED=0', 'go', 'build', '-o', 'first-credentials', './first']],
    program: (folder) => [`${folder}/first-credentials`],
  },
} as const satisfies Readonly<Record<string, Client>>;
