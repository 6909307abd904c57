/** Runs in every page before the page's own scripts, in their world, so that no page can hold the functions as they were. */
import { patchDevices } from './patch-devices';
import { patchTracks } from './patch-tracks';
import { RelayLink } from './relay-link';

const PATCHED = Symbol.for('StyleFilter Camera');

// An empty frame keeps its window when its first document loads, and then comes by here twice.
if (typeof MediaDevices === 'function' && typeof MediaStreamTrackGenerator === 'function' && !(PATCHED in MediaDevices.prototype)) {
  Object.defineProperty(MediaDevices.prototype, PATCHED, { value: true });
  patchTracks();
  patchDevices(new RelayLink());
}
