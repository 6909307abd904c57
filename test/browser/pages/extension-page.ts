/** What a page does that wants a camera and knows nothing of the extension. */

/** Width and height of a picture brought down to what comparing needs. */
const GRID = [32, 24] as const;
/** Where the clip's face is in that grid, and a place that is never a face: left, top, width, height. */
const FACE = [13, 9, 6, 8] as const;
const CORNER = [0, 0, 6, 6] as const;

/** A picture as colours of 32 × 24 places. */
export type Picture = Uint8ClampedArray;

/** The id of a camera by part of its name. */
export async function cameraId(label: string): Promise<string> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const found = devices.find((device) => device.kind === 'videoinput' && device.label.includes(label));
  if (found === undefined) throw new Error(`No camera is called ${label}.`);
  return found.deviceId;
}

/** Opens a camera by part of its name, at a rate that leaves a machine without a graphics card time for the rest. */
export async function openCamera(label: string, audio = false): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({ audio, video: { deviceId: { exact: await cameraId(label) }, frameRate: { max: 8 } } });
}

/** Reads frames of a track and hands them to `take` until it says that it has enough. */
export async function readTrack(track: MediaStreamTrack, take: (frame: VideoFrame) => boolean): Promise<void> {
  const reader = new MediaStreamTrackProcessor({ track: track as MediaStreamVideoTrack }).readable.getReader();
  for (let enough = false; !enough; ) {
    const { done, value } = await reader.read();
    if (done) throw new Error('The track ended before there were enough frames.');
    enough = take(value);
    value.close();
  }
  await reader.cancel();
}

/** The next pictures of a track. */
export async function picturesOf(track: MediaStreamTrack, count: number): Promise<Picture[]> {
  const canvas = new OffscreenCanvas(...GRID);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const pictures: Picture[] = [];
  await readTrack(track, (frame) => {
    context.drawImage(frame, 0, 0, ...GRID);
    pictures.push(context.getImageData(0, 0, ...GRID).data);
    return pictures.length === count;
  });
  return pictures;
}

/** Pictures of the raw clip from all over it: the fake camera plays it in a loop. */
export async function rawPictures(label: string): Promise<Picture[]> {
  const stream = await openCamera(label);
  const pictures = await picturesOf(stream.getVideoTracks()[0]!, 16);
  for (const track of stream.getTracks()) track.stop();
  return pictures;
}

/** How far a picture is from the nearest of others, in the face and in the corner: mean difference of 0…255. */
export function distances(picture: Picture, others: readonly Picture[]): { face: number; corner: number } {
  const nearest = (box: readonly [number, number, number, number]): number => Math.min(...others.map((other) => distance(picture, other, box)));
  return { face: nearest(FACE), corner: nearest(CORNER) };
}

/** How grey a picture is: its largest distance from the neutral card. */
export function fromCard(picture: Picture): number {
  return Math.max(...picture.filter((_, index) => index % 4 !== 3).map((value) => Math.abs(value - 128)));
}

function distance(a: Picture, b: Picture, [left, top, width, height]: readonly [number, number, number, number]): number {
  let sum = 0;
  for (let y = top; y < top + height; y += 1) {
    for (let x = left; x < left + width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const at = (y * GRID[0] + x) * 4 + channel;
        sum += Math.abs(a[at]! - b[at]!);
      }
    }
  }
  return sum / (width * height * 3);
}

/** A call with oneself. */
export interface Call {
  /** What arrives at the other end. */
  readonly received: MediaStream;
  /** Frames and packets of sound that have arrived, and how loud the sound was that was sent. */
  arrived(): Promise<{ frames: number; audioPackets: number; audioEnergy: number }>;
  close(): void;
}

/** Sends a stream from one peer connection to another on the same page. */
export async function callItself(stream: MediaStream): Promise<Call> {
  const near = new RTCPeerConnection();
  const far = new RTCPeerConnection();
  near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate ?? undefined);
  far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined);
  const received = new MediaStream();
  far.ontrack = ({ track }) => received.addTrack(track);
  for (const track of stream.getTracks()) near.addTrack(track, stream);
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription!);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription!);
  return {
    received,
    async arrived() {
      const [sent, got] = await Promise.all([reportsOf(near, 'media-source'), reportsOf(far, 'inbound-rtp')]);
      return { frames: total(got, 'framesDecoded'), audioPackets: total(got.filter((report) => report['kind'] === 'audio'), 'packetsReceived'), audioEnergy: total(sent, 'totalAudioEnergy') };
    },
    close() {
      near.close();
      far.close();
    },
  };
}

type Report = Readonly<Record<string, unknown>>;

async function reportsOf(connection: RTCPeerConnection, type: string): Promise<Report[]> {
  const reports = (await connection.getStats()) as unknown as ReadonlyMap<string, Report>;
  return [...reports.values()].filter((report) => report['type'] === type);
}

function total(reports: readonly Report[], name: string): number {
  return reports.reduce((sum, report) => sum + ((report[name] as number | undefined) ?? 0), 0);
}

/** How many frames arrive in a second, over a time that is long enough for both; and whether the page was hidden in it. */
export async function rateOf(call: Call, leastMs: number, leastFrames: number): Promise<{ rate: number; hidden: boolean }> {
  const start = performance.now();
  const { frames: before } = await call.arrived();
  const hiddenBefore = document.hidden;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const frames = (await call.arrived()).frames - before;
    const spanMs = performance.now() - start;
    if (spanMs >= leastMs && frames >= leastFrames) return { rate: (frames * 1000) / spanMs, hidden: hiddenBefore && document.hidden };
  }
}
