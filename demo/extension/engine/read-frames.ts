/**
 * Reads a track until it ends.
 * @param take Works on one frame, which is closed when its promise settles; meanwhile only the newest waits.
 */
export async function readFrames(track: MediaStreamTrack, take: (frame: VideoFrame) => Promise<void>): Promise<void> {
  const { readable } = new MediaStreamTrackProcessor({ track: track as MediaStreamVideoTrack, maxBufferSize: 1 });
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    try {
      await take(next.value);
    } finally {
      next.value.close();
    }
  }
}
