import { fieldsOf } from './entry.ts';
import type { LogLine } from './entry.ts';

/** A line for `-o json`: the program's own fields, and under `kubernetes` the container that wrote them. */
export function asJson({ atMs, source, text }: LogLine): string {
  const { namespace, pod, container, node } = source;
  const own = fieldsOf(text) ?? { time: new Date(atMs).toISOString(), text };
  return `${JSON.stringify({ ...own, kubernetes: { namespace, pod, container, node } })}\n`;
}
