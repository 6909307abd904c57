import { describe, expect, it } from 'vitest';
import { Engine } from '../../../sdk/engine/engine';
import type { EngineState } from '../../../sdk/engine/protocol';
import { FilterError } from '../../../sdk/errors';
import type { LiveOptions } from '../../../sdk/options';
import type { StageName } from '../../../sdk/types';
import { FakeStages, fakePicture } from './fake-stages';

function setUp(options: LiveOptions = {}) {
  const stages = new FakeStages(options);
  const states: EngineState[] = [];
  const errors: FilterError[] = [];
  const shown: boolean[] = [];
  const sizes: string[] = [];
  let unsettled = 0;
  const engine = new Engine(stages, {
    onState: (state) => states.push(state),
    onError: (error) => errors.push(error),
    onShown: (isShown) => shown.push(isShown),
    onUnsettled: () => (unsettled += 1),
    onSize: (widthPx, heightPx) => sizes.push(`${widthPx}×${heightPx}`),
  });
  /** Sends frames one after another, each when the one before is done. */
  const send = async (count = 1, widthPx = 640, heightPx = 480) => {
    const pictures = Array.from({ length: count }, () => fakePicture(widthPx, heightPx));
    for (const [index, picture] of pictures.entries()) {
      engine.push(picture, index);
      await engine.idle();
    }
    return pictures;
  };
  return { stages, engine, send, states, errors, shown, sizes, unsettled: () => unsettled };
}

const failAt = (stage: StageName, times = Infinity) => {
  let left = times;
  return (at: StageName) => {
    if (at === stage && left-- > 0) throw new Error(`${stage} broke`);
  };
};

describe('Engine', () => {
  it('takes a frame through the stages in order and closes it', async () => {
    const { stages, engine, send, states } = setUp();
    const [picture] = await send();
    expect(stages.log).toEqual(['track', 'crop', 'generate', 'smooth', 'composite', 'picture 0 with 1']);
    expect(picture!.closed).toBe(1);
    expect(states).toEqual(['running']);
    expect(engine.stats).toMatchObject({ frames: 1, styledFrames: 1, failedFrames: 0, faces: 1, openFrames: 0, widthPx: 640, heightPx: 480 });
  });

  it('styles three faces of one frame', async () => {
    const { stages, engine, send } = setUp({ maxFaces: 3 });
    stages.faces = 3;
    await send();
    expect(stages.log.filter((name) => name === 'generate')).toHaveLength(3);
    expect(stages.log).toContain('picture 0 with 3');
    expect(engine.stats).toMatchObject({ faces: 3, styledFrames: 1 });
  });

  it('skips crop, generate and smooth without a face', async () => {
    const { stages, engine, send } = setUp();
    stages.faces = 0;
    await send();
    expect(stages.log).toEqual(['track', 'composite', 'picture 0 with 0']);
    expect(engine.stats).toMatchObject({ frames: 1, styledFrames: 0, faces: 0 });
  });

  it('closes frames that a newer one overtakes, and counts them', async () => {
    const { stages, engine } = setUp();
    let release = () => undefined as void;
    stages.drawing = () => new Promise((resolve) => (release = resolve));
    const pictures = [fakePicture(), fakePicture(), fakePicture(), fakePicture()];
    pictures.forEach((picture, index) => engine.push(picture, index));
    await new Promise((resolve) => setTimeout(resolve));
    stages.drawing = () => Promise.resolve();
    release();
    await engine.idle();
    await engine.idle();
    expect(pictures.map(({ closed }) => closed)).toEqual([1, 1, 1, 1]);
    expect(stages.log.filter((name) => name.startsWith('picture'))).toEqual(['picture 0 with 1', 'picture 3 with 1']);
    expect(engine.stats).toMatchObject({ frames: 2, dropped: 2, openFrames: 0 });
  });

  it('forgets what it saw when the size changes in the middle', async () => {
    const { stages, send, sizes } = setUp();
    await send(2, 640, 480);
    await send(1, 480, 640);
    expect(sizes).toEqual(['640×480', '480×640']);
    expect(stages.log.filter((name) => name === 'reset')).toHaveLength(1);
  });

  it('closes frames unseen while it is paused', async () => {
    const { stages, engine, send } = setUp();
    engine.pause(true);
    const [picture] = await send();
    expect(picture!.closed).toBe(1);
    expect(stages.log).toEqual([]);
    engine.pause(false);
    await send();
    expect(stages.log).toContain('composite');
  });

  it('brings settings into force between frames', async () => {
    const { stages, engine } = setUp();
    let release = () => undefined as void;
    stages.drawing = () => new Promise((resolve) => (release = resolve));
    engine.push(fakePicture(), 0);
    const applied = engine.apply({ ...stages.settings, opacity: 0.5 });
    await new Promise((resolve) => setTimeout(resolve));
    expect(stages.settings.opacity).toBe(1);
    release();
    await applied;
    expect(stages.log.slice(-2)).toEqual(['picture 0 with 1', 'apply']);
    expect(stages.log).toContain('prepare');
    expect(stages.settings.opacity).toBe(0.5);
  });

  it('says of each picture that still fades that it does', async () => {
    const { stages, send, unsettled } = setUp();
    await send();
    expect(unsettled()).toBe(0);
    stages.settled = false;
    await send(2);
    expect(unsettled()).toBe(2);
    // A frame that failed shows nothing that could go on fading.
    stages.trouble = failAt('generate', 1);
    await send();
    expect(unsettled()).toBe(2);
  });

  it('works on one change of settings at a time, in the order they come', async () => {
    const { stages, engine } = setUp();
    await Promise.all([0.1, 0.2, 0.3].map((opacity) => engine.apply({ ...stages.settings, opacity })));
    expect(stages.log).toEqual(['prepare', 'apply', 'prepare', 'apply', 'prepare', 'apply']);
    expect(stages.settings.opacity).toBe(0.3);
  });

  it('waits for the frame in work before it frees the stages, and takes none after', async () => {
    const { stages, engine } = setUp();
    let release = () => undefined as void;
    stages.drawing = () => new Promise((resolve) => (release = resolve));
    const inWork = fakePicture();
    const waiting = fakePicture();
    engine.push(inWork, 0);
    engine.push(waiting, 1);
    await new Promise((resolve) => setTimeout(resolve));
    const closing = engine.close();
    expect(waiting.closed).toBe(1);
    release();
    await closing;
    expect(inWork.closed).toBe(1);
    expect(stages.log.at(-1)).toBe('close');
    const late = fakePicture();
    engine.push(late, 2);
    expect(late.closed).toBe(1);
  });
});

describe('a stage that throws', () => {
  it.each(['track', 'crop', 'generate', 'smooth'] as const)('once, at %s: the frame goes out unstyled, is counted, and the next is styled', async (stage) => {
    const { stages, engine, send, states, errors } = setUp();
    stages.trouble = failAt(stage, 1);
    const pictures = await send(2);
    expect(stages.log).toContain('picture 0 with 0');
    expect(stages.log.at(-1)).toBe('picture 1 with 1');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'stage-failed', stage, fatal: false, message: `The stage '${stage}' failed on a frame: ${stage} broke` });
    expect(engine.stats).toMatchObject({ frames: 2, styledFrames: 1, failedFrames: 1, openFrames: 0 });
    expect(states).toEqual(['running']);
    expect(pictures.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it('always: after N frames the filter has failed, says so once, and frames go on unstyled', async () => {
    const { stages, engine, send, states, errors } = setUp({ maxConsecutiveErrors: 5 });
    stages.trouble = failAt('generate');
    const pictures = await send(8);
    expect(states).toEqual(['failed']);
    expect(errors.map(({ fatal }) => fatal)).toEqual([false, true]);
    expect(errors[1]!.message).toContain('5 failed frames in a row');
    expect(stages.log.filter((name) => name === 'generate')).toHaveLength(5);
    expect(stages.log.filter((name) => name.startsWith('picture'))).toHaveLength(8);
    expect(engine.stats).toMatchObject({ frames: 8, styledFrames: 0, failedFrames: 5, openFrames: 0 });
    expect(pictures.every(({ closed }) => closed === 1)).toBe(true);
  });

  it('at composite: says that the canvas is not current, and again when it is', async () => {
    const { stages, send, shown } = setUp();
    stages.trouble = failAt('composite', 2);
    await send(2);
    expect(shown).toEqual([false, true]);
  });

  it('because the graphics device is gone: WASM takes over', async () => {
    const { stages, send, errors } = setUp();
    let lost = true;
    stages.trouble = (stage) => {
      if (stage === 'generate' && lost) throw new FilterError('device-lost', 'The device is gone.', { stage: 'generate' });
    };
    await send(1);
    expect(stages.log).toContain('fallBack');
    expect(errors.map(({ code }) => code)).toEqual(['device-lost']);
    lost = false;
    await send(1);
    expect(stages.log.at(-1)).toBe('picture 0 with 1');
  });

  it('with numbers that are not finite: goes out under its own code', async () => {
    const { stages, send, errors } = setUp({ maxConsecutiveErrors: 2 });
    stages.trouble = (stage) => {
      if (stage === 'generate') throw new FilterError('model-output', 'The network gave NaN.', { stage: 'generate' });
    };
    await send(3);
    expect(errors.map(({ code, fatal }) => [code, fatal])).toEqual([
      ['model-output', false],
      ['model-output', true],
    ]);
  });
});

describe('privacy', () => {
  it("'hold' shows the last styled picture in place of a failed frame", async () => {
    const { stages, send } = setUp({ privacy: 'hold' });
    stages.trouble = failAt('generate', 1);
    await send();
    expect(stages.log).toEqual(['track', 'crop', 'generate', 'hold']);
  });

  it("'hold' shows a card while there is nothing to hold", async () => {
    const { stages, send } = setUp({ privacy: 'hold' });
    stages.held = false;
    stages.faces = 0;
    await send();
    expect(stages.log).toEqual(['track', 'nothing to hold', 'card']);
  });

  it.each(['hold', 'card'] as const)("'%s' lets no frame out in which no face was found", async (privacy) => {
    const { stages, send } = setUp({ privacy });
    stages.faces = 0;
    await send(3);
    expect(stages.log.some((name) => name.startsWith('picture'))).toBe(false);
  });

  it.each(['hold', 'card'] as const)("'%s' lets no frame out after the filter has failed", async (privacy) => {
    const { stages, send } = setUp({ privacy, maxConsecutiveErrors: 2 });
    stages.trouble = failAt('track');
    await send(4);
    expect(stages.log.filter((name) => name === privacy)).toHaveLength(4);
    expect(stages.log.some((name) => name.startsWith('picture'))).toBe(false);
  });
});
