/** A command and its arguments. */
export type Words = readonly string[];

/** Variables that lead an SDK to the IPv6 address of the metadata API. */
export const IPV6_MODE = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' };
/** The same for SDKs that only know the other variable. */
export const IPV6_ENDPOINT = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://[fd00:ec2::254]' };

/** A program that uses an AWS SDK as an application does. */
export interface Client {
  /** Name and version of the SDK, as in the tables. */
  readonly name: string;
  /** True: part of the short form of the suite. */
  readonly core?: boolean;
  /** Files below `programs/` that are copied into the client's folder. */
  readonly files: readonly string[];
  /** Commands that download packages, run in the folder. If one fails, this machine cannot have the client. */
  readonly download: readonly Words[];
  /** Commands that build the program from what was downloaded, run in the folder. */
  readonly build?: readonly Words[];
  /**
   * The program in the folder. Its optional argument is how many seconds later it asks again, `region` if `asksRegion`, or `crowd` if
   * `crowd`.
   */
  readonly program: (folder: string) => Words;
  /** Where the sequence of requests is from, if the program only replays that of a client which cannot be had here. */
  readonly replayed?: string;

  /** True: after HTTP 503 it asks again within the same call, so that it gets what comes after the end of a hold. */
  readonly asksAgain?: true;
  /** True: the agent knows by its name that it waits for seconds, and holds its requests for longer than others'. */
  readonly patient?: true;
  /** True: it waits for less than a second and does not ask again. */
  readonly hurried?: true;
  /** True: it never asks for a token, and is refused if IMDSv2 is required. */
  readonly imdsv1?: true;
  /** True: it reads metadata and has no use for credentials. */
  readonly metadataOnly?: true;
  /** What its release misreads in the document as EC2 sends it. It gets the document, and has no credentials. */
  readonly misreads?: string;
  /** True: it reports the region that it gets from the metadata API. */
  readonly asksRegion?: true;
  /** True: it gets credentials 100 times at once, as 100 workers that share nothing. */
  readonly crowd?: true;
  /** Variables with which it asks the IPv6 address. Undefined: it cannot. */
  readonly ipv6?: Readonly<Record<string, string>>;
  /** True: it uses credentials that end soon for longer than they last, so its clock is moved on until it wants new ones. */
  readonly prolongs?: true;
  /** Why it cannot be tried with a session of some seconds, and therefore not across a restart of the agent. */
  readonly needsLongSessions?: string;

  /** True: its release cannot use the endpoint for container credentials, which is therefore not tried. */
  readonly withoutContainer?: true;
  /** False: it ignores the variables for container credentials and asks the metadata API. */
  readonly readsVariables?: false;
  /** True: after a refusal of container credentials it asks the metadata API, which serves an ordinary Pod by its address. */
  readonly fallsBack?: true;
}
