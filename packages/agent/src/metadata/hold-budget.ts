import { familyOf, productsOf } from '../pod-http/sdk.ts';
import type { Sdk } from '../pod-http/sdk.ts';

/** How long requests are held. Milliseconds. */
export interface HoldSettings {
  /** For unknown clients: most SDKs give up after a second. */
  readonly holdMs: number;
  /** For the AWS SDK for Go, which gives up after 500 ms. */
  readonly holdGoMs: number;
  /** The maximum for `patientClients`. No effect unless above `holdMs`. */
  readonly holdPatientMs: number;
}

/** A client that is known by its User-Agent to wait longer than SDKs do. */
export interface PatientClient {
  /** The product name in its User-Agent, in lower case; with a trailing star, a prefix of the name. */
  readonly product: string;
  readonly name: string;
  /** How long it waits for an answer by default. Milliseconds. */
  readonly waitsMs: number;
  /** Repository and file as the source. */
  readonly source: string;
  /** The version that was seen to wait for three seconds; undefined: known only from the source. */
  readonly tried: string | undefined;
}

/**
 * docs/figures/metadata-hold.md is made from it. Test a client before adding it: by their sources the AWS SDK for Java 1 waits
 * for five seconds and the AWS Common Runtime indefinitely, but their releases give up after one second.
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
    name: 'object_store of Apache Arrow (delta-rs, DataFusion)',
    waitsMs: 30_000,
    source: 'apache/arrow-rs-object-store: src/client/mod.rs',
    tried: 'obstore 0.12.1',
  },
  {
    product: 'polars',
    name: 'Polars, which gives its own name to object_store',
    waitsMs: 300_000,
    source: 'pola-rs/polars: crates/polars-io/src/cloud/options.rs',
    tried: '2.1.0',
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

/** The rest of a client's timeout allows for the answer's way and for differing clocks. */
const SHARE_OF_PATIENCE = 0.8;

const PATIENT_SDKS: ReadonlySet<Sdk> = new Set<Sdk>(['dotnet']);

/** How long a request with this User-Agent is held (DESIGN.md 4.2). Milliseconds. */
export function holdBudget(userAgent: string, { holdMs, holdGoMs, holdPatientMs }: HoldSettings): number {
  const products = productsOf(userAgent);
  const sdks = products.flatMap((product) => familyOf(product) ?? []);
  if (sdks.includes('go')) return holdGoMs;
  // An SDK with a short timeout may be used by a program that is known as patient.
  const isPatient = holdPatientMs > holdMs && sdks.every((sdk) => PATIENT_SDKS.has(sdk));
  const waitsMs = isPatient ? patienceOf(products) : 0;
  return waitsMs === 0 ? holdMs : Math.min(waitsMs * SHARE_OF_PATIENCE, holdPatientMs);
}

/** The shortest of several; 0 if none is known. */
function patienceOf(names: readonly string[]): number {
  const known = patientClients.filter(({ product }) => names.some((name) => isNamed(name, product)));
  return known.length === 0 ? 0 : Math.min(...known.map(({ waitsMs }) => waitsMs));
}

function isNamed(name: string, product: string): boolean {
  return product.endsWith('*') ? name.startsWith(product.slice(0, -1)) : name === product;
}
