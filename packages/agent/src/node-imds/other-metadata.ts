/** What the answering of other metadata needs to know about the Pod that asks. */
export interface Reader {
  /** The groups of paths (DESIGN 4.3) that are open for this Pod. */
  readonly groups: ReadonlySet<string>;
  /** A list names the groups: whatever `--allow-path` opens is outside all of them, and so closed. */
  readonly isNarrowed: boolean;
  /** The account of the Pod's role; empty without a permitted one. */
  readonly accountId: string;
  readonly hasRole: boolean;
  readonly role?: { readonly name: string; readonly arn: string };
}

/**
 * Metadata that is not credentials: the closed groups, what the operator allowed by `--allow-path`, the reduced identity
 * document. A path is canonical: segments joined by '/', no version, no last slash, '' for the version's root.
 */
export interface OtherMetadata {
  /** Is this a path that this Pod may read here, and of which kind. */
  readable(path: string, reader: Reader): 'file' | 'directory' | undefined;
  /** Is this a path that some Pod may read here. */
  everReadable(path: string): boolean;
  /**
   * The document as text/plain; undefined is a 404. Rejects with a Refusal, or with another error where the node's IMDS is
   * away and nothing is cached, which is a 503.
   */
  read(path: string, reader: Reader): Promise<string | undefined>;
}
