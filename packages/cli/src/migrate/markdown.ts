import { onOneLine } from '@rolegate/runtime';

/** A text from the cluster that cannot make markup: images, HTML, emphasis, or links that hide where they lead. */
export function markdownText(text: string): string {
  return onOneLine(text).replace(/[\\`*_[\]<>#!&]/g, (sign) =>
    sign === '<' ? '&lt;' : sign === '&' ? '&amp;' : `\\${sign}`,
  );
}

export function markdownCode(text: string): string {
  return `\`${onOneLine(text).replaceAll('`', "'")}\``;
}
