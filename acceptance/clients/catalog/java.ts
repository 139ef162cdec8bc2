import { join } from 'node:path';
import { IPV6_ENDPOINT, IPV6_MODE } from '../client.ts';
import type { Client } from '../client.ts';

const COPY_LIBRARIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

const MAINS = { v1: 'V1', v2: 'V2', s3a: 'S3a' } as const;

export function javaClient(name: string, version: 'v1' | 'v2' | 's3a', facts: Partial<Client> = {}): Client {
  const main = MAINS[version];
  return {
    name,
    ...facts,
    files: [`java/${version}/pom.xml`, 'java/Ask.java', `java/${main}.java`],
    download: [['mvn', '--batch-mode', '--quiet', COPY_LIBRARIES, '-DoutputDirectory=lib']],
    build: [['javac', '-cp', 'lib/*', '-d', 'classes', 'Ask.java', `${main}.java`]],
    program: (built) => ['java', '-cp', `${join(built, 'classes')}:${join(built, 'lib')}/*`, main],
  };
}

export const javaClients: readonly Client[] = [
  javaClient('Java v2 2.57.8', 'v2', {
    core: true,
    ipv6: IPV6_MODE,
    fallsBack: true,
    asksRegion: true,
    crowd: true,
  }),
  // No crowd: all clients of a process share one provider.
  javaClient('Java v1 1.12.797', 'v1', { ipv6: IPV6_ENDPOINT, prolongs: true, asksRegion: true }),
];
