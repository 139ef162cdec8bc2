import { familyOf, productsOf } from './request/sdk.ts';
import type { Sdk } from './request/sdk.ts';

/** How long requests are held. Milliseconds. */
export interface HoldSettings {
  /** Of clients about which nothing is known: most SDKs give up after a second. */
  readonly holdMs: number;
  /** Of the AWS SDK for Go, which gives up after 500 ms. */
  readonly holdGoMs: number;
  /** At most, of the clients in `patientClients`. Not above `holdMs`: they are held as all others. */
  readonly holdPatientMs: number;
}

/** A client that names itself and is known to wait longer than the SDKs do. */
export interface PatientClient {
  /** The product's name in its User-Agent, in lower case; with a star at its end, how the name begins. */
  readonly product: string;
  readonly name: string;
  /** How long it waits for an answer by its defaults. Milliseconds. */
  readonly waitsMs: number;
  /** Repository and file that say so. */
  readonly source: string;
  /** The version that was seen to wait for three seconds; undefined: known from the source alone. */
  readonly tried: string | undefined;
}

/**
 * docs/figures/metadata-hold.md is made from it. Try a client before it gets a row: by the sources that were found, the
 * AWS SDK for Java 1 waits for five seconds and the AWS Common Runtime without a limit; their releases give up after one second.
 */
export const patientClients: readonly PatientClient[] = [
  {
    product: 'aws-sdk-dotnet*',
    name: 'AWS SDK for .NET, PowerShell tools',
    waitsMs: 5_000,
    source: 'aws/aws-sdk-net: sdk/src/Core/Amazon.Util/EC2InstanceMetadata.cs',
    tried: undefined,
  },
  {
    product: 'object_store',
    name: 'object_store of Apache Arrow (Polars, delta-rs, DataFusion)',
    waitsMs: 30_000,
    source: 'apache/arrow-rs-object-store: src/client/mod.rs',
    tried: 'obstore 0.12.1',
  },
  {
    product: 'ansible-httpget',
    name: "Ansible's modules that fetch URLs",
    waitsMs: 10_000,
    source: 'ansible/ansible: lib/ansible/module_utils/urls.py',
    tried: 'ansible-core 2.19.14',
  },
  {
    product: 'pgbackrest',
    name: 'pgBackRest',
    waitsMs: 60_000,
    source: 'pgbackrest/pgbackrest: src/storage/s3/storage.c, io-timeout',
    tried: '2.45',
  },
  {
    product: 's3fs',
    name: 's3fs-fuse',
    waitsMs: 120_000,
    source: 's3fs-fuse/s3fs-fuse: src/curl.cpp, readwrite_timeout',
    tried: '1.90',
  },
];

/** What is left of a client's patience is for the answer's way, and for a clock that runs otherwise. */
const SHARE_OF_PATIENCE = 0.8;

const PATIENT_SDKS: ReadonlySet<Sdk> = new Set<Sdk>(['dotnet']);

/** How long a request of this User-Agent is held (DESIGN.md 4.2). Milliseconds. */
export function holdBudget(userAgent: string, { holdMs, holdGoMs, holdPatientMs }: HoldSettings): number {
  const products = [...productsOf(userAgent)];
  const sdks = products.flatMap((product) => familyOf(product) ?? []);
  if (sdks.includes('go')) return holdGoMs;
  // An SDK that gives up early may ask on behalf of a program that others know as patient.
  const isPatient = holdPatientMs > holdMs && sdks.every((sdk) => PATIENT_SDKS.has(sdk));
  const waitsMs = isPatient ? patienceOf(products) : 0;
  return waitsMs === 0 ? holdMs : Math.min(waitsMs * SHARE_OF_PATIENCE, holdPatientMs);
}

/** Of several the least; 0 if none is known. */
function patienceOf(names: readonly string[]): number {
  const known = patientClients.filter(({ product }) => names.some((name) => isNamed(name, product)));
  return known.length === 0 ? 0 : Math.min(...known.map(({ waitsMs }) => waitsMs));
}

function isNamed(name: string, product: string): boolean {
  return product.endsWith('*') ? name.startsWith(product.slice(0, -1)) : name === product;
}
