/** The value if it is a text, else ''. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
