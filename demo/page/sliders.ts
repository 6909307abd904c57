import { make } from './dom';
import type { SliderName } from './settings';

const SLIDERS: readonly (readonly [name: SliderName, label: string, help: string])[] = [
  ['structure', 'Structure', 'How far the shapes follow the look'],
  ['color', 'Colour', 'How far colours and line follow the look'],
  ['keepColor', 'Keep my colours', 'The look’s colours, or those of the video'],
  ['temporal', 'Smoothing', 'Calms flicker'],
  ['opacity', 'Opacity', 'How much of the drawing shows'],
];

/** The sliders of the page. */
export interface Sliders {
  /** Puts sliders to the given values without telling anyone. */
  set(values: Partial<Record<SliderName, number>>): void;
}

/** Fills `root` with the sliders. */
export function createSliders(root: HTMLElement, onInput: (name: SliderName, value: number) => void): Sliders {
  const rows = new Map<SliderName, { input: HTMLInputElement; show: () => void }>();
  for (const [name, label, help] of SLIDERS) {
    const input = make('input', { type: 'range', min: '0', max: '1', step: '0.01', id: `slider-${name}`, title: help });
    const output = make('output');
    output.setAttribute('for', input.id);
    const show = (): void => {
      output.value = `${Math.round(input.valueAsNumber * 100)} %`;
      input.setAttribute('aria-valuetext', output.value);
    };
    input.addEventListener('input', () => {
      show();
      onInput(name, input.valueAsNumber);
    });
    const text = make('label', { htmlFor: input.id, title: help }, label);
    root.append(make('div', { className: 'slider' }, text, output, input));
    rows.set(name, { input, show });
  }
  return {
    set(values) {
      for (const [name, value] of Object.entries(values)) {
        const row = rows.get(name as SliderName);
        if (!row) continue;
        row.input.valueAsNumber = value;
        row.show();
      }
    },
  };
}
