import { answerOf, connectViewer } from '../bridge/connect-viewer';
import { unpackFrame } from '../common/frames';
import type { FromEngine, FromViewer } from '../common/messages';

/** The live picture in the popup. */
export interface Preview {
  start(): void;
  stop(): void;
}

/**
 * Shows what pages see.
 * @param onProblem Hears what is wrong; an empty text when nothing is.
 */
export function createPreview(canvas: HTMLCanvasElement, text: HTMLElement, onProblem: (text: string) => void): Preview {
  const context = canvas.getContext('2d', { alpha: false })!;
  let port: MessagePort | undefined;

  const say = (what: string): void => {
    text.textContent = what;
  };

  const hear = (message: FromEngine, answer: (message: FromViewer) => void): void => {
    switch (message.type) {
      case 'opened':
        return answer({ type: 'format', format: { widthPx: canvas.width, heightPx: canvas.height, frameRate: message.capabilities.frameRate } });
      case 'frame': {
        const frame = unpackFrame(message);
        context.drawImage(frame, 0, 0, canvas.width, canvas.height);
        frame.close();
        say('');
        return answer({ type: 'taken' });
      }
      case 'refused':
      case 'problem':
        return onProblem(message.type === 'refused' ? message.message : message.text);
      case 'ended':
        return say('The camera has gone away.');
    }
  };

  return {
    start() {
      if (port !== undefined) return;
      const { port1, port2 } = new MessageChannel();
      port = port1;
      say('Starting …');
      port1.onmessage = ({ data }: MessageEvent<FromEngine>) => hear(data, (answer) => port1.postMessage(answer));
      const { port1: answer, port2: told } = new MessageChannel();
      Promise.all([answerOf(answer), connectViewer(port2, told)]).catch((error: unknown) => onProblem(error instanceof Error ? error.message : String(error)));
    },
    stop() {
      port?.postMessage({ type: 'leave' } satisfies FromViewer);
      port?.close();
      port = undefined;
      context.clearRect(0, 0, canvas.width, canvas.height);
      say('Off. Pages do not see this camera.');
    },
  };
}
