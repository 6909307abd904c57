import type { Override } from './serve';
import { TINY_ROWS, tinyStyle, type TinyStyle } from './tiny-style';

/** First numbers of the two rows of a look's code: what they do stands at `TinyStyle`. */
export interface TinyLook {
  /** What the face is multiplied with: 1 leaves it, 0 makes it grey, NaN makes the model's output NaN. */
  readonly gain: number;
  /** 0, or a number that makes the model's run fail. */
  readonly fault?: number;
  /** Opacity of the whole crop. Default 1. */
  readonly matte?: number;
}

/** Looks for tests of the whole filter. */
export const TINY_LOOKS = { plain: { gain: 1 }, grey: { gain: 0 }, nan: { gain: NaN }, faulty: { gain: 1, fault: 7 } } as const satisfies Record<string, TinyLook>;

/** Adds the tiny style, with {@link TINY_LOOKS}, to what the test server's `/assets/` offers. */
export function addTinyStyle(overrides: Map<string, Override>): TinyStyle {
  const style = tinyStyle({ looks: ['plain', 'grey'] });
  style.pack['exemplars'] = Object.entries(TINY_LOOKS).map(([id, look]) => addLook(style, id, look));
  Object.assign(style.pack, { defaults: { exemplar: 'plain', structure: 1, color: 1, keepColor: 0 }, matte: { feather: 0 }, color: { match: 0 } });
  style.files.set('filters/tiny/pack.json', new TextEncoder().encode(JSON.stringify(style.pack)));
  for (const [path, body] of style.files) overrides.set(`/assets/${path}`, { body, type: 'application/octet-stream' });
  return style;
}

function addLook(style: TinyStyle, id: string, { gain, fault = 0, matte = 1 }: TinyLook): Record<string, string> {
  const code = new Float32Array(TINY_ROWS * 512);
  code.set([gain, fault]);
  code[512] = matte;
  style.files.set(`filters/tiny/codes/${id}.bin`, new Uint8Array(code.buffer));
  return { id, name: id, code: `codes/${id}.bin`, thumbnail: `thumbnails/${id}.jpg`, licence: 'CC0-1.0', author: 'nobody' };
}
