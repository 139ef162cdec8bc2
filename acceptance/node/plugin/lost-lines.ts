interface PrintedLine {
  readonly kubernetes: { readonly pod: string; readonly container: string };
}

/** The lines that `logs -o json` printed of one container, as its log has them. */
export function printedOf(
  printed: readonly string[],
  { pod, container }: PrintedLine['kubernetes'],
): string[] {
  return (
    printed
      .map((line) => JSON.parse(line) as PrintedLine)
      .filter(({ kubernetes }) => kubernetes.pod === pod && kubernetes.container === container)
      // Without what the plugin adds.
      .map((line) => JSON.stringify({ ...line, kubernetes: undefined }))
  );
}

/**
 * What is wrong with the printed lines of a log: a line that is lost, printed twice or out of order. Undefined: nothing. The log may
 * begin earlier, and lines may follow that it did not have when it was read.
 */
export function lineFault(printed: readonly string[], log: string): string | undefined {
  const written = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.stringify(JSON.parse(line)));
  const [first = ''] = printed;
  const from = written.indexOf(first);
  if (from < 0) return `the log does not have the first line that was printed: ${first}`;
  const wanted = written.slice(from);
  const at = wanted.findIndex((line, index) => line !== printed[index]);
  return at < 0
    ? undefined
    : `line ${at + 1} of ${wanted.length} is ${wanted[at] ?? ''}, but printed is ${printed[at] ?? 'nothing'}`;
}
