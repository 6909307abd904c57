import { loadManifest, type StyleEncoderFile } from '../assets/manifest';
import { createModelStore } from '../assets/model-store';
import { loadStylePack } from '../assets/style-pack';
import { FilterError } from '../errors';
import type { StyleMix, StyleOptions } from '../options';
import { readImage, type StillImage } from '../source/image-source';
import { createSession, floatTensor } from './ort-runtime';

/**
 * Chooses parts of a style's looks, and colours, that resemble a picture.
 * @param picture Its middle square is used.
 * @param style The style's id.
 * @param assetBase Folder with models, packs and WASM.
 * @throws FilterError `bad-option` if the style has no encoder; `source-empty`, `source-tainted`; errors of loading.
 */
export async function encodeStyle(picture: StillImage, style: string, assetBase: string, signal?: AbortSignal): Promise<StyleOptions> {
  const [manifest, pack] = await Promise.all([loadManifest(assetBase, signal), loadStylePack(assetBase, style, signal)]);
  const entry = manifest.models.find(({ id, styleEncoder }) => styleEncoder !== null && Object.values(pack.models).includes(id));
  if (!entry?.styleEncoder) throw new FilterError('bad-option', `Style '${pack.id}' cannot make a look of a picture: none of its models has a style encoder. Choose one of its looks.`, { stage: 'options' });
  const { styleEncoder } = entry;
  const exemplar = planar(await middleSquare(picture, styleEncoder.inputs.exemplar?.[2] ?? 0));
  const model = await createModelStore({ assetBase, manifest }).load(entry.id, { parts: ['styleEncoder'], signal });
  const session = await createSession(await model.file('styleEncoder'), null, `${assetBase}ort/`);
  try {
    const { likeness, colours } = await session.run({ exemplar: floatTensor(exemplar, styleEncoder.inputs.exemplar!) });
    return { id: pack.id, mix: mixOf(styleEncoder, likeness!.data as Float32Array, colours!.data as Float32Array) };
  } finally {
    await session.close();
  }
}

/** For each part the look that it resembles most. */
function mixOf({ exemplars, parts }: StyleEncoderFile, likeness: Float32Array, colours: Float32Array): StyleMix {
  const chosen = Object.keys(parts).map((part, row) => {
    const shares = likeness.subarray(row * exemplars.length, (row + 1) * exemplars.length);
    return [part, exemplars[shares.indexOf(Math.max(...shares))]!] as const;
  });
  return { parts: Object.fromEntries(chosen), colors: [...colours] };
}

async function middleSquare(picture: StillImage, sizePx: number): Promise<ImageData> {
  const bitmap = await readImage(picture);
  const side = Math.min(bitmap.width, bitmap.height);
  // Cut out first: shrinking a part of a picture takes some of its surroundings along.
  const square = await createImageBitmap(bitmap, Math.floor((bitmap.width - side) / 2), Math.floor((bitmap.height - side) / 2), side, side);
  bitmap.close();
  const context = new OffscreenCanvas(sizePx, sizePx).getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(square, 0, 0, sizePx, sizePx);
  square.close();
  return context.getImageData(0, 0, sizePx, sizePx);
}

/** [3, S, S] in −1…1. */
function planar({ data, width, height }: ImageData): Float32Array {
  const area = width * height;
  return Float32Array.from({ length: 3 * area }, (_, i) => data[4 * (i % area) + Math.floor(i / area)]! / 127.5 - 1);
}
