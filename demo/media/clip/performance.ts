/** What the rendered person does: a pure function of time that repeats without a seam. */

/** One moment of the performance. Angles in radians, offsets in metres, morph weights 0…1 by the avatar's bare morph names. */
export interface Pose {
  readonly yawRad: number;
  readonly pitchRad: number;
  readonly rollRad: number;
  readonly gazeYawRad: number;
  readonly gazePitchRad: number;
  readonly offsetM: readonly [number, number, number];
  readonly morphs: ReadonlyMap<string, number>;
}

const DEGREE = Math.PI / 180;

/** Seconds at which an eyelid starts to fall. */
const BLINKS_S = [0.7, 2.9, 4.55, 6.9];
const BLINK_S = 0.24;

/** What is said: mouth shapes by start time, each held until the next; an empty name is a closed mouth. */
const SPEECH: readonly (readonly [startS: number, viseme: string, weight: number])[] = [
  [0.0, '', 0], [0.3, 'AE_AA', 0.75], [0.46, 'MPB_Up', 0.6], [0.58, 'AO_a', 0.8], [0.76, 'TD_I', 0.7],
  [0.9, 'UW_U', 0.8], [1.06, 'S', 0.7], [1.2, 'Ax_E', 0.8], [1.36, 'FV', 0.7], [1.5, 'AE_AA', 0.9],
  [1.7, '', 0], [1.9, 'SH_CH', 0.7], [2.04, 'UH_OO', 0.8], [2.2, 'TD_I', 0.7], [2.34, 'AO_a', 0.9],
  [2.54, 'MPB_Up', 0.6], [2.66, 'Ax_E', 0.8], [2.84, 'KG', 0.6], [2.96, 'AE_AA', 0.6], [3.14, '', 0],
  [5.2, 'UW_U', 0.7], [5.36, 'AE_AA', 0.9], [5.56, 'TD_I', 0.7], [5.7, 'AO_a', 0.9], [5.9, 'S', 0.7],
  [6.02, 'Ax_E', 0.8], [6.2, 'MPB_Up', 0.6], [6.32, 'AO_a', 0.7], [6.5, 'FV', 0.6], [6.62, 'AE_AA', 0.7], [6.84, '', 0],
];
/** Calm speech: the avatar's full mouth shapes would be shouting. */
const ARTICULATION = 0.5;
/** How long one mouth shape takes to become the next. */
const VISEME_BLEND_S = 0.11;

/** How long the performance lasts before it repeats. */
export const PERFORMANCE_S = 8;

function smoothstep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** Rises over `riseS` from `startS`, falls until `endS`. */
function swell(timeS: number, startS: number, endS: number, riseS: number): number {
  return smoothstep(startS, startS + riseS, timeS) * (1 - smoothstep(endS - riseS, endS, timeS));
}

function add(morphs: Map<string, number>, name: string, weight: number): void {
  if (weight > 0) morphs.set(name, Math.min(1, (morphs.get(name) ?? 0) + weight));
}

function speak(morphs: Map<string, number>, timeS: number): void {
  SPEECH.forEach(([startS, viseme, weight], i) => {
    const endS = SPEECH[i + 1]?.[0] ?? PERFORMANCE_S;
    if (viseme === '') return;
    const level = smoothstep(startS - VISEME_BLEND_S / 2, startS + VISEME_BLEND_S / 2, timeS)
      * (1 - smoothstep(endS - VISEME_BLEND_S / 2, endS + VISEME_BLEND_S / 2, timeS));
    add(morphs, viseme, level * weight * ARTICULATION);
    if (viseme === 'MPB_Up') {
      add(morphs, 'MPB_Down', level * weight);
      add(morphs, 'MPB', level * weight);
    }
  });
}

function blink(timeS: number): number {
  return Math.max(...BLINKS_S.map((startS) => swell(timeS, startS, startS + BLINK_S, BLINK_S * 0.42)));
}

/**
 * The pose at a time.
 * @param timeS seconds; any value, the performance repeats every {@link PERFORMANCE_S}
 */
export function poseAt(timeS: number): Pose {
  const t = ((timeS % PERFORMANCE_S) + PERFORMANCE_S) % PERFORMANCE_S;
  const turns = (count: number, phase = 0): number => Math.sin(2 * Math.PI * ((count * t) / PERFORMANCE_S + phase));
  const yawDeg = 15 * turns(1) + 4 * turns(3, 0.2) + 1.5 * turns(5, 0.6);
  const speaking = Math.max(swell(t, 0.2, 3.3, 0.3), swell(t, 5.1, 7, 0.3));

  const morphs = new Map<string, number>();
  speak(morphs, t);
  const smile = swell(t, 3.2, 5.3, 0.5);
  const softSmile = 0.16 + 0.1 * turns(2, 0.4);
  for (const side of ['R', 'L']) {
    add(morphs, `${side}smileOpen`, smile * 0.85);
    add(morphs, `${side}smileClose`, (1 - smile) * softSmile);
    add(morphs, `${side}squint`, smile * 0.2);
    add(morphs, `${side}eyeClose`, blink(t));
    add(morphs, `${side}browUp`, 0.55 * Math.max(swell(t, 1.3, 2.1, 0.25), swell(t, 5.25, 6.1, 0.25)));
    add(morphs, `${side}browDown`, 0.3 * swell(t, 2.2, 2.9, 0.25));
  }
  return {
    yawRad: yawDeg * DEGREE,
    pitchRad: (2 + 3 * turns(2, 0.15) + speaking * (1.8 * turns(7) + 1.1 * turns(11, 0.3))) * DEGREE,
    rollRad: (3.2 * turns(1, 0.35) + 1.6 * turns(4, 0.1)) * DEGREE,
    // People look at the camera while the head turns.
    gazeYawRad: -0.55 * yawDeg * DEGREE,
    gazePitchRad: -1.5 * DEGREE,
    offsetM: [0.014 * turns(1, 0.05), 0.004 * turns(2, 0.3), 0.03 * turns(1, 0.55)],
    morphs,
  };
}
