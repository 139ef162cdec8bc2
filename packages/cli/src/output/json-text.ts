/** These are left by JSON.stringify: DEL and the controls of ISO 6429's upper half, which terminals obey, and line separators. */
const LEFT = /[\u007f-\u009f\u2028\u2029]/g;

/** A JSON document for `-o json`. Texts from the cluster cannot control the terminal. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2).replace(
    LEFT,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
