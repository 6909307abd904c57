/** Asks for the camera in a tab: a popup closes under the browser's question, and the engine's document cannot ask. */
import { byId } from '../../page/dom';
import { wordsForCamera } from '../../page/problems';

const answer = byId('answer', HTMLElement);

async function ask(): Promise<void> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    for (const track of stream.getTracks()) track.stop();
    answer.textContent = 'Allowed. Reload the page of your call and choose “StyleFilter Camera” there.';
  } catch (error) {
    answer.textContent = wordsForCamera(error);
  }
}

byId('allow', HTMLButtonElement).addEventListener('click', () => void ask());
