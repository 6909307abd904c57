import { createProgramInfo, setUniforms, type ProgramInfo } from 'twgl.js';
import { FilterError } from '../errors';
import { GlTarget, GlTexture, type GlOwner, type TextureSpec } from './gl-texture';

/** One shader program: constant sources, compiled when first drawn. */
export interface ProgramDefinition {
  /** The pass's name, for error messages. */
  readonly name: string;
  readonly vertex: string;
  readonly fragment: string;
}

/** How a drawn pixel joins what is there: replaces it, lies over it (premultiplied), cuts it out, or is mixed in by the draw's `mix`. */
export type Blend = 'replace' | 'over' | 'cut' | 'mix';

/** A rectangle of a target, `[left, top, width, height]` in whole pixels from its row 0. */
export type PixelBox = readonly [number, number, number, number];

/** One draw call without vertex buffers: vertices come from `gl_VertexID`. */
export interface DrawCall {
  readonly program: ProgramDefinition;
  /** Names the shader sees as defined. A software renderer takes both sides of an `if`, so choices are made here. Default none. */
  readonly defines?: readonly string[];
  readonly uniforms: Readonly<Record<string, unknown>>;
  /** Where the pixels go. Null is the canvas. */
  readonly target: GlTarget | null;
  /** 3 for one triangle over the whole target, 4 for a strip that makes a quad. Default 3. */
  readonly vertices?: 3 | 4;
  /** Default `replace`. */
  readonly blend?: Blend;
  /** Weight of the new pixel for blend `mix`, 0…1. Default 1. */
  readonly mix?: number;
  /** Draws only this part of the target and clears the rest to transparent. Default the whole target. */
  readonly only?: PixelBox;
}

/** Live WebGL objects, for leak tests. */
export interface GlCounts {
  readonly programs: number;
  readonly textures: number;
  readonly framebuffers: number;
}

/** Settings of {@link createGlContext}. */
export interface GlContextOptions {
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** Whether the canvas keeps its picture after it was shown. Default false. */
  readonly preserveDrawingBuffer?: boolean;
  /** Called once each time the browser takes the context away; drawing throws `context-lost` until it is back. */
  readonly onLost?: (error: FilterError) => void;
  /** Called when the context is back: the next frame draws as before. */
  readonly onRestored?: () => void;
}

/**
 * The one WebGL2 context of a filter and the owner of everything made in it.
 * Passes borrow programs and hold textures; all of them survive a lost context by being made again when next used.
 */
export interface GlContext extends GlOwner {
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** Whether 16-bit float targets can be drawn to; without them colour matching is left out. */
  readonly canDrawHalfFloat: boolean;
  /** Whether the CPU does the drawing: passes then choose the cheaper of two ways. */
  readonly isSoftware: boolean;
  readonly counts: GlCounts;
  /** Compiles a program ahead of its first draw. @throws FilterError `unsupported` with the shader's log. */
  compile(program: ProgramDefinition, defines?: readonly string[]): void;
  /** A texture of our own; storage is made when first used. */
  texture(spec: TextureSpec): GlTexture;
  /** A texture that can be drawn to. */
  target(spec: TextureSpec): GlTarget;
  /** Draws once. @throws FilterError `context-lost` or `closed`. */
  draw(call: DrawCall): void;
  /** Throws if nothing can be drawn. @throws FilterError `context-lost` or `closed`. */
  assertUsable(): void;
  /** Deletes every object and gives the context back. Idempotent. */
  close(): void;
}

const lostError = (): FilterError =>
  new FilterError(
    'context-lost',
    'The browser took the WebGL2 context away; frames go out unstyled until it is restored.',
    { stage: 'composite' },
  );

/**
 * Makes the WebGL2 context of a canvas; nothing else in the library calls `getContext('webgl2')`.
 * @throws FilterError `unsupported` if the browser gives none.
 */
export function createGlContext(options: GlContextOptions): GlContext {
  const { canvas } = options;
  const opened: unknown = canvas.getContext('webgl2', {
    alpha: true,
    premultipliedAlpha: true,
    antialias: false,
    depth: false,
    stencil: false,
    powerPreference: 'high-performance',
    preserveDrawingBuffer: options.preserveDrawingBuffer ?? false,
  });
  if (!(opened instanceof WebGL2RenderingContext)) {
    throw new FilterError(
      'unsupported',
      'This browser gives no WebGL2 context, which putting the styled face into the frame needs; enable hardware acceleration or use another browser.',
      { stage: 'composite', fatal: true },
    );
  }
  const gl: WebGL2RenderingContext = opened;
  const programs = new Map<string, ProgramInfo>();
  const owned = new Set<GlTexture>();
  let epoch = 0;
  let lost = gl.isContextLost();
  let closed = false;
  let canDrawHalfFloat = false;

  function enableExtensions(): void {
    canDrawHalfFloat =
      gl.getExtension('EXT_color_buffer_float') !== null ||
      gl.getExtension('EXT_color_buffer_half_float') !== null;
  }

  function assertUsable(): void {
    if (closed) {
      throw new FilterError('closed', 'The compositor was used after close().', {
        stage: 'composite',
      });
    }
    if (lost || gl.isContextLost()) throw lostError();
  }

  function programOf(definition: ProgramDefinition, defines: readonly string[] = []): ProgramInfo {
    const key = [definition.name, ...defines].join(' ');
    const known = programs.get(key);
    if (known !== undefined) return known;
    let log = '';
    const sources = [definition.vertex, definition.fragment].map((source) => define(source, defines));
    const made = createProgramInfo(gl, sources, (message) => {
      log = message;
    }) as ProgramInfo | null;
    if (made === null) {
      if (gl.isContextLost()) throw lostError();
      throw new FilterError(
        'unsupported',
        `The graphics driver refused the shader ${definition.name}: ${log}`,
        { stage: 'composite', fatal: true },
      );
    }
    programs.set(key, made);
    return made;
  }

  const onContextLost = (event: Event): void => {
    // Without this the browser never restores the context.
    event.preventDefault();
    lost = true;
    epoch += 1;
    programs.clear();
    options.onLost?.(lostError());
  };
  const onContextRestored = (): void => {
    lost = false;
    enableExtensions();
    options.onRestored?.();
  };
  canvas.addEventListener('webglcontextlost', onContextLost);
  canvas.addEventListener('webglcontextrestored', onContextRestored);
  if (!lost) enableExtensions();

  const context: GlContext = {
    gl,
    canvas,
    isSoftware: isSoftwareRenderer(gl),
    get epoch() {
      return epoch;
    },
    get lost() {
      return lost;
    },
    get canDrawHalfFloat() {
      return canDrawHalfFloat;
    },
    get counts() {
      let textures = 0;
      let framebuffers = 0;
      for (const texture of owned) {
        if (!texture.allocated) continue;
        textures += 1;
        if (texture instanceof GlTarget) framebuffers += 1;
      }
      return { programs: programs.size, textures, framebuffers };
    },
    forget(texture) {
      owned.delete(texture);
    },
    assertUsable,
    compile(program, defines) {
      assertUsable();
      programOf(program, defines);
    },
    texture(spec) {
      const texture = new GlTexture(context, spec);
      owned.add(texture);
      return texture;
    },
    target(spec) {
      const target = new GlTarget(context, spec);
      owned.add(target);
      return target;
    },
    draw(call) {
      assertUsable();
      const { target, blend = 'replace', vertices = 3 } = call;
      const program = programOf(call.program, call.defines);
      gl.bindFramebuffer(gl.FRAMEBUFFER, target === null ? null : target.framebuffer);
      gl.viewport(0, 0, target?.widthPx ?? canvas.width, target?.heightPx ?? canvas.height);
      setBlend(gl, blend, call.mix ?? 1);
      gl.useProgram(program.program);
      setUniforms(program, call.uniforms);
      if (call.only) {
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT);
        gl.enable(gl.SCISSOR_TEST);
        gl.scissor(...call.only);
      }
      gl.drawArrays(vertices === 3 ? gl.TRIANGLES : gl.TRIANGLE_STRIP, 0, vertices);
      if (call.only) gl.disable(gl.SCISSOR_TEST);
    },
    close() {
      if (closed) return;
      closed = true;
      canvas.removeEventListener('webglcontextlost', onContextLost);
      canvas.removeEventListener('webglcontextrestored', onContextRestored);
      for (const texture of owned) texture.close();
      for (const { program } of programs.values()) gl.deleteProgram(program);
      programs.clear();
      // Browsers allow few contexts at a time and free them late: hand this one back now.
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
  return context;
}

/** The source with names defined right after its `#version` line, where GLSL wants them. */
function define(source: string, names: readonly string[]): string {
  return source.replace('\n', `\n${names.map((name) => `#define ${name}\n`).join('')}`);
}

function isSoftwareRenderer(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
  return /llvmpipe|softpipe|swiftshader|software|basic render/i.test(String(renderer));
}

function setBlend(gl: WebGL2RenderingContext, blend: Blend, mix: number): void {
  if (blend === 'replace') {
    gl.disable(gl.BLEND);
    return;
  }
  gl.enable(gl.BLEND);
  if (blend === 'over') gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  else if (blend === 'cut') gl.blendFunc(gl.ZERO, gl.ONE_MINUS_SRC_ALPHA);
  else {
    gl.blendColor(0, 0, 0, mix);
    gl.blendFunc(gl.CONSTANT_ALPHA, gl.ONE_MINUS_CONSTANT_ALPHA);
  }
}
