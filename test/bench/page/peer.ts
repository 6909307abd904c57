/** Another network beside ours: same runtime, same backend, same crop. */
import * as ort from 'onnxruntime-web/webgpu';

/** A network that takes one picture. */
export interface Peer {
  /** What it is fed, for the table. */
  readonly inputShape: readonly number[];
  run(): Promise<void>;
  /** What it makes of a picture. @throws Error when its output is not a picture of its input's shape */
  draw(picture: ImageBitmap): Promise<OffscreenCanvas>;
  close(): Promise<void>;
}

/** The planar crop in the shape another network wants, values −1…1; scaled by the nearest pixel where sizes differ. */
function shaped(planes: Float32Array, sizePx: number, shape: readonly number[], channelsLast: boolean): Float32Array {
  const [height, width] = channelsLast ? [shape[1]!, shape[2]!] : [shape[2]!, shape[3]!];
  const out = new Float32Array(3 * height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = Math.floor((y * sizePx) / height) * sizePx + Math.floor((x * sizePx) / width);
      for (let c = 0; c < 3; c++) {
        const to = channelsLast ? (y * width + x) * 3 + c : (c * height + y) * width + x;
        out[to] = planes[c * sizePx * sizePx + from]!;
      }
    }
  }
  return out;
}

/** A picture as a planar crop, values −1…1. */
function planesOf(picture: ImageBitmap, sizePx: number): Float32Array {
  const context = new OffscreenCanvas(sizePx, sizePx).getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, sizePx, sizePx);
  const { data } = context.getImageData(0, 0, sizePx, sizePx);
  const area = sizePx * sizePx;
  return Float32Array.from({ length: 3 * area }, (_, i) => data[4 * (i % area) + Math.floor(i / area)]! / 127.5 - 1);
}

/**
 * Opens a peer. Its only input must be a picture of three channels, first or last; open edges are set to our crop's.
 * @throws Error when its input is something else
 */
export async function openPeer(url: string, device: GPUDevice | null, planes: Float32Array, sizePx: number): Promise<Peer> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [device ? { name: 'webgpu', device } : { name: 'wasm' }],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  const [input, ...others] = session.inputMetadata;
  if (input === undefined || !input.isTensor || others.length > 0 || input.shape.length !== 4) {
    throw new Error('The peer must have one input of four dimensions: a batch of one picture.');
  }
  const given = input.shape.map((edge) => (typeof edge === 'number' && edge > 0 ? edge : undefined));
  const channelsLast = given[3] === 3;
  if (!channelsLast && given[1] !== 3) throw new Error(`The peer's input must have three channels first or last, but is [${input.shape.join(', ')}].`);
  const shape = given.map((edge, i) => (i === 0 ? 1 : (edge ?? sizePx)));
  const tensorOf = (crop: Float32Array) => new ort.Tensor('float32', shaped(crop, sizePx, shape, channelsLast), shape);
  const tensor = tensorOf(planes);
  return {
    inputShape: shape,
    async run() {
      const outputs = await session.run({ [input.name]: tensor });
      for (const output of Object.values(outputs)) output.dispose();
    },
    async draw(picture) {
      const { [session.outputNames[0]!]: output } = await session.run({ [input.name]: tensorOf(planesOf(picture, sizePx)) });
      const [height, width] = channelsLast ? [shape[1]!, shape[2]!] : [shape[2]!, shape[3]!];
      const data = output?.data as Float32Array | undefined;
      if (data?.length !== 3 * width * height) throw new Error("The peer's first output must be a picture of its input's shape.");
      const image = new ImageData(width, height);
      for (let i = 0; i < width * height; i++) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = 127.5 + 127.5 * data[channelsLast ? 3 * i + c : c * width * height + i]!;
        image.data[4 * i + 3] = 255;
      }
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d')!.putImageData(image, 0, 0);
      return canvas;
    },
    close: () => session.release(),
  };
}
