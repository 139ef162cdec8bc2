import type { KubernetesObject } from '@rolegate/testing';
import { honestNodes } from '../honest.ts';
import type { ObjectName, Recipe } from '../calls.ts';

/** Outside Latin-1: V8 stores a string with such a character in two bytes per character. */
const WIDE = '…';

export function nameOf({ kind, namespace, name }: Recipe, index: number): ObjectName {
  return { kind, name: `${name}-${index}`, ...(namespace !== undefined && { namespace }) };
}

export interface Variant {
  readonly index: number;
  /** Number of the write. */
  readonly write?: number;
  /** Added to those of the recipe. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Creates one object of the recipe. */
export function objectOf(
  recipe: Recipe,
  { index, write = 0, annotations: more = {} }: Variant,
): KubernetesObject {
  const { kind, namespace, name } = nameOf(recipe, index);
  const numbered = Object.entries({ ...recipe.annotations, ...more }).map(([key, value]) => [
    key,
    value.replaceAll('#', String(index)).replaceAll('@', String(write)),
  ]);
  const annotations = { ...Object.fromEntries(numbered), ...filledOf(recipe, index) } as Record<
    string,
    string
  >;
  const metadata = { name, annotations, ...(namespace !== undefined && { namespace }) };
  const padding = paddingOf(recipe);
  if (kind === 'Pod') return { kind, metadata, ...podParts(recipe, index, padding) };
  if (kind === 'ServiceAccount' && padding !== '')
    return { kind, metadata, imagePullSecrets: [{ name: padding }] };
  return { kind, metadata };
}

/** One such text makes the whole page a string of two bytes per character. */
function paddingOf({ padding }: Recipe): string {
  if (padding === undefined) return '';
  const { character, bytes } = padding;
  return WIDE + character.repeat(bytes - Buffer.byteLength(WIDE));
}

function filledOf({ filled = {}, filledJson = {} }: Recipe, index: number): Record<string, string> {
  const texts = Object.entries(filled).map(([key, bytes], at) => [key, wideText(`${index} ${at}`, bytes)]);
  const objects = Object.entries(filledJson).map(([key, bytes]) => [key, jsonText(index, bytes)]);
  return Object.fromEntries([...texts, ...objects]) as Record<string, string>;
}

function wideText(name: string, bytes: number): string {
  const start = `${name} ${WIDE} `;
  return start.padEnd(bytes - Buffer.byteLength(start) + start.length, 'x');
}

function jsonText(index: number, bytes: number): string {
  const members: string[] = [];
  for (let left = bytes - 40; left > 0; left -= (members.at(-1)?.length ?? 0) + 1)
    members.push(`"${index}-${members.length}":"v"`);
  return `{${members.join(',')}}`;
}

function podParts({ node, madeUpNodes, serviceAccount = 'default' }: Recipe, index: number, padding: string) {
  const nodeName =
    madeUpNodes === true ? `made-up-${index}` : (node ?? honestNodes[index % honestNodes.length] ?? '');
  return {
    spec: {
      nodeName,
      serviceAccountName: serviceAccount,
      containers: [{ name: 'main', image: 'example.com/main:1' }],
    },
    status: { phase: 'Running', ...(padding !== '' && { message: padding }) },
  };
}
