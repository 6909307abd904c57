/** Errors in words: what happened, and what one can do about it here. */

interface CodedError {
  readonly code: string;
  readonly message: string;
}

const WORDS: Readonly<Record<string, string>> = {
  'camera-refused': 'The camera was refused. Allow it in the address bar’s camera menu and choose “Camera” again; the sample clip goes on until then.',
  'camera-missing': 'No camera was found. Connect one and choose “Camera” again.',
  'camera-busy': 'The camera could not be opened; another program may be using it. Close that program and choose “Camera” again.',
  'camera-insecure': 'The browser gives the camera only to pages from https or localhost. Open this page that way.',
  'source-ended': 'The video has ended. Choose a source again.',
  'source-empty': 'The video has no picture. Choose another source.',
  'asset-missing': 'A file of the filter could not be loaded. Check the connection and reload the page.',
  'asset-corrupt': 'A file of the filter is damaged, so it was not used. Reload the page without the cache (Ctrl+Shift+R); if it happens again, the server’s copy is broken.',
  'asset-version': 'The filter’s files and this page are of different versions. Reload the page without the cache (Ctrl+Shift+R).',
  'backend-unavailable': 'What you chose under “Runs on” is not available in this browser. “Automatic” uses what is there.',
  'device-lost': 'The graphics device was lost, and with it the filter. Reload the page to start again.',
  'context-lost': 'The browser took the drawing surface away, and with it the filter. Reload the page to start again.',
  unsupported: 'This browser lacks something the filter needs. A current Chrome, Edge, Firefox or Safari has it.',
};

/** Codes for what `getUserMedia` throws. */
const CAMERA_CODES: Readonly<Record<string, string>> = {
  NotAllowedError: 'camera-refused',
  SecurityError: 'camera-insecure',
  NotFoundError: 'camera-missing',
  OverconstrainedError: 'camera-missing',
  NotReadableError: 'camera-busy',
  AbortError: 'camera-busy',
};

function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/** What to tell the visitor. The library's own sentence follows where it adds where and why. */
export function wordsFor(error: unknown): string {
  if (!isCoded(error)) return error instanceof Error ? error.message : String(error);
  const words = WORDS[error.code];
  if (words === undefined) return error.message;
  return error.code.startsWith('camera-') ? words : `${words} (${error.message})`;
}

/** What to tell the visitor when the camera could not be opened. */
export function wordsForCamera(error: unknown): string {
  const code = error instanceof DOMException ? CAMERA_CODES[error.name] : undefined;
  return (code === undefined ? undefined : WORDS[code]) ?? wordsFor(error);
}
