/** Asks for the camera in a tab: a popup closes under the browser's question, and the engine's document cannot ask. */
import { byId } from '../../page/dom';

const WORDS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The camera was refused. Allow it in the address bar’s camera menu and press the button again.',
  NotFoundError: 'No camera was found. Connect one and press the button again.',
  NotReadableError: 'The camera could not be opened; another program may be using it. Close that program and press the button again.',
};

const answer = byId('answer', HTMLElement);

async function ask(): Promise<void> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    for (const track of stream.getTracks()) track.stop();
    answer.textContent = 'Allowed. Reload the page of your call and choose “StyleFilter Camera” there.';
  } catch (error) {
    answer.textContent = (error instanceof DOMException ? WORDS[error.name] : undefined) ?? String(error);
  }
}

byId('allow', HTMLButtonElement).addEventListener('click', () => void ask());
