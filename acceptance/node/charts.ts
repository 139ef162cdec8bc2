import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IMAGES, IMAGES_01 } from './images.ts';

export type ChartName = 'server' | 'agent';

/** Charts of one version with their images. */
export interface Charts {
  /** The chart and the flags with which helm finds it. */
  readonly chart: (name: ChartName) => readonly string[];
  /** The value `image`, which replaces the image of any other version. */
  readonly image: (name: ChartName) => ImageValue;
  /** The reference of the image. */
  readonly reference: (name: ChartName) => string;
  /** Of a release, whose charts have these images by default. */
  readonly registry?: string;
}

export interface ImageValue {
  readonly repository: string;
  readonly tag: string;
}

/** The charts of this repository, with images that were built and loaded into the node. */
export function chartsHere(): Charts {
  return chartsIn(fileURLToPath(new URL('../../charts', import.meta.url)), IMAGES);
}

/** The charts of version 0.1.0, extracted into a folder. */
export function charts01In(folder: string): Charts {
  return chartsIn(folder, IMAGES_01);
}

function chartsIn(folder: string, images: Readonly<Record<ChartName, string>>): Charts {
  return {
    chart: (name) => [join(folder, name)],
    image: (name) => {
      const [repository = '', tag = ''] = images[name].split(/:(?=[^:]*$)/);
      return { repository, tag };
    },
    reference: (name) => images[name],
  };
}

/** A release in its registry, described by the file release.json of `npm run release -- --push`. */
export async function releasedCharts(folder: string): Promise<Charts> {
  const { registry, version, images } = JSON.parse(
    await readFile(join(folder, 'release.json'), 'utf8'),
  ) as Release;
  const repository = (name: ChartName) => `${registry}/rolegate-${name}`;
  return {
    chart: (name) => [`oci://${registry}/charts/rolegate-${name}`, '--version', version],
    image: (name) => ({ repository: repository(name), tag: '' }),
    reference: (name) => `${repository(name)}@${images[name].digest}`,
    registry,
  };
}

interface Release {
  readonly registry: string;
  readonly version: string;
  readonly images: Readonly<Record<ChartName, { readonly digest: string }>>;
}
