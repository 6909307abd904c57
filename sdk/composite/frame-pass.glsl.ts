import { frameAt, fullScreenVertex } from './geometry.glsl';

/** Shader of `FramePass`: the frame as it is. */
export const frameProgram = {
  name: 'FramePass',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D frame;
uniform vec2 frameSizePx;
uniform bool mirror;
out vec4 color;
${frameAt}
void main() {
  color = frameAt(gl_FragCoord.xy);
}
`,
};
