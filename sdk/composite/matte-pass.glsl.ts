import { colorSpace } from './color-match-pass.glsl';
import { fullScreenVertex } from './geometry.glsl';

/**
 * Shader of `MattePass`. `styled` is straight RGB and matte, row 0 at the top; the result is premultiplied.
 * The matte's neighbours are averaged on one ring, on two when the radius is large, so that wide feathers show no steps.
 */
export const matteProgram = {
  name: 'MattePass',
  vertex: fullScreenVertex,
  fragment: /* glsl */ `#version 300 es
precision highp float;
uniform sampler2D styled;
uniform sampler2D colors;
uniform float colorMatch;
uniform float featherTexels;
uniform float borderTexels;
out vec4 color;
${colorSpace}

// A network's matte is never quite empty or full: what is this near to either counts as such.
const float ALMOST = 0.04;

// Premultiplied sum over four places around this one.
vec4 ring(vec2 at, vec2 x, vec2 y) {
  vec4 a = textureLod(styled, at + x, 0.0);
  vec4 b = textureLod(styled, at - x, 0.0);
  vec4 c = textureLod(styled, at + y, 0.0);
  vec4 d = textureLod(styled, at - y, 0.0);
  return vec4(a.rgb * a.a + b.rgb * b.a + c.rgb * c.a + d.rgb * d.a, a.a + b.a + c.a + d.a);
}

void main() {
  vec2 size = vec2(textureSize(styled, 0));
  vec2 at = gl_FragCoord.xy / size;
  vec4 here = texelFetch(styled, ivec2(gl_FragCoord.xy), 0);
  float matte = here.a;
  vec3 rgb = here.rgb;
  if (featherTexels > 0.0) {
    vec2 r = 0.5 * featherTexels / size;
    vec4 near = ring(at, r, vec2(r.x, -r.y));
    if (featherTexels > 3.0) {
      vec4 far = ring(at, vec2(2.0 * r.x, 0.0), vec2(0.0, 2.0 * r.y));
      matte = 0.2 * matte + 0.125 * near.a + 0.075 * far.a;
      near += far;
    } else {
      matte = 0.25 * matte + 0.1875 * near.a;
    }
    // Where the matte grew outwards, the head's own colour goes with it: outside, anything may be painted.
    if (near.a > 0.0) rgb = mix(near.rgb / near.a, rgb, smoothstep(0.0, 0.5, here.a));
  }
  matte = clamp((matte - ALMOST) / (1.0 - 2.0 * ALMOST), 0.0, 1.0);
  vec2 inside = smoothstep(vec2(0.0), vec2(borderTexels), min(gl_FragCoord.xy, size - gl_FragCoord.xy));
  matte *= inside.x * inside.y;
  if (colorMatch > 0.0) rgb = matchColors(rgb, colors, colorMatch);
  color = vec4(rgb * matte, matte);
}
`,
};
