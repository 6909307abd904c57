import { trackClip } from './track-page';

self.onmessage = ({ data }: MessageEvent<Parameters<typeof trackClip>>) => {
  trackClip(...data).then(
    (sightings) => self.postMessage({ sightings }),
    (error: unknown) => self.postMessage({ error: String(error) }),
  );
};
