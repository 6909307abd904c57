/** What the parts of the extension say to one another. */
import type { CameraSettings } from './settings';

/** Name of the camera as pages and users see it. */
export const CAMERA_LABEL = 'StyleFilter Camera';

/** Size and rate of a picture stream. */
export interface Format {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pictures a second, at most. */
  readonly frameRate: number;
}

/** A picture on its way between two origins, which cannot hand a `VideoFrame` to one another. */
export interface FrameMessage {
  readonly type: 'frame';
  readonly buffer: ArrayBuffer;
  readonly layout: readonly PlaneLayout[];
  readonly format: VideoPixelFormat;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly colorSpace: VideoColorSpaceInit;
}

/** From the engine to whoever watches the camera. */
export type FromEngine =
  | FrameMessage
  /** The camera is open; the engine waits for `format`. */
  | { readonly type: 'opened'; readonly capabilities: Format }
  /** It could not be opened; name and sentence of a `DOMException`. */
  | { readonly type: 'refused'; readonly name: string; readonly message: string }
  /** It is gone, and no more pictures come. */
  | { readonly type: 'ended' }
  /** What is wrong at present; empty when nothing is. */
  | { readonly type: 'problem'; readonly text: string };

/** From whoever watches the camera to the engine. */
export type FromViewer =
  | { readonly type: 'format'; readonly format: Format }
  /** A picture was taken in, so another may come. */
  | { readonly type: 'taken' }
  | { readonly type: 'leave' };

/** Through `chrome.runtime`, within the extension. */
export type RuntimeMessage =
  /** A content script whose page may use the camera; answered with {@link Ticket}. */
  | { readonly type: 'open-camera' }
  /** The engine has had nobody to work for since the viewer `newest` and may be closed. */
  | { readonly type: 'engine-idle'; readonly newest: string | undefined }
  | { readonly type: 'settings'; readonly settings: CameraSettings };

/** Lets one bridge reach the engine, once. */
export interface Ticket {
  readonly ticket: string;
}

/** A bridge or the popup to the service worker, with the port of its viewer and one for the answer: null or what went wrong. */
export interface ConnectRequest {
  readonly ticket: string | undefined;
}

/** The service worker to the engine, with the same two ports. */
export interface ConnectedViewer {
  /** Differs from viewer to viewer. */
  readonly id: string;
  readonly viewer: 'page' | 'popup';
  readonly settings: CameraSettings;
}

/** What a page's script learns from its relay. */
export interface CameraStatus {
  readonly on: boolean;
  readonly anyCamera: boolean;
  /** The page's own permission for cameras. */
  readonly permission: PermissionState;
  readonly deviceId: string;
  readonly groupId: string;
}

/** First word of a page's script to its relay, with the port for everything else. */
export const RELAY_HELLO = 'stylefilter-camera-relay';

/** From a page's script to its relay; a port goes with `open`. */
export interface RelayRequest {
  readonly call: 'status' | 'open';
  readonly id: number;
}

/** From the relay to its page's script. */
export type RelayMessage =
  | { readonly id: number; readonly result: CameraStatus | undefined }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }
  | { readonly changed: true };
