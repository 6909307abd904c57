import { fullScreenVertex } from './geometry.glsl';

/**
 * Shaders of `BlurPass`: a pyramid of small averages instead of one wide kernel (the "dual filter" of Bjørge,
 * "Bandwidth-efficient rendering", 2015). Pictures are premultiplied: transparent places do not count.
 */
export const shrinkProgram = {
  name: 'BlurPass (shrink)',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D source;
uniform vec2 targetSizePx;
uniform float spread;
uniform bool flip;
out vec4 color;
void main() {
  vec2 at = gl_FragCoord.xy / targetSizePx;
  if (flip) at.y = 1.0 - at.y;
  vec2 h = 0.5 * spread / targetSizePx;
  color = 0.5 * texture(source, at) + 0.125 * (texture(source, at + h) + texture(source, at - h)
    + texture(source, at + vec2(h.x, -h.y)) + texture(source, at + vec2(-h.x, h.y)));
}
`,
};

/** See {@link shrinkProgram}. */
export const growProgram = {
  name: 'BlurPass (grow)',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D source;
uniform vec2 targetSizePx;
uniform float spread;
out vec4 color;
void main() {
  vec2 at = gl_FragCoord.xy / targetSizePx;
  vec2 h = spread / targetSizePx;
  color = (texture(source, at + vec2(2.0 * h.x, 0.0)) + texture(source, at - vec2(2.0 * h.x, 0.0))
    + texture(source, at + vec2(0.0, 2.0 * h.y)) + texture(source, at - vec2(0.0, 2.0 * h.y))) / 12.0
    + (texture(source, at + h) + texture(source, at - h)
    + texture(source, at + vec2(h.x, -h.y)) + texture(source, at + vec2(-h.x, h.y))) / 6.0;
}
`,
};

/** Last shader of `BlurPass`: fills what the heads left transparent from its surroundings. */
export const revealProgram = {
  name: 'BlurPass (reveal)',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D blurred;
uniform vec2 frameSizePx;
uniform bool mirror;
out vec4 color;
void main() {
  vec2 place = gl_FragCoord.xy / frameSizePx;
  if (mirror) place.x = 1.0 - place.x;
  vec4 soft = texture(blurred, place);
  color = vec4(soft.rgb / max(soft.a, 0.02), 1.0);
}
`,
};
