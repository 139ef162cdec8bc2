/** Values come from annotations and peers too: they must not be able to write lines of their own, or to a terminal. */
export function onOneLine(value: string): string {
  return value.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
