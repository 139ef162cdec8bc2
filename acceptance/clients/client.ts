/** A command and its arguments. */
export type Words = readonly string[];

/** A program that uses an AWS SDK as an application does. */
export interface Client {
  /** Name and version of the SDK, as in the tables. */
  readonly name: string;
  /** True: part of the short form of the suite. */
  readonly quick?: boolean;
  /** Files below `programs/` that are copied into the client's folder. */
  readonly files: readonly string[];
  /** Commands that download packages, run in the folder. If one fails, this machine cannot have the client. */
  readonly download: readonly Words[];
  /** Commands that build the program from what was downloaded, run in the folder. */
  readonly build?: readonly Words[];
  /** The program in the folder. Its optional argument is how many seconds later it asks again. */
  readonly program: (folder: string) => Words;
  /** False: it ignores the variables and asks the metadata API. */
  readonly readsVariables?: false;
  /** True: after a refusal it asks the metadata API, which serves an ordinary Pod by its address. */
  readonly fallsBack?: true;
}
